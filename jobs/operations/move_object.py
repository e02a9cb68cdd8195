"""Move: ours, AWS has no such operation (docs/operations.md, S3MoveObject)."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from jobs.choices import ManifestField, OperationGroup, Risk
from jobs.operations import looks
from jobs.operations.base import DONE, Finding, Operation, Outcome, Steps, counted, named
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.copying import copy_looks
from jobs.operations.deleting import delete_object_alone
from jobs.operations.deleting.object_versions import NULL
from jobs.operations.looks import Seen
from jobs.operations.moving import move_foreseen, move_object_form, move_state, move_verifying
from jobs.operations.moving.move_object_form import (
    DELETE,
    LABELS,
    MARKER,
    SOURCE_VERSION,
    SOURCE_VERSIONS,
)
from jobs.operations.permissions import DELETE_OBJECT, Permission
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.requests import Requests, together
from jobs.operations.steps import Later, Step
from jobs.operations.unchanged import CHANGED, changed, difference, guard_of
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict
from jobs.services.call import Call
from jobs.spec.target import Guard, Target

NO_OBJECT = Outcome(False, 404, "NoSuchKey", "There is no such object, so nothing was moved.")
NEWER = Outcome(
    True,
    200,
    "",
    "Successful. A newer object that was written meanwhile was left at the source as it is.",
)


@dataclass(frozen=True, slots=True)
class MoveObject(Operation):
    """A copy, a look at it, and the deletion of exactly what was copied. `source_version` is MARKER or
    DELETE: what becomes of the version that was copied, where versions are kept.
    """

    name = "S3MoveObject"
    label = "Move"
    group = OperationGroup.COPY
    does = "Copies each object to a bucket, verifies the copy and deletes the source."
    risk = Risk.DESTRUCTIVE
    loss = "are moved: their sources are deleted."
    undo = "What is overwritten at the destination is lost, unless it keeps versions."
    understood = "I understand that the sources are deleted once their copies are verified."
    needs = frozenset({"CopyObject", "DeleteObject"})
    settles = PutObjectCopy.settles
    lacks = "copies and deletion of objects"
    calls = (*PutObjectCopy.calls, "DeleteObject")
    back = "Move the objects back."
    again = (
        "What was copied and verified before is only deleted. A source that is gone "
        "counts as moved if the task noted that its copy was verified."
    )
    opt_in = "Lets people create jobs that move objects, which deletes them at their source."
    form = move_object_form.FORM
    examples = move_object_form.EXAMPLES
    single_bucket = True
    idempotent = False
    keeps_state = True
    forgets_when_done = True
    guards_itself = True
    checks_rows = True

    copy: PutObjectCopy
    source_version: str = MARKER

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        chosen = check.choice(parameters.get(SOURCE_VERSION), SOURCE_VERSION, SOURCE_VERSIONS)
        check.done()
        copied = {name: value for name, value in parameters.items() if name != SOURCE_VERSION}
        return cls(PutObjectCopy.parse(copied), chosen or MARKER)

    def to_wire(self) -> dict[str, Any]:
        deletes = {SOURCE_VERSION: DELETE} if self.source_version == DELETE else {}
        return self.copy.to_wire() | deletes

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        place = f"{self.copy.bucket}/{self.copy.target_key('')}" if self.copy.prefix else ""
        there = place or self.copy.bucket
        version = (
            "; the versions that were copied are deleted for good"
            if self.source_version == DELETE
            else ""
        )
        return (
            f"Moves {counted(total)} from {named(buckets)} to {there}. Each source is deleted once its"
            f" copy is verified{version}. Existing objects with the same name in {there} are overwritten."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [*self.copy.summary(), ("Source version", LABELS[self.source_version])]

    def effect_on(self, key: str) -> str:
        return f"{key} is moved to {self.copy.destination(key)}"

    def target_buckets(self) -> list[str]:
        return self.copy.target_buckets()

    def target_places(self) -> list[tuple[str, str]]:
        return self.copy.target_places()

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        copied = self.copy.requests(buckets)
        return together((Requests("HeadObject", times=3), *copied, Requests("DeleteObject")))

    def permissions(self) -> tuple[Permission, ...]:
        return (*self.copy.permissions(), DELETE_OBJECT)

    def unfit_columns(self, fields: Sequence[ManifestField]) -> str:
        if ManifestField.VERSION_ID not in fields:
            return ""
        return (
            "Move takes the newest version of each object, so its list has no version IDs. Choose Ignore"
            " for the Version ID column."
        )

    def unfit_row(self, bucket: str, key: str) -> str:
        """What lies below the destination already would be moved into itself, or twice."""
        if not self.copy.is_in(bucket) or not key.startswith(self.copy.target_key("")):
            return ""
        there = self.copy.destination()
        return f"lies below the destination {there} already. Take such keys off the list"

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        """A kill anywhere leaves the source, or both: the source goes last, and that its copy was
        verified is kept before.
        """
        verified = move_state.verified_in(context.kept)
        was = yield from looks.see(target, context, is_look=False)
        if was.is_gone:
            return DONE if verified else NO_OBJECT
        if was.facts is None:
            return _unseen(was)
        now = guard_of(was)
        if verified and difference(verified, now):
            return NEWER
        if not verified and target.guard and (why := difference(target.guard, now)):
            return changed(why)
        source = _exactly(target, now)
        began_s = 0.0
        if not verified:
            began_s = context.now_s()
            copied = yield from self._copy(source, context)
            if not copied.succeeded:
                return copied
        unverified = yield from move_verifying.verify(self.copy, source, was, context, began_s)
        if unverified:
            return unverified
        if not verified:
            lost = yield from move_verifying.verify_settings(self.copy, source, was, context)
            if lost:
                return lost
            yield move_state.verified(now)
        return (yield from self._delete(source, context))

    def _copy(self, source: Target, context: Context) -> Steps:
        inner = move_state.of_copy(context)
        return (yield from move_state.keeping(self.copy.run(source, inner)))

    def _delete(self, source: Target, context: Context) -> Steps:
        """Exactly what was copied: its version, or what still is what it was."""
        gone = source
        if self.source_version == MARKER or source.version_id is None:
            gone = replace(source, version_id=None)
        outcome = yield from delete_object_alone.run(gone, context)
        if outcome.succeeded:
            return DONE
        said = "The copy was made and verified, and the source was not deleted: "
        if outcome.code == CHANGED:
            said = "The copy was made and verified. "
        return replace(outcome, message=said + outcome.message)

    def foresee(self, target: Target, context: Context) -> Steps:
        return (yield from move_foreseen.foresee(self, target, context))

    def judge(self, call: Call, answer: Answer) -> Verdict | Later | None:
        return self.copy.judge(call, answer)

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Any]:
        return (yield from self.copy.survey(target, context))

    def check(self, target: Target, context: Context, before: Any) -> Generator[Step, Any, Finding]:
        """The copy as after any copy, but for the source's tags, which are gone; and the source."""
        left = yield from looks.see(target, context)
        if left.facts is not None and before and left.facts.identity == before.identity:
            return Finding(lost="deletion")
        made = copy_looks.copy_target(self.copy, target)
        there = yield from looks.see(made, self.copy.over_there(context))
        if there.is_gone:
            return Finding(lost="copy")
        return Finding() if there.facts else looks.unseen_by(there)

    def give_up(self, target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
        inner = move_state.of_copy(context)
        return (yield from self.copy.give_up(target, inner)) if inner.kept else None


def _exactly(target: Target, now: Guard) -> Target:
    """The version that was seen, where versions are kept; its guard is what was seen."""
    version = now.version_id if now.version_id not in ("", NULL) else None
    return replace(target, version_id=version, guard=now)


def _unseen(seen: Seen) -> Outcome:
    message = f"The source could not be looked at: {seen.said}. Nothing was moved."
    return Outcome(False, seen.answer.http_status or 500, seen.answer.code or "NotSeen", message)
