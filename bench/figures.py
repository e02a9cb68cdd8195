"""What was measured, and medians with their spread."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one peer. `cpu_s` is user and system time of all its processes, `pss_mb` the
    largest sum of their memory that was seen; None where nobody looked.
    """

    tasks: int
    wall_s: float
    cpu_s: float = 0.0
    pss_mb: float | None = None

    @property
    def per_s(self) -> float:
        return self.tasks / self.wall_s

    @property
    def cpu_per_1000_s(self) -> float:
        return self.cpu_s / self.tasks * 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """A median, with the least and the most."""

    median: float
    low: float
    high: float

    def text(self, digits: int = 0, unit: str = "") -> str:
        return f"{self.median:,.{digits}f}{unit}"

    def spread(self, digits: int = 0) -> str:
        return f"{self.low:,.{digits}f} to {self.high:,.{digits}f}"


def figure(values: Sequence[float]) -> Figure:
    return Figure(statistics.median(values), min(values), max(values))


Rounds = Mapping[str, Sequence[Sample]]
"""By the name of the peer; samples of one index were taken in one round."""


def of(rounds: Rounds, peer: str, look: Callable[[Sample], float]) -> Figure:
    return figure([look(sample) for sample in rounds[peer]])


def ratio(rounds: Rounds, above: str, below: str, look: Callable[[Sample], float]) -> Figure:
    """Round by round, since what disturbs a machine disturbs neighbours alike."""
    pairs = zip(rounds[above], rounds[below], strict=True)
    return figure([look(one) / look(other) for one, other in pairs])


def best(rounds: Rounds, peers: Sequence[str], look: Callable[[Sample], float]) -> str:
    """The peer with the highest median."""
    return max(peers, key=lambda peer: of(rounds, peer, look).median)


def per_s(sample: Sample) -> float:
    return sample.per_s


def cpu(sample: Sample) -> float:
    return sample.cpu_per_1000_s


MET, MISSED, UNCOUNTED, ABSENT, NOTED = "met", "missed", "does not count", "not built", ""


@dataclass(slots=True)
class Row:
    """A line of the table: `aim` is the goal in words, `verdict` one of the words above."""

    goal: str
    what: str
    aim: str = ""
    figure: str = ""
    spread: str = ""
    verdict: str = NOTED
    note: str = ""


@dataclass(slots=True)
class Findings:
    """What a goal's run brought: rows of the table, peaks of memory in MB by process, and
    sentences about results that were wrong.
    """

    rows: list[Row] = field(default_factory=list)
    memory_mb: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(
        self,
        goal: str,
        what: str,
        found: Figure,
        *,
        digits: int = 0,
        unit: str = "",
        aim: str = "",
        met: bool | None = None,
        counts: str = "",
    ) -> None:
        """`counts` says why a rate does not count, if so."""
        verdict = NOTED if met is None else MET if met else MISSED
        if counts and met is not None:
            verdict = UNCOUNTED
        text, spread = found.text(digits, unit), found.spread(digits)
        self.rows.append(Row(goal, what, aim, text, spread, verdict, counts))

    def peak(self, process: str, mb: float | None) -> None:
        if mb is not None:
            self.memory_mb[process] = max(mb, self.memory_mb.get(process, 0.0))
