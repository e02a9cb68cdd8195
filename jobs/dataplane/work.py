"""What is to be done and what came of it: the two ends of the data plane."""

import math
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jobs.dataplane.trust import Trust
from jobs.operations.base import Operation, Outcome
from jobs.operations.context import Places
from jobs.s3.answers import Answer
from jobs.s3.faults import asked_to_wait_s, is_foreign, is_unreachable
from jobs.services.destination import Destination
from jobs.spec.target import Target

_rng = random.Random()  # noqa: S311 - spreads retries, guards nothing


class Delay(Protocol):
    @property
    def delay_s(self) -> float: ...


class Decide(Protocol):
    """jobs.dataplane.retry.decide; None means that the last answer is final."""

    def __call__(
        self,
        *,
        attempt: int,
        elapsed_s: float,
        deadline_s: float,
        answered: bool,
        rng: random.Random,
        retry_after_s: float = 0.0,
    ) -> Delay | None: ...


class Turns(Protocol):
    """How fast one destination may be asked. Answers at once, and is asked by one thread only."""

    def wait_s(self, now_s: float) -> float:
        """0 when a request may go out, which it then does; else how soon to ask again."""
        ...

    def answered(self, *, throttled: bool) -> None: ...


class Pace(Protocol):
    """How fast a job may go in this worker; all of it may change at any time.

    `running` counts the job's calls in flight, of all its chunks, `in_flight` is their limit.
    """

    in_flight: float
    running: int

    def turns(self, to: Destination) -> Turns: ...


class States(Protocol):
    """Where tasks keep small states of their own (`steps.Keep`), by index within the work. Called
    in threads.
    """

    def put(self, index: int, state: bytes) -> None:
        """b"" forgets. Raises WorkStoreError."""
        ...

    def swap(self, index: int, instead_of: bytes, state: bytes) -> bool:
        """As `put`, if `instead_of` is what lies there, or `state` already does; else False."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Tasks are begun for `begin_s` only; those then in flight run to their end, however long.

    `task_deadline_s` is how long trouble may last in a task, `patience_s` how long there may be no
    answer.
    """

    in_flight: int
    task_deadline_s: float
    patience_s: float
    begin_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Work:
    """The tasks of a chunk. An Outcome among the targets is a task that is decided without a call.

    `trust` is shared by all chunks of a job. Works of one `place` share the limit of what is in
    flight, those of another have their own: a storage that does not answer must not hold up others.
    `tried_since_s` is when somebody may have begun with these tasks before, in seconds since 1970,
    0 for never; `kept` is what these kept then, by index. `first_row` is the row of the first of them
    in the list of the job, counted from 0. `waits` is how often they were found to wait.
    """

    operation: Operation
    targets: Sequence[Target | Outcome]
    places: Places
    limits: Limits
    stop: threading.Event
    decide: Decide
    pace: Pace | None = None
    place: str = ""
    trust: Trust = field(default_factory=Trust)
    tried_since_s: float = 0.0
    kept: Mapping[int, bytes] = field(default_factory=dict)
    states: States | None = None
    job_id: str = ""
    first_row: int = 0
    waits: int = 0

    def delay_s(
        self, answer: Answer, *, attempt: int, elapsed_s: float, silent_s: float
    ) -> float | None:
        """How long to wait before the next attempt; None when `answer` is final. A storage that has
        been silent for `silent_s` is asked once more when patience ends, not up to 5 s later.
        """
        unheard = is_unreachable(answer) or is_foreign(answer)
        decision = self.decide(
            attempt=attempt,
            elapsed_s=elapsed_s,
            deadline_s=self.limits.task_deadline_s,
            answered=not unheard,
            rng=_rng,
            retry_after_s=asked_to_wait_s(answer, paced=self.pace is not None),
        )
        if decision is None or not unheard:
            return None if decision is None else decision.delay_s
        return min(decision.delay_s, max(0.0, self.limits.patience_s - silent_s))

    def buckets(self) -> set[str]:
        """Those that will be called; calls that an operation thinks of later may go to others."""
        listed = {target.bucket for target in self.targets if isinstance(target, Target)}
        return listed | set(self.operation.target_buckets()) if listed else listed


@dataclass(slots=True)
class Refusal:
    """An answer after which nothing can succeed, so it seems: `answer` is one, or None.

    It may be about its own bucket or object all the same. So nothing new is started until those in
    flight are answered, and if any task of the chunk has succeeded it is an answer as any other.
    """

    answer: Answer | None = None
    has_succeeded: bool = False

    def suspect(self, answer: Answer) -> None:
        if not self.has_succeeded:
            self.answer = answer

    def clear(self) -> None:
        """A task has succeeded."""
        self.has_succeeded = True
        self.answer = None


@dataclass(slots=True)
class Batch:
    """What came of the targets: an outcome each, or None for one that is still to be run; those of
    them that were `begun` may have been done all the same. Of those `untouched` every answer
    says that nothing was done.

    `outage` is the last failure of a storage that gives no answer, `fatal` an answer after which no
    other task can succeed either, `doubt` a sentence about what the storage accepts and does not
    keep. `notes` are sentences for the job's activity.
    """

    outcomes: list[Outcome | None]
    outage: Answer | None = None
    fatal: Answer | None = None
    doubt: str = ""
    begun: frozenset[int] = frozenset()
    untouched: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Share:
    """What the flights to one place have in flight together, and may have. `parts` of these are of
    tasks that make several calls side by side.
    """

    in_flight: int
    running: int = 0
    parts: int = 0
