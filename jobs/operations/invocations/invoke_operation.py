"""What invoking a function and calling a webhook have in common: who is asked differs."""

from abc import abstractmethod
from typing import ClassVar

from jobs.choices import OperationGroup, Risk
from jobs.operations.base import Operation, Steps
from jobs.operations.connected import Connected
from jobs.operations.context import Context
from jobs.operations.invocations import invoking
from jobs.operations.invocations.invocation_event import Event
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.spec.target import Target


class InvokeOperation(Operation):
    """`who` stands in sentences ("The function"), `no_json` is what is said of an answer that is none."""

    group = OperationGroup.CHECK
    risk = Risk.CAUTION
    idempotent = False
    keeps_state = True

    who: ClassVar[str]
    no_json: ClassVar[str]

    event: Event

    @property
    @abstractmethod
    def whom(self) -> Connected:
        """What an administrator has connected."""

    @abstractmethod
    def call(self, there: Destination, payload: bytes, task_id: str) -> Call: ...

    @abstractmethod
    def named(self) -> str:
        """ "The webhook thumbnails"."""

    def needs_object(self) -> bool:
        return False

    def connections(self) -> list[Connected]:
        return [self.whom]

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        return (yield from invoking.run(self._invoked(context), target, context))

    def foresee(self, target: Target, context: Context) -> Steps:
        return (yield from invoking.foresee(self.event, self.named(), target, context))

    def _invoked(self, context: Context) -> invoking.Invoked:
        there = context.connected(self.whom)

        def call(payload: bytes, task_id: str) -> Call:
            return self.call(there, payload, task_id)

        return invoking.Invoked(call, self.event, self.who, self.no_json)
