"""What every operation is: a verb with checked parameters, and a small state machine per task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from jobs.choices import Risk
from jobs.s3.calls import Answer, Call
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target

SUCCESSFUL = "Successful"
"""ResultMessage of a plain S3 call that succeeded (reference 6.4)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a task, as the report tells it."""

    succeeded: bool
    http_status: int
    code: str
    message: str


DONE = Outcome(True, 200, "", SUCCESSFUL)
"""How nearly every task ends."""


class Operation(ABC):
    """One of reference 2.2. `name` is the wire's, `label` the console's.

    With `single_bucket` all objects of a job lie in one bucket (reference 3.4); an operation that
    is not `idempotent` must bear that a task whose result was lost runs again. `chunk_rows` is how
    many tasks a worker takes at a time. One that is `opt_in` has to be allowed for a Region first.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    risk: ClassVar[Risk]
    single_bucket: ClassVar[bool] = False
    idempotent: ClassVar[bool] = True
    opt_in: ClassVar[bool] = False
    chunk_rows: ClassVar[int] = 500

    @classmethod
    @abstractmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        """From the wire structure of the member as JSON. Raises ValidationFailedError, with field
        paths such as `TagSet[1].Key`.
        """

    @abstractmethod
    def to_wire(self) -> dict[str, Any]: ...

    @abstractmethod
    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        """What will happen to how many objects of which buckets, as a sentence."""

    @abstractmethod
    def summary(self) -> list[tuple[str, str]]:
        """The parameters, as labels and values for a person."""

    def target_buckets(self) -> list[str]:
        """Buckets that are written besides those of the list."""
        return []

    @abstractmethod
    def start(self, target: Target, endpoint: Endpoint) -> Call: ...

    def is_one_call(self, endpoint: Endpoint) -> bool:
        """Whether each task is one call, those of a bucket differ in nothing but the object's key
        and version, and a success ends the task as DONE. A template is made of such calls once.
        """
        return False

    def proceed(
        self, target: Target, endpoint: Endpoint, call: Call, answer: Answer
    ) -> Call | Outcome:
        """The next call of a task, or its end."""
        return outcome_of(answer)


class BatchOperation(Operation):
    """An operation that one request does for up to `batch_size` targets of one bucket. What does
    not fit into such a request goes the way of any operation: `start`, `proceed`.
    """

    batch_size: ClassVar[int]

    @abstractmethod
    def batches(self, targets: Sequence[Target]) -> Sequence[Sequence[int]]:
        """Which targets go together, as indices, each once; one alone goes through `start`."""

    @abstractmethod
    def batch_call(self, targets: Sequence[Target], endpoint: Endpoint) -> Call: ...

    def all_done(self, call: Call, body: bytes) -> bool:
        """Whether the body of a successful answer says at a glance that all of `call` ended as
        DONE; where it does not, the answer is read, and `answers` says what became of each.
        """
        return False

    @abstractmethod
    def answers(self, targets: Sequence[Target], answer: Answer) -> list[Answer]:
        """An answer for each target from one without an error, as if it had been asked alone."""


Unit = int | Sequence[int]
"""What is asked together: a target's index, or those of several."""


def units_of(operation: Operation, targets: Sequence[Target | Outcome]) -> Sequence[Unit]:
    """In the order of the list; an Outcome among the targets is a unit of its own."""
    if not isinstance(operation, BatchOperation):
        return range(len(targets))
    if {Target}.issuperset(map(type, targets)):
        return [_unit(batch) for batch in operation.batches(cast(Sequence[Target], targets))]
    open_ones = [i for i, target in enumerate(targets) if isinstance(target, Target)]
    units: list[Unit] = [i for i, target in enumerate(targets) if isinstance(target, Outcome)]
    for batch in operation.batches([cast(Target, targets[i]) for i in open_ones]):
        units.append(_unit([open_ones[i] for i in batch]))
    return units


def _unit(indices: Sequence[int]) -> Unit:
    return indices if len(indices) > 1 else indices[0]


def outcome_of(answer: Answer) -> Outcome:
    """How a task ends whose last call was answered so; success is 200 in a report (reference 6.4)."""
    if not answer.code:
        return DONE
    return Outcome(False, answer.http_status, answer.code, answer.message or answer.code)


def counted(total: int | None) -> str:
    """ "1 object", "12,000 objects", or "every listed object" while nobody counted."""
    if total is None:
        return "every listed object"
    return "1 object" if total == 1 else f"{total:,} objects"


def named(buckets: Sequence[str]) -> str:
    """ "photos", "photos and archive", "photos, archive and 3 more buckets"."""
    if len(buckets) <= 1:
        return "".join(buckets) or "the listed buckets"
    if len(buckets) <= 3:
        return f"{', '.join(buckets[:-1])} and {buckets[-1]}"
    return f"{', '.join(buckets[:2])} and {len(buckets) - 2} more buckets"
