"""Several targets on their way in one request, each with an outcome of its own."""

from collections.abc import Sequence
from typing import Any, cast

from jobs.dataplane.flight_of_a_task import Flight
from jobs.dataplane.task import Task
from jobs.operations.attempts import tried
from jobs.operations.base import Outcome
from jobs.operations.batch import BatchOperation, Ended
from jobs.operations.checked import checked_many
from jobs.operations.steps import Interrupted
from jobs.spec.target import Target


class BatchTask(Task):
    """As a Task. What its operation leaves undecided is begun anew, in smaller parts or alone."""

    __slots__ = ("_indices", "_targets")

    def __init__(
        self, flight: Flight, indices: Sequence[int], targets: Sequence[Target], **options: Any
    ) -> None:
        super().__init__(flight, indices[0], targets[0], **options)
        self._indices = indices
        self._targets = targets

    @property
    def indices(self) -> Sequence[int]:
        return self._indices

    def begin(self) -> None:
        operation = cast(BatchOperation, self.flight.work.operation)
        most = operation.most_at_once(self._target, self._context())
        if self._needs_a_look() or most < len(self._indices):
            most = 1 if self._needs_a_look() else most
            starts = range(0, len(self._indices), most)
            parts = [self._indices[start : start + most] for start in starts]
            self.flight.add_units(parts, self.tried_since_s)
            self._end()
            return
        super().begin()

    def _needs_a_look(self) -> bool:
        """Each object has to be looked at first, for somebody may have dealt with it before."""
        return bool(self._context().tried_since_s)

    def _make_steps(self) -> Any:
        operation = cast(BatchOperation, self.flight.work.operation)
        context, first_row = self._context(), self.flight.work.first_row
        context.rows = [first_row + index for index in self._indices]
        if self.is_checked:
            return checked_many(operation, self._targets, context, self._looked)
        return operation.run_many(self._targets, context)

    def _close(self) -> None:
        """What was settled of some is not asked for again."""
        try:
            self._steps.throw(Interrupted())
        except StopIteration as end:
            self._decide(cast(Ended, end.value))
        except Interrupted:
            pass
        super()._close()

    def _decide(self, done: Ended) -> None:
        outcomes = done.outcomes
        if self.tries > 1:
            outcomes = [outcome and self._as_told(outcome) for outcome in outcomes]
        self.flight.decide_all(self._indices, outcomes)

    def _end_with(self, ended: Any) -> None:
        done = cast(Ended, ended)
        self._decide(done)
        if done.parts:
            parts = [[self._indices[n] for n in part] for part in done.parts]
            self.flight.add_units(parts, done.tried_since_s)
        self._end()

    def _fail(self, outcome: Outcome) -> None:
        for index in self._indices:
            self.flight.decide(index, outcome)
        self._end()

    def _as_told(self, outcome: Outcome) -> Outcome:
        elapsed_s = self.budget.elapsed_s(self.flight.loop.time())
        return tried(outcome, self.tries, elapsed_s)
