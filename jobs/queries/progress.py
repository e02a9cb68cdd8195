"""What can be said about a job's progress: shares, rates, the time that remains. Pure.

Numbers of tasks are whole, times are seconds, `now_s` is seconds since the epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jobs.queries.words import HOUR_S, MINUTE_S

RECENT_S = 60
ESTIMATE_AFTER_S = 30
ESTIMATE_AFTER_TASKS = 200
STALLED_AFTER_S = 120
STEADY = 0.1
"""An estimate that moved by less than this share is not painted anew."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Tasks that finished in the seconds from `at_s` on."""

    at_s: int
    tasks: int


def percent(part: int, whole: int | None) -> str:
    """ "61.2", rounded down: "100" only when nothing remains, "0" only for nothing."""
    if not whole:
        return "0"
    if part >= whole:
        return "100"
    tenths = part * 1000 // whole
    if part and not tenths:
        return "<0.1"
    return f"{tenths / 10:.1f}" if tenths else "0"


@dataclass(frozen=True, slots=True)
class Bar:
    """Widths in percent of the whole; what remains is the rest."""

    succeeded: float
    failed: float

    @property
    def both(self) -> float:
        return round(self.succeeded + self.failed, 1)


def bar(succeeded: int, failed: int, total: int | None) -> Bar:
    """Each part that is not empty is at least 1 wide, taken from the widest."""
    parts = [succeeded, failed, max(0, (total or 0) - succeeded - failed)]
    whole = sum(parts)
    if not whole:
        return Bar(0, 0)
    widths = [0.0 if not part else max(1.0, round(part * 100 / whole, 1)) for part in parts]
    widest = widths.index(max(widths))
    widths[widest] = round(widths[widest] - (sum(widths) - 100), 1)
    return Bar(widths[0], widths[1])


def rate_now(slots: Sequence[Slot], *, width_s: int, now_s: float, active_s: float) -> float:
    """Tasks per second over the last minute, or since the job began if that is shorter."""
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
    if active_s < ESTIMATE_AFTER_S or done < ESTIMATE_AFTER_TASKS:
        return None
    rate = (2 * recent + done / active_s) / 3
    return remaining / rate if recent > 0 else None


def steady_s(fresh_s: float, shown_s: float | None) -> float:
    """What to show: what stood there already, unless that is more than a tenth off."""
    if shown_s is None or shown_s <= 0 or abs(fresh_s - shown_s) > STEADY * shown_s:
        return fresh_s
    return shown_s


def left_words(span_s: float, now: datetime) -> str:
    """ "Less than a minute", "About 4 minutes", "About 3 h 20 min (around 14:30 UTC)"."""
    if span_s < MINUTE_S:
        return "Less than a minute"
    minutes = round(span_s / MINUTE_S)
    if minutes < 60:
        step = 1 if minutes < 20 else 5
        shown = round(minutes / step) * step
        return f"About {shown} minute{'' if shown == 1 else 's'}"
    tens = round(minutes / 10) * 10
    end = datetime.fromtimestamp(now.timestamp() + span_s, UTC)
    if span_s > 24 * HOUR_S:
        return f"About {tens // 60} h (around {end.day} {end:%B}, {end:%H:%M} UTC)"
    return f"About {tens // 60} h {tens % 60:02d} min (around {end:%H}:{end.minute // 10}0 UTC)"


def rate_words(rate: float) -> str:
    """ "842", "12.5", "0.3" per second."""
    if rate >= 100:
        return f"{rate:,.0f}"
    return f"{rate:.1f}" if rate else "0"
