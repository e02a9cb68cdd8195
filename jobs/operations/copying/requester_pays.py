"""Every call of a task says that its sender pays for it (RequestPayer)."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any, TypeVar

from jobs.operations.steps import Relay, Step, Stream, Together
from jobs.services.call import Call

Returned = TypeVar("Returned")
PAYS = {"RequestPayer": "requester"}


def paid(steps: Generator[Step, Any, Returned]) -> Generator[Step, Any, Returned]:
    """The same steps with the same answers."""
    told: Any = None
    try:
        while True:
            try:
                step = steps.throw(told) if isinstance(told, Exception) else steps.send(told)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            try:
                told = yield _paid(step)
            except Exception as error:
                told = error
    finally:
        steps.close()


def _paid(step: Step) -> Step:
    if isinstance(step, Call):
        return _call(step)
    if isinstance(step, Stream):
        return replace(step, call=_call(step.call))
    if isinstance(step, Together):
        return replace(step, calls=map(_one, step.calls))
    return step


def _one(call: Call | Relay) -> Call | Relay:
    return replace(call, source=_call(call.source)) if isinstance(call, Relay) else _call(call)


def _call(call: Call) -> Call:
    return replace(call, params={**call.params, **PAYS})
