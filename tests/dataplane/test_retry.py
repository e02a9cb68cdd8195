"""When a task is tried again."""

import random

import pytest

from jobs.dataplane.retry import BASE_S, CAP_S, LONGEST_ASKED_S, decide


class Highest(random.Random):
    """Always the top of the range, so that ceilings show."""

    def uniform(self, a, b):
        return b


def delay_s(attempt, elapsed_s=0.0, answered=True):
    decision = decide(
        attempt=attempt, elapsed_s=elapsed_s, deadline_s=60, answered=answered, rng=Highest()
    )
    return decision and decision.delay_s


@pytest.mark.parametrize(
    ("attempt", "ceiling_s"),
    [(1, BASE_S), (2, 2 * BASE_S), (4, 8 * BASE_S), (8, CAP_S), (1000, CAP_S)],
)
def test_delay_doubles_up_to_its_cap(attempt, ceiling_s):
    assert delay_s(attempt) == ceiling_s


def test_delay_is_spread_from_nothing_to_the_ceiling():
    rng = random.Random(1)
    delays = [
        decide(attempt=8, elapsed_s=0, deadline_s=60, answered=True, rng=rng).delay_s
        for _ in range(500)
    ]
    assert min(delays) < 0.2 * CAP_S and max(delays) > 0.8 * CAP_S


def test_answer_is_final_once_the_next_try_would_pass_the_deadline():
    assert delay_s(8, elapsed_s=54.9) is not None
    assert delay_s(8, elapsed_s=55.0) is None


def test_storage_without_an_answer_uses_up_no_deadline():
    assert delay_s(8, elapsed_s=100_000, answered=False) == CAP_S


def test_storage_that_names_a_time_is_not_asked_before_it():
    rng = random.Random(1)
    asked = {"deadline_s": 60, "answered": True, "rng": rng}
    for _ in range(100):
        delay_s = decide(attempt=1, elapsed_s=0, retry_after_s=3, **asked).delay_s
        assert 3 <= delay_s <= 3 + BASE_S
    assert decide(attempt=1, elapsed_s=58, retry_after_s=3, **asked) is None


def test_storage_that_names_a_time_beyond_reason_is_asked_again_before_it():
    decision = decide(
        attempt=1, elapsed_s=0, deadline_s=60, answered=True, rng=Highest(), retry_after_s=3_600
    )
    assert decision.delay_s == LONGEST_ASKED_S + BASE_S
