"""The throughput line: tasks per second over time, as the paths of an SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.queries.progress import Slot

WIDTH = 300
HEIGHT = 48
MAX_POINTS = 90


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`line` and `area` are path data in a box of WIDTH by HEIGHT; rates are per second."""

    line: str
    area: str
    low: float
    high: float
    last: float
    span_s: int


def sparkline(slots: Sequence[Slot], *, width_s: int, end_s: float) -> Sparkline | None:
    """Over the last 90 whole slots before `end_s`, or all if there are fewer.

    None for less than two whole slots: a point is no line. A slot without tasks counts as 0.
    """
    tasks = {slot.at_s: slot.tasks for slot in slots}
    last_s = (int(end_s) // width_s - 1) * width_s
    first_s = max(min(tasks, default=last_s), last_s - (MAX_POINTS - 1) * width_s)
    rates = [tasks.get(at_s, 0) / width_s for at_s in range(first_s, last_s + 1, width_s)]
    if len(rates) < 2:
        return None
    line = "M" + " L".join(_points(rates))
    return Sparkline(
        line=line,
        area=f"{line} L{WIDTH},{HEIGHT} L0,{HEIGHT} Z",
        low=min(rates),
        high=max(rates),
        last=rates[-1],
        span_s=len(rates) * width_s,
    )


def _points(rates: Sequence[float]) -> list[str]:
    """The highest rate is 2 below the upper edge, so that the line is not cut."""
    top = max(rates) or 1.0
    step = WIDTH / (len(rates) - 1)
    return [
        f"{index * step:.1f},{HEIGHT - rate / top * (HEIGHT - 2):.1f}"
        for index, rate in enumerate(rates)
    ]
