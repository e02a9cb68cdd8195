"""How fast a storage may be asked: an unknown limit is found by what it answers. Pure.

The rate is decided once per window, on the share of throttled answers in it (docs/engine.md, Rate
and retries): cutting on every single one would follow the noise. Nothing here knows threads or a
clock.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

WINDOW_S = 0.2
LONGEST_WINDOW_S = 1.0
ENOUGH_ANSWERS = 20
"""A window goes on until it has so many answers, but not for ever."""

START_PER_S = 500.0
LOWEST_PER_S = 2.0
HIGHEST_PER_S = 1e6
CUT_SHARE = 0.03
CALM_SHARE = 0.01
FEW = 3
"""Fewer throttled answers than this are chance, whatever their share."""
CUT_TO = 0.97
DEEPEST_CUT = 0.25
BARELY_USED = 0.5
WELL_USED = 0.8
"""Shares of a rate that were asked for: one that is not made use of was not tried out."""
GROWTH_PER_S = 0.05
FASTEST_GROWTH_PER_S = 0.8
OLD_S = 5.0
"""After a longer silence what was counted says nothing about a rate."""
BURST_S = 0.02
LEAST_BURST = 2.0
"""Turns that may be left over: with fewer, a timer that is late would cost turns."""
SHORTEST_WAIT_S = 0.004
LONGEST_WAIT_S = 0.2


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests per second that a storage bears, as far as we know. While `seeking` no window was
    throttled yet. `growth_per_s` is a share of the rate, `calm_s` how long it has been that.
    """

    per_s: float = START_PER_S
    seeking: bool = True
    growth_per_s: float = GROWTH_PER_S
    calm_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """What came back within `span_s` seconds; `good_per_s` counts what was not throttled. `hungry`
    says that more would have been asked, had the rate allowed it.
    """

    span_s: float
    answers: int
    throttled: int
    good_per_s: float
    hungry: bool

    @property
    def share(self) -> float:
        return self.throttled / self.answers if self.answers else 0.0

    @property
    def is_sure(self) -> bool:
        """So many throttled answers are more than chance makes of CALM_SHARE."""
        return self.throttled - 2 * math.sqrt(self.throttled) > CALM_SHARE * self.answers


def after(rate: Rate, window: Window) -> Rate:
    """The rate for the time after `window`."""
    if window.share > CUT_SHARE and window.throttled >= FEW:
        return _cut(rate, window)
    used = window.answers / window.span_s / rate.per_s
    if not window.hungry or used < BARELY_USED:
        return rate
    if rate.seeking:
        return _doubled(rate, window.span_s, tried=used >= WELL_USED)
    if window.share >= CALM_SHARE and window.throttled >= FEW:
        return rate
    return _grown(rate, window.span_s)


def _doubled(rate: Rate, span_s: float, *, tried: bool) -> Rate:
    """Soon where the rate was `tried` to the full, otherwise not before it was there a second:
    some workers may not have heard of it yet, or may not need their share.
    """
    calm_s = rate.calm_s + span_s
    if not tried and calm_s < 1:
        return replace(rate, calm_s=calm_s)
    return replace(rate, per_s=min(rate.per_s * 2, HIGHEST_PER_S), calm_s=0.0)


def _cut(rate: Rate, window: Window) -> Rate:
    # What was not throttled is no measure of the storage when little was asked. While seeking, a
    # rate is so new that others may not go by it yet.
    least = rate.per_s * (1 - window.share) * (WELL_USED if rate.seeking else 1.0)
    good_per_s = max(window.good_per_s, least)
    lower = min(rate.per_s, good_per_s) * CUT_TO
    per_s = max(lower, rate.per_s * DEEPEST_CUT, LOWEST_PER_S)
    if window.is_sure:
        return Rate(per_s, seeking=False)
    slower = max(rate.growth_per_s / 2, GROWTH_PER_S)
    return Rate(per_s, seeking=rate.seeking, growth_per_s=slower)


def _grown(rate: Rate, span_s: float) -> Rate:
    per_s = min(rate.per_s * (1 + rate.growth_per_s * span_s), HIGHEST_PER_S)
    calm_s = rate.calm_s + span_s
    if calm_s < 1:
        return replace(rate, per_s=per_s, calm_s=calm_s)
    faster = min(rate.growth_per_s * 2, FASTEST_GROWTH_PER_S)
    return Rate(per_s, seeking=False, growth_per_s=faster)


@dataclass(frozen=True, slots=True)
class Counts:
    """What one worker counted since it began; `waits` is how often its pace held it back."""

    answers: int = 0
    throttled: int = 0
    waits: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """A rate, since when it holds, and what each worker had counted by then. Moments are seconds
    of one clock, whichever; `throttled_at_s` is the last time that the rate was cut, or 0. While
    `settling`, other workers may still go by the rate before.
    """

    rate: Rate
    at_s: float
    seen: Mapping[str, Counts]
    throttled_at_s: float = 0.0
    settling: bool = False


def known_next(known: Known, counts: Mapping[str, Counts], now_s: float) -> Known:
    """What is known now that the workers have counted `counts`; `known` itself while the window
    still goes on. A worker that was not seen before has begun within the window.
    """
    span_s = now_s - known.at_s
    if span_s > OLD_S or span_s < 0:
        return replace(known, at_s=now_s, seen=dict(counts))
    if span_s < WINDOW_S:
        return known
    if known.settling:
        return replace(known, at_s=now_s, seen=dict(counts), settling=False)
    window = _window(known, counts, span_s)
    if window.answers < ENOUGH_ANSWERS and span_s < LONGEST_WINDOW_S:
        return known
    rate = after(known.rate, window)
    if rate.per_s < known.rate.per_s:
        return Known(rate, now_s, dict(counts), now_s, settling=True)
    return Known(rate, now_s, dict(counts), known.throttled_at_s)


def _window(known: Known, counts: Mapping[str, Counts], span_s: float) -> Window:
    answers = throttled = waits = 0
    for worker, count in counts.items():
        before = known.seen.get(worker, Counts())
        answers += max(0, count.answers - before.answers)
        throttled += max(0, count.throttled - before.throttled)
        waits += max(0, count.waits - before.waits)
    return Window(span_s, answers, throttled, (answers - throttled) / span_s, waits > 0)


@dataclass(frozen=True, slots=True)
class Demand:
    """What one worker asked for: `used_per_s` requests were sent; `hungry` as in Window."""

    used_per_s: float
    hungry: bool


def share_of(per_s: float, mine: Demand, others: Sequence[Demand]) -> float:
    """What one of several workers may use of a rate: who needs less than an equal part leaves the
    rest to the hungry, and keeps room to grow.
    """
    equal = per_s / (len(others) + 1)
    if others and _is_modest(mine, equal):
        return max(2 * mine.used_per_s, equal / 4)
    modest = [demand.used_per_s for demand in others if _is_modest(demand, equal)]
    left = per_s - sum(2 * used for used in modest)
    return left / (len(others) + 1 - len(modest))


def _is_modest(demand: Demand, equal: float) -> bool:
    return not demand.hungry and 2 * demand.used_per_s < equal


class Pacer:
    """Hands out turns at a rate that may change at any time, None for no limit.

    One thread takes the turns; any may set `per_s`. `waits` counts the refusals.
    """

    __slots__ = ("_at_s", "_turns", "per_s", "taken", "waits")

    def __init__(self, per_s: float | None) -> None:
        self.per_s = per_s
        self.taken = 0
        self.waits = 0
        self._turns = 0.0
        self._at_s = -1.0

    def wait_s(self, now_s: float) -> float:
        """0 when there was a turn, which is used up by that, else how soon to ask again."""
        per_s = self.per_s
        if per_s is not None:
            if self._turns < 1 and self._gathered(per_s, now_s) < 1:
                self.waits += 1
                wait_s = (1 - self._turns) / per_s
                return min(max(wait_s, SHORTEST_WAIT_S), LONGEST_WAIT_S)
            self._turns -= 1
        self.taken += 1
        return 0.0

    def give_back(self) -> None:
        """The turn that was just taken is not used."""
        self.taken -= 1
        self._turns += 1

    def _gathered(self, per_s: float, now_s: float) -> float:
        most = max(LEAST_BURST, per_s * BURST_S)
        span_s = now_s - self._at_s if self._at_s >= 0 else 0.0
        self._turns = min(most, self._turns + span_s * per_s)
        self._at_s = now_s
        return self._turns
