"""Operations run against a storage that answers anything, and what of it was untrue."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.dataplane import retry
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Batch, Limits, Work
from jobs.operations import registry
from jobs.operations.base import Operation, Outcome
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.services.s3 import bucket_at
from jobs.spec.target import Target
from tests.answering_storage import AnsweringStorage, FastClock, Script, Stage
from tests.answering_world import World
from tests.dataplane.answer_cases import PARAMETERS, UNTOLD, Case, is_done, world_of


@dataclass
class Seen:
    """What came of a case. `untrue` are keys that succeeded and are not done, `needless` those
    that failed though done, with nothing that explains it.
    """

    case: Case
    outcomes: dict[str, Outcome | None]
    world: World
    log: list[str]
    done: dict[str, bool] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    has_no_end: bool = False

    @property
    def untrue(self) -> list[str]:
        return [
            key
            for key, out in self.outcomes.items()
            if out and out.succeeded and not self.done[key]
        ]

    @property
    def needless(self) -> list[str]:
        if self.case.is_refusal:
            return []
        return [
            f"{key}: {out.http_status} {out.code}"
            for key, out in self.outcomes.items()
            if out and not out.succeeded and self.done[key] and out.code not in UNTOLD
        ]

    @property
    def deletions_of_most(self) -> int:
        return max(map(len, self.world.deletions.values()), default=0)

    def told(self) -> str:
        rows = [f"{key}: {out} done={self.done[key]}" for key, out in self.outcomes.items()]
        return "\n".join([str(self.case), *rows, *self.doubts, *self.log[:60]])


@dataclass
class Places:
    endpoint: Endpoint
    keys: Credentials

    def bucket(self, name: str) -> Any:
        return bucket_at(self.endpoint, self.keys, name)


def quickly(**facts: Any) -> Any:
    """As the engine decides, a hundred times as fast."""
    decision = retry.decide(**facts)
    return decision and retry.RetryDecision(decision.delay_s / 100)


AT_ONCE = 32
ENDLESS_S = 15.0
"""What takes so long is stopped: by what is waited for here it should take one or two."""


class Trial:
    """One operation over targets of one world, in a first chunk and perhaps more."""

    def __init__(
        self, bench: "Bench", operation: str, world: World, targets: Sequence[Target]
    ) -> None:
        bench.trials += 1
        self.name = f"world{bench.trials}"
        self.bench, self.world, self.targets = bench, world, targets
        self.stage = bench.storage.stages[self.name] = Stage(world)
        self.places = Places(bench.storage.endpoint, Credentials(self.name, "secret"))
        wire, parameters = PARAMETERS[operation]
        self.operation: Operation = registry.get(wire).parse(parameters)
        self.outcomes: list[Outcome | None] = [None] * len(targets)
        self.trust = Trust()
        self.batches: list[Batch] = []
        self.stop = threading.Event()
        self.has_no_end = False

    def begin(self, indices: Sequence[int] | None = None, tried_since_s: float = 0.0) -> Any:
        self.indices = range(len(self.targets)) if indices is None else indices
        self.began_s = self.bench.clock.time()
        work = Work(
            self.operation,
            [self.targets[index] for index in self.indices],
            self.places,
            Limits(in_flight=4, task_deadline_s=0.4, patience_s=1.0),
            self.stop,
            quickly,
            place=self.name,
            trust=self.trust,
            tried_since_s=tried_since_s,
        )
        return self.bench.plane.submit(work)

    def end(self, future: Any) -> list[int]:
        """Those that were begun and are still open."""
        try:
            batch = future.result(timeout=ENDLESS_S)
        except TimeoutError:
            self.has_no_end = True
            self.stop.set()
            batch = future.result(timeout=60)
        self.batches.append(batch)
        for index, outcome in zip(self.indices, batch.outcomes, strict=True):
            self.outcomes[index] = outcome
        begun = [] if self.has_no_end else [self.indices[n] for n in sorted(batch.begun)]
        return [index for index in begun if self.outcomes[index] is None]

    def run(
        self, script: Script, indices: Sequence[int] | None = None, **options: Any
    ) -> list[int]:
        self.stage.script = script
        return self.end(self.begin(indices, **options))


@dataclass
class Bench:
    """What trials share."""

    plane: DataPlane
    storage: AnsweringStorage
    clock: FastClock
    trials: int = 0

    def of(self, case: Case) -> Trial:
        world, targets = world_of(case, self.clock)
        trial = Trial(self, case.operation, world, targets)
        trial.stage.script = case.script
        return trial

    def seen(self, case: Case, trial: Trial) -> Seen:
        keys = [target.key for target in trial.targets]
        doubts = [batch.doubt for batch in trial.batches if batch.doubt]
        outcomes = dict(zip(keys, trial.outcomes, strict=True))
        done = {target.key: is_done(case, trial.world, target) for target in trial.targets}
        return Seen(case, outcomes, trial.world, trial.stage.log, done, doubts, trial.has_no_end)


def run_all(cases: Sequence[Case], bench: Bench) -> Iterator[Seen]:
    """Side by side, so that their waits are waited for once. What a first chunk left open is run
    again by a second, when the storage answers truly.
    """
    for start in range(0, len(cases), AT_ONCE):
        yield from _run_some(cases[start : start + AT_ONCE], bench)


def _run_some(cases: Sequence[Case], bench: Bench) -> Iterator[Seen]:
    trials = [(case, bench.of(case)) for case in cases]
    begun = [(case, trial, trial.begin()) for case, trial in trials]
    ended = [(case, trial, trial.end(future)) for case, trial, future in begun]
    for case, trial, still in ended:
        if still:
            trial.run(lambda asked: None, still, tried_since_s=trial.began_s)
        yield bench.seen(case, trial)
