"""What invoking a function and calling a webhook have in common: who is asked differs."""

from abc import abstractmethod
from collections.abc import Generator, Sequence
from typing import Any, ClassVar

from jobs.choices import OperationGroup, Risk
from jobs.operations.base import Steps
from jobs.operations.batch import BatchOperation, Ended
from jobs.operations.connected import Connected
from jobs.operations.context import Context
from jobs.operations.invocations import invoking, invoking_many
from jobs.operations.invocations.invocation_event import MOST_TASKS, Event
from jobs.operations.requests import Requests
from jobs.operations.steps import Step
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.spec.target import Target


class InvokeOperation(BatchOperation):
    """`who` stands in sentences ("The function"), `no_json` is what is said of an answer that is none."""

    group = OperationGroup.CHECK
    risk = Risk.CAUTION
    idempotent = False
    keeps_state = True
    batch_size = MOST_TASKS

    who: ClassVar[str]
    no_json: ClassVar[str]

    event: Event

    @property
    @abstractmethod
    def whom(self) -> Connected:
        """What an administrator has connected."""

    @abstractmethod
    def call(self, there: Destination, payload: bytes, message_id: str) -> Call: ...

    @abstractmethod
    def named(self) -> str:
        """ "The webhook thumbnails"."""

    def needs_object(self) -> bool:
        return False

    def connections(self) -> list[Connected]:
        return [self.whom]

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        return (Requests(self.calls[0], objects=max(1, self.event.tasks)),)

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        return (yield from invoking.run(self._invoked(context), target, context))

    def batches(self, targets: Sequence[Target]) -> Sequence[Sequence[int]]:
        """In the order of the list: an event may name several buckets."""
        each = max(1, self.event.tasks)
        starts = range(0, len(targets), each)
        return [range(start, min(start + each, len(targets))) for start in starts]

    def most_at_once(self, target: Target, context: Context) -> int:
        return max(1, self.event.tasks)

    def run_many(self, targets: Sequence[Target], context: Context) -> Generator[Step, Any, Ended]:
        return invoking_many.run_many(self._invoked(context), targets, context)

    def foresee(self, target: Target, context: Context) -> Steps:
        return (yield from invoking.foresee(self.event, self.named(), target, context))

    def _invoked(self, context: Context) -> invoking.Invoked:
        there = context.connected(self.whom)

        def call(payload: bytes, message_id: str) -> Call:
            return self.call(there, payload, message_id)

        return invoking.Invoked(call, self.event, self.who, self.no_json)
