"""An operation over objects that were looked at before: what has changed since is not touched.

Every task looks first (HeadObject) and compares with what was seen (`Target.guard`). Between that
look and the call that changes something lies a gap: docs/batch-operations.md, Run for real. An
operation whose own calls are conditional (`guards_itself`) has none, and is asked as ever.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Never, Self, cast

from jobs.choices import Foreseen, ManifestField, Risk
from jobs.errors import Problem
from jobs.operations import looks
from jobs.operations.base import DONE, AtStake, Finding, Operation, Outcome, Steps
from jobs.operations.batch import BatchOperation, Ended
from jobs.operations.connected import Connected
from jobs.operations.context import Context
from jobs.operations.foreseeing import would_fail
from jobs.operations.guard_looks import gone, refusal_of
from jobs.operations.permissions import Permission
from jobs.operations.preconditions import Precondition
from jobs.operations.requests import Requests
from jobs.operations.steps import Later, Step
from jobs.operations.unchanged import CHANGED
from jobs.operations.waiting import WaitingOperation
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict
from jobs.services.call import Call
from jobs.spec.target import Guard, Target


class Guarded(Operation):
    """Made by `guarded`. Its tasks are never one call, and never go together."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    def only_call(self, target: Target, context: Context) -> None:
        return None

    def only_look(self, target: Target, context: Context) -> None:
        return None

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        return self._operation.requests(buckets)

    def run(self, target: Target, context: Context) -> Steps:
        guard = target.guard
        if guard is not None and (guard.is_absent or not self._operation.guards_itself):
            refused = yield from self._look(target, guard, context)
            if refused is not None:
                return refused
        return (yield from self._operation.run(target, context))

    def _look(
        self, target: Target, guard: Guard, context: Context
    ) -> Generator[Step, Any, Outcome | None]:
        """How the task ends where it may not go on."""
        seen = yield from looks.see(target, context, is_look=False)
        if seen.is_gone and guard.is_absent:
            if not self._operation.needs_object():
                return None
            return (yield from self._still_absent(target, context))
        if not context.tried_since_s:
            return refusal_of(target, guard, seen)
        # Some storages take new tags for a change of the object: then it may have been our own.
        refused = refusal_of(target, replace(guard, last_modified_s=None), seen)
        if refused is None or refused.code != CHANGED:
            return refused
        return (yield from self._perhaps_by_us(target, context, refused))

    def _perhaps_by_us(self, target: Target, context: Context, refused: Outcome) -> Steps:
        """Of a task that was cut off before: what is as the job wants it was done by that try."""
        foreseen = yield from self._operation.foresee(target, context)
        if foreseen.succeeded and foreseen.code == Foreseen.ALREADY_SO:
            return DONE
        doubt = " An earlier try of this task, which was cut off, may have changed it."
        return Outcome(False, refused.http_status, CHANGED, refused.message + doubt)

    def _still_absent(self, target: Target, context: Context) -> Steps:
        """Nothing is called that could change something: who writes the object now is not to be
        hit. What the task would have come to is found out by reads.
        """
        foreseen = yield from self._operation.foresee(target, context)
        if foreseen.succeeded and foreseen.code == Foreseen.ALREADY_SO:
            return DONE
        return gone(target, Answer(404, "404", ""))

    def foresee(self, target: Target, context: Context) -> Steps:
        """What was seen counts here as in `run`, also where the calls themselves are conditional."""
        if target.guard is not None:
            refused = yield from self._look(target, target.guard, context)
            if refused is not None and not refused.succeeded:
                return would_fail(refused.http_status, refused.code, refused.message)
        return (yield from self._operation.foresee(target, context))

    # --- All else is the operation's own

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Never:
        raise TypeError("it is made from another operation")

    def to_wire(self) -> dict[str, Any]:
        return self._operation.to_wire()

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return self._operation.consequence(total, buckets)

    def summary(self) -> list[tuple[str, str]]:
        return self._operation.summary()

    def effect_on(self, key: str) -> str:
        return self._operation.effect_on(key)

    def danger(self) -> Risk:
        return self._operation.danger()

    def too_late(self, now: datetime) -> list[Problem]:
        return self._operation.too_late(now)

    def target_buckets(self) -> list[str]:
        return self._operation.target_buckets()

    def target_places(self) -> list[tuple[str, str]]:
        return self._operation.target_places()

    def connections(self) -> list[Connected]:
        return self._operation.connections()

    def at_stake(self) -> AtStake:
        return self._operation.at_stake()

    def needs_object(self) -> bool:
        return self._operation.needs_object()

    def conditions(self) -> tuple[Precondition, ...]:
        return self._operation.conditions()

    def permissions(self) -> tuple[Permission, ...]:
        return self._operation.permissions()

    def unfit_columns(self, fields: Sequence[ManifestField]) -> str:
        return self._operation.unfit_columns(fields)

    def unfit_row(self, bucket: str, key: str) -> str:
        return self._operation.unfit_row(bucket, key)

    def unfit_for(self, buckets: Sequence[str], *, has_versions: bool) -> list[Problem]:
        return self._operation.unfit_for(buckets, has_versions=has_versions)

    def knowing(self, found: Mapping[str, Any]) -> Self:
        return type(self)(self._operation.knowing(found))

    def without_it(self, answer: Answer) -> str:
        return self._operation.without_it(answer)

    def judge(self, call: Call, answer: Answer) -> Verdict | Later | None:
        return self._operation.judge(call, answer)

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Any]:
        return self._operation.survey(target, context)

    def check(self, target: Target, context: Context, before: Any) -> Generator[Step, Any, Finding]:
        return self._operation.check(target, context, before)

    def mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        return self._operation.mend(target, context, finding)

    def give_up(self, target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
        return self._operation.give_up(target, context)


class GuardedTogether(Guarded, BatchOperation):
    """Of an operation that guards itself and is done to many by one request."""

    @property
    def _many(self) -> BatchOperation:
        return cast(BatchOperation, self._operation)

    def batches(self, targets: Sequence[Target]) -> Sequence[Sequence[int]]:
        """What was not there goes alone."""
        alone = [n for n, one in enumerate(targets) if one.guard and one.guard.is_absent]
        if not alone:
            return self._many.batches(targets)
        others = [n for n, one in enumerate(targets) if not (one.guard and one.guard.is_absent)]
        together = self._many.batches([targets[n] for n in others]) if others else []
        return [*([n] for n in alone), *([others[n] for n in batch] for batch in together)]

    def most_at_once(self, target: Target, context: Context) -> int:
        return self._many.most_at_once(target, context)

    def survey_many(
        self, targets: Sequence[Target], context: Context
    ) -> Generator[Step, Any, None]:
        return self._many.survey_many(targets, context)

    def run_many(self, targets: Sequence[Target], context: Context) -> Generator[Step, Any, Ended]:
        return self._many.run_many(targets, context)


class GuardedWaiting(Guarded, WaitingOperation):
    """Of an operation whose tasks wait: looked at before what they wait for is asked for, and then no
    more.
    """

    @property
    def _waiting(self) -> WaitingOperation:
        return cast(WaitingOperation, self._operation)

    @property
    def is_waiting(self) -> bool:
        return self._waiting.is_waiting

    def wait_s(self, waits: int) -> float:
        return self._waiting.wait_s(waits)

    def run(self, target: Target, context: Context) -> Steps:
        asked_for = bool(context.waits)
        return self._operation.run(target, context) if asked_for else super().run(target, context)


def guarded(operation: Operation) -> Operation:
    """`operation`, for targets of which some have a guard; all that it says of itself stays true."""
    together = operation.guards_itself and isinstance(operation, BatchOperation)
    base = GuardedTogether if together else Guarded
    if isinstance(operation, WaitingOperation):
        base = GuardedWaiting
    said = [*Operation.__annotations__, *BatchOperation.__annotations__]
    facts = {name: getattr(operation, name) for name in said if hasattr(operation, name)}
    made: Operation = type(f"Guarded{operation.name}", (base,), facts)(operation)
    return made
