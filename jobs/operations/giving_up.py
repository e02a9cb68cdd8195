"""Giving up as an operation of its own, so that it is tried again as any task is."""

from collections.abc import Mapping, Sequence
from typing import Any, Never

from jobs.choices import Risk
from jobs.operations.base import DONE, Operation, Steps
from jobs.operations.context import Context
from jobs.operations.steps import Later
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict
from jobs.services.call import Call
from jobs.spec.target import Target


class GivingUp(Operation):
    """Its tasks are another operation's `give_up`. Nobody asks for it by name, so it is not in the
    registry.
    """

    name = label = "Giving up"
    risk = Risk.SAFE

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Never:
        raise TypeError("it is made from another operation")

    def to_wire(self) -> dict[str, Any]:
        return {}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return "What tasks left behind is cleared away."

    def summary(self) -> list[tuple[str, str]]:
        return []

    def target_buckets(self) -> list[str]:
        return self._operation.target_buckets()

    def target_places(self) -> list[tuple[str, str]]:
        return self._operation.target_places()

    def run(self, target: Target, context: Context) -> Steps:
        outcome = yield from self._operation.give_up(target, context)
        return outcome or DONE

    def judge(self, call: Call, answer: Answer) -> Verdict | Later | None:
        return self._operation.judge(call, answer)
