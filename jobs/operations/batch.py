"""An operation that one request does for many objects."""

from abc import abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from jobs.operations.base import Operation, Outcome
from jobs.operations.context import Context
from jobs.operations.steps import Step
from jobs.spec.target import Target


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of the targets of one request. Those without an outcome stand in `parts`: each is
    asked for again as a batch of its own, or alone where it is one; as a task that somebody may
    have done at `tried_since_s` or later, unless that is 0.
    """

    outcomes: Sequence[Outcome | None]
    parts: Sequence[Sequence[int]] = ()
    tried_since_s: float = 0.0


class BatchOperation(Operation):
    """An operation that one request does for up to `batch_size` targets of one bucket. What does
    not fit into such a request goes the way of any operation: `run`.
    """

    batch_size: ClassVar[int]

    @abstractmethod
    def batches(self, targets: Sequence[Target]) -> Sequence[Sequence[int]]:
        """Which targets go together, as indices, each once; one alone goes through `run`."""

    @abstractmethod
    def most_at_once(self, target: Target, context: Context) -> int:
        """How many targets of that bucket one request may name, as far as is known."""

    def survey_many(
        self, targets: Sequence[Target], context: Context
    ) -> Generator[Step, Any, None]:
        """Before one of a bucket's first requests: what `run_many` may want to know of some."""
        return
        yield

    @abstractmethod
    def run_many(
        self, targets: Sequence[Target], context: Context
    ) -> Generator[Step, Any, Ended]: ...
