"""Whether and when a task is tried again: a decision, not a loop. Pure.

Full jitter over 50 ms x 2^n, never above 5 s, until the task's deadline (AWS does not publish
its own numbers: docs/batch-operations.md, Failure threshold).
"""

import random
from dataclasses import dataclass

BASE_S = 0.05
CAP_S = 5.0
LONGEST_ASKED_S = 20.0
"""A storage that asks for more with Retry-After is asked again all the same."""


@dataclass(frozen=True, slots=True)
class RetryDecision:
    delay_s: float


def decide(
    *,
    attempt: int,
    elapsed_s: float,
    deadline_s: float,
    answered: bool,
    rng: random.Random,
    retry_after_s: float = 0.0,
) -> RetryDecision | None:
    """None means that the last answer is final.

    `attempt` counts the tries so far, from 1. Without an HTTP answer (`answered` false) no
    deadline applies: waiting for a storage that is down is not failing. `retry_after_s` is what
    the storage asked for, 0 if nothing; the jitter comes on top, lest all come back at once.
    """
    ceiling_s = min(CAP_S, BASE_S * 2 ** min(attempt - 1, 10))
    delay_s = min(retry_after_s, LONGEST_ASKED_S) + rng.uniform(0, ceiling_s)
    if answered and elapsed_s + delay_s >= deadline_s:
        return None
    return RetryDecision(delay_s)
