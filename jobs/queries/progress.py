"""What can be said about a job's progress: rates, and the time that remains. Pure.

Rates are tasks per second, `now_s` is seconds since the epoch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

RECENT_S = 60
ESTIMATE_AFTER_S = 30
ESTIMATE_AFTER_TASKS = 200
STALLED_AFTER_S = 120
STEADY = 0.1
"""An estimate that moved by less than this share is not painted anew."""

MAX_POINTS = 90


Span = tuple[float, float]
"""From and to, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Tasks that finished in the seconds from `at_s` on."""

    at_s: int
    tasks: int


def rate_now(slots: Sequence[Slot], *, width_s: int, now_s: float, active_s: float) -> float:
    """Over the last minute, or since the job began if that is shorter."""
    start_s = now_s - min(RECENT_S, max(1.0, active_s))
    recent = [slot for slot in slots if slot.at_s + width_s > start_s]
    if active_s > RECENT_S:
        # A slot that began a little before the minute counts whole, and so does its time.
        start_s = min([start_s, *(slot.at_s for slot in recent)])
    return sum(slot.tasks for slot in recent) / (now_s - start_s)


def is_stalled(slots: Sequence[Slot], *, now_s: float, active_since_s: float) -> bool:
    """Nothing finished for two minutes."""
    last_s = max([active_since_s, *(slot.at_s for slot in slots if slot.tasks)])
    return now_s - last_s > STALLED_AFTER_S


def left_s(*, remaining: int, done: int, active_s: float, recent: float) -> float | None:
    """How long the rest takes at a rate between the recent and the average one.

    None while too little is known: in the first 30 s and 200 tasks, or when nothing moves.
    """
    if active_s < ESTIMATE_AFTER_S or done < ESTIMATE_AFTER_TASKS or recent <= 0:
        return None
    return remaining / ((2 * recent + done / active_s) / 3)


def steady_s(fresh_s: float, shown_s: float | None) -> float:
    """What to show: what stood there already, unless that is more than a tenth off."""
    if shown_s is None or shown_s <= 0 or abs(fresh_s - shown_s) > STEADY * shown_s:
        return fresh_s
    return shown_s


def common_s(rest_s: float, now_s: float) -> float:
    """`rest_s` until a moment that nearly all are told who ask at this time, whatever they saw before:
    their pages then share what is made for it. At most a sixteenth off, or half a second.
    """
    step_s = 2.0 ** math.floor(math.log2(max(rest_s, 8.0) / 8))
    return max(0.0, round((now_s + rest_s) / step_s) * step_s - now_s)


def rates(
    slots: Sequence[Slot], *, width_s: int, end_s: float, pauses: Sequence[Span] = ()
) -> list[float | None]:
    """For each whole slot before `end_s`, at most the last 90; one without tasks counts as 0, or as
    None if there was a pause in it. Empty for less than two: a point is no line.
    """
    tasks = {slot.at_s: slot.tasks for slot in slots}
    last_s = (int(end_s) // width_s - 1) * width_s
    first_s = max(min(tasks, default=last_s), last_s - (MAX_POINTS - 1) * width_s)

    def rate(at_s: int) -> float | None:
        if at_s not in tasks and any(a < at_s + width_s and at_s < b for a, b in pauses):
            return None
        return tasks.get(at_s, 0) / width_s

    found = [rate(at_s) for at_s in range(first_s, last_s + 1, width_s)]
    return found if len(found) > 1 else []
