"""Parts that a test needs and a machine may not have."""

import os
from typing import NoReturn

import pytest

REQUIRE_ALL = bool({os.environ.get("CI"), os.environ.get("REQUIRE_ALL")} & {"true", "1"})
"""Where set, what cannot run fails instead of being skipped."""


def unavailable(reason: str) -> NoReturn:
    """End the test that needs what is missing; the reason stands in the run's summary."""
    if REQUIRE_ALL:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
