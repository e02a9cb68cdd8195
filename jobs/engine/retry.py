"""Whether and when a task is tried again: a decision, not a loop. Pure.

Full jitter over 50 ms x 2^n, never above 5 s, until the task's deadline (AWS does not publish
its own numbers, reference 1.6).
"""

import random
from dataclasses import dataclass

BASE_S = 0.05
CAP_S = 5.0


@dataclass(frozen=True, slots=True)
class RetryDecision:
    delay_s: float


def decide(
    *, attempt: int, elapsed_s: float, deadline_s: float, answered: bool, rng: random.Random
) -> RetryDecision | None:
    """None means that the last answer is final.

    `attempt` counts the tries so far, from 1. Without an HTTP answer (`answered` false) no
    deadline applies: waiting for a storage that is down is not failing.
    """
    ceiling_s = min(CAP_S, BASE_S * 2 ** min(attempt - 1, 10))
    delay_s = rng.uniform(0, ceiling_s)
    if answered and elapsed_s + delay_s >= deadline_s:
        return None
    return RetryDecision(delay_s)
