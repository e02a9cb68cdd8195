"""Geometry of the charts: widths and paths as SVG attributes (ux 3.4); pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

LEAST_WIDTH = 1.0
CHART_WIDTH, CHART_HEIGHT, HEADROOM = 300, 48, 3


@dataclass(frozen=True)
class Bar:
    """Widths in percent of the whole; what succeeded, what failed, what remains."""

    ok: float
    failed: float
    rest: float


def bar_of(succeeded: int, failed: int, total: int) -> Bar:
    """Every part that is not zero is at least 1% wide; the widest part gives what that takes."""
    if total <= 0:
        return Bar(0, 0, 100)
    counts = (succeeded, failed, max(0, total - succeeded - failed))
    whole = sum(counts)
    widths = [max(LEAST_WIDTH, 100 * count / whole) if count else 0.0 for count in counts]
    widths[widths.index(max(widths))] -= sum(widths) - 100
    return Bar(*(round(width, 2) for width in widths))


def share_width(part: int, whole: int) -> float:
    """One bar of a breakdown, in percent; at least 1 when there is anything."""
    return round(max(LEAST_WIDTH, 100 * part / whole), 2) if part and whole else 0.0


@dataclass(frozen=True)
class Run:
    """An unbroken piece of a curve and the area below it, as path data."""

    curve: str
    area: str


def runs_of(rates: Sequence[float | None]) -> list[Run]:
    """Paths over a zero baseline; None leaves a gap, as a pause does."""
    points = list(enumerate(rates))
    step = CHART_WIDTH / max(1, len(points) - 1)
    highest = max((rate for rate in rates if rate is not None), default=0) or 1
    scale = (CHART_HEIGHT - HEADROOM) / highest
    return [
        _run([(x * step, CHART_HEIGHT - (rate or 0) * scale) for x, rate in group])
        for there, group in groupby(points, key=lambda point: point[1] is not None)
        if there
    ]


def _run(points: list[tuple[float, float]]) -> Run:
    if len(points) == 1:  # a lone sample would draw nothing
        x, y = points[0]
        points = [(max(0, x - 1), y), (min(CHART_WIDTH, x + 1), y)]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    first, last = points[0][0], points[-1][0]
    area = f"M{first:.1f} {CHART_HEIGHT}L{line}L{last:.1f} {CHART_HEIGHT}Z"
    return Run(curve=f"M{line}", area=area)
