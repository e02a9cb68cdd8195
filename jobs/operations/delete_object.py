"""Delete objects: ours, AWS has no such operation (docs/operations.md, S3DeleteObject)."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from jobs.choices import ManifestField, OperationGroup, Risk
from jobs.operations.base import AtStake, Finding, Outcome, Steps
from jobs.operations.batch import BatchOperation, Ended
from jobs.operations.checking import Checker, given
from jobs.operations.context import Context
from jobs.operations.deleting import (
    delete_object_alone,
    delete_object_batches,
    delete_object_foreseen,
    delete_object_form,
    delete_object_together,
    delete_object_words,
)
from jobs.operations.deleting.delete_object_form import (
    BY_KEY,
    BYPASS,
    EVERY,
    KEEP,
    MODE,
    MODES,
    MOST_KEPT,
    NEWEST,
    NONCURRENT,
    VERSIONS,
)
from jobs.operations.deleting.delete_object_versions import ByKey
from jobs.operations.foreseeing import would_fail
from jobs.operations.permissions import (
    BYPASS_GOVERNANCE,
    DELETE_OBJECT,
    DELETE_VERSION,
    GET_OBJECT,
    LIST_VERSIONS,
    Permission,
    helping,
)
from jobs.operations.preconditions import VERSIONING, Precondition
from jobs.operations.requests import Requests
from jobs.operations.steps import Step
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict
from jobs.services.call import Call
from jobs.spec.target import Target

MISSING_VERSION = Outcome(False, 400, "InvalidRequest", "Task failed due to missing VersionId")


@dataclass(frozen=True, slots=True)
class DeleteObject(BatchOperation):
    """`mode` is one of `delete_object_form.MODES`. NEWEST without a version deletes the newest: in a
    versioned bucket it gets a delete marker, and one more when a task whose result was lost runs again.

    Also a key that is not there is deleted with success, as S3 has it.
    """

    name = "S3DeleteObject"
    label = "Delete objects"
    group = OperationGroup.DELETE
    does = "Deletes each object, some of its versions, or every version."
    risk = Risk.DESTRUCTIVE
    loss = "are deleted."
    undo = "What has no versions can\u2019t be recovered."
    understood = "I understand that these objects will be deleted."
    needs = frozenset({"DeleteObject"})
    lacks = "deletion of objects"
    calls = ("DeleteObjects", "DeleteObject", "HeadObject", "ListObjectVersions")
    back = "Remove the delete marker, where the bucket keeps versions. Else an object is gone."
    again = (
        "What is gone is done. A key without a version is looked at first, and what was "
        "written since stays."
    )
    opt_in = "Lets people create jobs that delete objects in this Region."
    form = delete_object_form.FORM
    examples = delete_object_form.EXAMPLES
    batch_size = delete_object_batches.MOST_KEYS
    chunk_rows = 1000  # one request for a chunk: with fewer rows each, twice the requests
    guards_itself: ClassVar[bool] = True
    takes_delete_markers: ClassVar[bool] = True

    mode: str = NEWEST
    kept: int | None = None
    bypass: bool | None = None

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {MODE, KEEP, BYPASS})
        mode = check.choice(parameters.get(MODE), MODE, MODES) or NEWEST
        kept = parameters.get(KEEP)
        _check_kept(kept, mode, check)
        bypass = check.flag(parameters.get(BYPASS), BYPASS)
        check.done()
        return cls(mode, kept, bypass)

    def to_wire(self) -> dict[str, Any]:
        mode = None if self.mode == NEWEST else self.mode
        return given({MODE: mode, KEEP: self.kept, BYPASS: self.bypass})

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return delete_object_words.consequence(self, total, buckets)

    def summary(self) -> list[tuple[str, str]]:
        return delete_object_words.summary(self)

    def effect_on(self, key: str) -> str:
        return delete_object_words.effect_on(self, key)

    def at_stake(self) -> AtStake:
        return delete_object_words.at_stake(self)

    def danger(self) -> Risk:
        """What has versions, or is named by a list, may be found again; the others never."""
        return Risk.IRREVERSIBLE if self.mode == EVERY else Risk.DESTRUCTIVE

    def needs_object(self) -> bool:
        """Versions and markers lie below a key whose newest version is a marker."""
        return self.mode not in BY_KEY

    def conditions(self) -> tuple[Precondition, ...]:
        """A storage that keeps no versions would take no notice of one, and delete the object."""
        return () if self.mode in (NEWEST, EVERY) else (VERSIONING,)

    def unfit_columns(self, fields: Sequence[ManifestField]) -> str:
        has_versions = ManifestField.VERSION_ID in fields
        if self.mode == VERSIONS and not has_versions:
            return "To delete exactly the versions listed, the list needs a Version ID column."
        if self.mode in BY_KEY and has_versions:
            return (
                "The versions to delete are found by key here, so those of the list count for nothing."
                " Choose Ignore for the Version ID column, or another mode."
            )
        return ""

    # --- How a task runs

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        if self.mode not in BY_KEY:
            return (Requests("DeleteObjects", objects=self.chunk_rows),)
        lists = 2 if self.mode == EVERY else 1
        deleted = Requests("DeleteObjects", only="with something to delete")
        return (Requests("ListObjectVersions", times=lists), deleted)

    def permissions(self) -> tuple[Permission, ...]:
        needed = [DELETE_OBJECT]
        if self.mode not in (NEWEST, VERSIONS):
            needed = [LIST_VERSIONS, DELETE_VERSION]
        if self.bypass:
            needed.append(BYPASS_GOVERNANCE)
        return (*needed, *helping(GET_OBJECT))

    def foresee(self, target: Target, context: Context) -> Steps:
        if by_key := self._by_key():
            return (yield from by_key.foresee(target, context))
        if self._lacks_version(target):
            return would_fail(400, MISSING_VERSION.code, MISSING_VERSION.message)
        bypass = bool(self.bypass)
        return (yield from delete_object_foreseen.foresee(target, context, bypass=bypass))

    def run(self, target: Target, context: Context) -> Steps:
        if by_key := self._by_key():
            return (yield from by_key.run(target, context))
        if self._lacks_version(target):
            return MISSING_VERSION
        return (yield from delete_object_alone.run(target, context, bypass=bool(self.bypass)))

    def survey_many(
        self, targets: Sequence[Target], context: Context
    ) -> Generator[Step, Any, None]:
        return (yield from delete_object_together.survey(targets, context))

    def run_many(self, targets: Sequence[Target], context: Context) -> Generator[Step, Any, Ended]:
        return delete_object_together.run_many(targets, context, bypass=bool(self.bypass))

    def judge(self, call: Call, answer: Answer) -> Verdict | None:
        return delete_object_together.judge(call, answer)

    def check(self, target: Target, context: Context, before: Any) -> Generator[Step, Any, Finding]:
        if by_key := self._by_key():
            return (yield from by_key.check(target, context))
        return (yield from delete_object_alone.check(target, context))

    def most_at_once(self, target: Target, context: Context) -> int:
        return context.habits_of(context.bucket(target.bucket)).at_once

    def batches(self, targets: Sequence[Target]) -> Sequence[Sequence[int]]:
        if self.mode == NEWEST:  # nearly always so
            return delete_object_batches.batches(targets)
        if self.mode in BY_KEY:
            return [[n] for n in range(len(targets))]
        named = [n for n, target in enumerate(targets) if target.version_id]
        unnamed = [[n] for n, target in enumerate(targets) if not target.version_id]
        found = delete_object_batches.batches([targets[n] for n in named])
        return [*([named[n] for n in batch] for batch in found), *unnamed]

    def _by_key(self) -> ByKey | None:
        if self.mode not in BY_KEY:
            return None
        return ByKey(self.mode, self.kept or 0, bool(self.bypass))

    def _lacks_version(self, target: Target) -> bool:
        return self.mode == VERSIONS and not target.version_id


def _check_kept(kept: Any, mode: str, check: Checker) -> None:
    if mode == NONCURRENT and kept is None:
        check.say(KEEP, f"{KEEP} is missing. Enter how many noncurrent versions are kept.")
    elif kept is not None and mode != NONCURRENT:
        check.say(KEEP, f"{KEEP} goes with the mode {NONCURRENT} alone. Take it out.")
    elif kept is not None and not (
        isinstance(kept, int) and not isinstance(kept, bool) and 0 <= kept <= MOST_KEPT
    ):
        check.say(KEEP, f"{KEEP} must be a whole number from 0 to {MOST_KEPT:,}.")
