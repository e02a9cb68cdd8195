"""How fast a storage may be asked: an unknown limit is found by what it answers. Pure.

The rate is decided once per window, on the share of throttled answers in it (engine.md section
3): cutting on every single one would follow the noise. Nothing here knows threads or a clock.
"""

from collections.abc import Sequence
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
GROWTH_PER_S = 0.05
FASTEST_GROWTH_PER_S = 0.8
BURST_S = 0.05
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


def after(rate: Rate, window: Window) -> Rate:
    """The rate for the time after `window`."""
    if window.share > CUT_SHARE and window.throttled >= FEW:
        lower = min(rate.per_s, window.good_per_s) * CUT_TO
        return Rate(max(lower, rate.per_s * DEEPEST_CUT, LOWEST_PER_S), seeking=False)
    if not window.hungry:
        return rate
    if rate.seeking:
        return replace(rate, per_s=min(rate.per_s * 2, HIGHEST_PER_S))
    if window.share >= CALM_SHARE and window.throttled >= FEW:
        return rate
    return _grown(rate, window.span_s)


def _grown(rate: Rate, span_s: float) -> Rate:
    per_s = min(rate.per_s * (1 + rate.growth_per_s * span_s), HIGHEST_PER_S)
    calm_s = rate.calm_s + span_s
    if calm_s < 1:
        return replace(rate, per_s=per_s, calm_s=calm_s)
    faster = min(rate.growth_per_s * 2, FASTEST_GROWTH_PER_S)
    return Rate(per_s, seeking=False, growth_per_s=faster)


def joined(windows: Sequence[Window]) -> Window:
    """The windows of several workers, of about the same time, as one."""
    return Window(
        span_s=max(window.span_s for window in windows),
        answers=sum(window.answers for window in windows),
        throttled=sum(window.throttled for window in windows),
        good_per_s=sum(window.good_per_s for window in windows),
        hungry=any(window.hungry for window in windows),
    )


@dataclass(frozen=True, slots=True)
class Demand:
    """What one worker asked for: `used_per_s` requests were sent; `hungry` as in Window."""

    used_per_s: float
    hungry: bool


def share_of(per_s: float, mine: Demand, others: Sequence[Demand]) -> float:
    """What one of several workers may use of a rate: who needs less than an equal part leaves the
    rest to the hungry, and keeps room to grow.
    """
    everyone = [mine, *others]
    equal = per_s / len(everyone)
    modest = [d.used_per_s for d in others if not d.hungry and 2 * d.used_per_s < equal]
    left = per_s - sum(2 * used for used in modest)
    return max(left / (len(everyone) - len(modest)), LOWEST_PER_S / 2 / len(everyone))


class Pacer:
    """Hands out turns at a rate that may change at any time, None for no limit. Not thread-safe."""

    __slots__ = ("_at_s", "_per_s", "_turns")

    def __init__(self, per_s: float | None, now_s: float) -> None:
        self._per_s = per_s
        self._turns = 0.0
        self._at_s = now_s

    @property
    def per_s(self) -> float | None:
        return self._per_s

    def change(self, per_s: float | None, now_s: float) -> None:
        self._gather(now_s)
        self._per_s = per_s

    def wait_s(self, now_s: float) -> float:
        """0 when a turn is there to be taken, else how soon it is worth to ask again."""
        if self._per_s is None:
            return 0.0
        self._gather(now_s)
        if self._turns >= 1:
            return 0.0
        return min((1 - self._turns) / self._per_s + 1e-6, LONGEST_WAIT_S)

    def take(self) -> None:
        """Use the turn that `wait_s` found."""
        self._turns -= 1

    def _gather(self, now_s: float) -> None:
        if self._per_s is not None:
            most = max(1.0, self._per_s * BURST_S)
            gathered = self._turns + (now_s - self._at_s) * self._per_s
            self._turns = min(most, gathered)
        self._at_s = now_s
