"""AWS's rule: more than half failed, once 1,000 tasks have run (reference 1.6)."""

import pytest

from jobs.engine.threshold import exceeded


@pytest.mark.parametrize(
    ("succeeded", "failed", "stops"),
    [
        (0, 10, False),
        (0, 999, False),
        (499, 500, False),
        (500, 500, False),
        (499, 501, True),
        (0, 1000, True),
        (1_000_000, 1_000_000, False),
        (1_000_000, 1_000_001, True),
    ],
)
def test_job_stops_only_above_half_and_from_1000_tasks(succeeded, failed, stops):
    assert exceeded(succeeded=succeeded, failed=failed, floor=1000, percent=50) is stops
