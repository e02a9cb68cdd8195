"""A dry run as an operation of its own: what another one would do, found out by reads alone.

Whatever the other operation asks for passes through here, and nothing but reads gets through: that
is the client that cannot write.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Never

from jobs.choices import Risk
from jobs.operations.base import Operation, Steps, counted
from jobs.operations.context import Context
from jobs.operations.foreseeing import Foresight
from jobs.operations.steps import Later, Relay, Step, Stream, Together
from jobs.services.call import Call
from jobs.spec.target import Target

READS = ("Get", "Head", "List")
"""What the actions begin with that change nothing, in S3 as in its neighbours."""


class WriteInDryRunError(Exception):
    """An operation asked for something else than a read while it should only look."""


class DryRun(Operation):
    """Nobody asks for it by name, so it is not in the registry: a job says that it is a dry run."""

    name = label = "Dry run"
    does = "Says of each object what would happen to it. Nothing is changed."
    risk = Risk.SAFE

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Never:
        raise TypeError("it is made from another operation")

    def to_wire(self) -> dict[str, Any]:
        return {}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return f"Looks at {counted(total)} and changes nothing."

    def summary(self) -> list[tuple[str, str]]:
        return self._operation.summary()

    def target_buckets(self) -> list[str]:
        return self._operation.target_buckets()

    def target_places(self) -> list[tuple[str, str]]:
        return self._operation.target_places()

    def foresee(self, target: Target, context: Context) -> Steps:
        return self._operation.foresee(target, context)

    def run(self, target: Target, context: Context) -> Steps:
        return reads_alone(self.foresee(target, context))


def reads_alone(steps: Foresight) -> Steps:
    """The same steps, until one that is no read. Raises WriteInDryRunError there, which fails the
    task alone, and nothing is sent.
    """
    told: Any = None
    while True:
        try:
            step = steps.throw(told) if isinstance(told, Exception) else steps.send(told)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        try:
            told = yield _checked(step)
        except Exception as error:
            told = error


def _checked(step: Step) -> Step:
    if isinstance(step, Call):
        return _read(step)
    if isinstance(step, Stream):
        return replace(step, call=_read(step.call))
    if isinstance(step, Together):
        return replace(step, calls=_reads(step))
    if isinstance(step, Later):
        return step
    raise WriteInDryRunError(f"{type(step).__name__} is nothing that a dry run does")


def _reads(step: Together) -> Generator[Call, None, None]:
    yield from map(_read, step.calls)


def _read(call: Call | Relay) -> Call:
    if isinstance(call, Relay) or not call.action.startswith(READS):
        action = "Relay" if isinstance(call, Relay) else call.action
        raise WriteInDryRunError(f"{action} may change something")
    return call
