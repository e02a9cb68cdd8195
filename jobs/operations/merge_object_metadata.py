"""Merge metadata and headers: ours, AWS has no such operation (docs/operations.md,
S3MergeObjectMetadata).
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations.base import Finding, Operation, Outcome, Steps, counted, named
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.foreseeing import already_so, would_change, would_fail
from jobs.operations.looks import Look
from jobs.operations.permissions import Permission
from jobs.operations.requests import Requests, of_rewriting
from jobs.operations.rewriting import (
    carried_over,
    merge_object_metadata_form,
    metadata_changes,
    object_metadata,
    onto_itself,
    onto_itself_looks,
)
from jobs.operations.rewriting.carried_over import Owned
from jobs.operations.rewriting.metadata_changes import MEMBERS, MetadataChanges
from jobs.operations.rewriting.object_metadata import CannotCarryError, TooLargeError
from jobs.operations.rewriting.onto_itself_looks import Before
from jobs.operations.steps import Step
from jobs.spec.target import Target

_LEFT = "It was left as it is."


@dataclass(frozen=True, slots=True)
class MergeObjectMetadata(Operation):
    """Reads the headers of each object, and copies it onto itself where they change."""

    name = "S3MergeObjectMetadata"
    label = "Merge metadata and headers"
    group = OperationGroup.PROPERTIES
    does = (
        "Sets, changes or removes headers and user metadata of each object, and keeps all others."
    )
    risk = Risk.CAUTION
    loss = "are rewritten with some of their metadata changed."
    undo = (
        "What the changed and removed metadata were is noted nowhere. In a bucket with versions the"
        " version before stays."
    )
    understood = "I understand that the values of changed and removed metadata are lost."
    needs = settles = frozenset({"CopyObject"})
    lacks = "object copies with new metadata"
    calls = ("HeadObject", "GetObjectTagging", "GetObjectAcl", "CopyObject", "PutObjectAcl")
    back = "Merge metadata with what they were, or make the version before the newest again."
    again = "Nothing more: an object that has them already is not written."
    keeps_state = True
    guards_itself = True
    form = merge_object_metadata_form.FORM
    examples = merge_object_metadata_form.EXAMPLES

    changes: MetadataChanges

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, MEMBERS)
        changes = MetadataChanges.parse(parameters, check)
        check.done()
        return cls(changes)

    def to_wire(self) -> dict[str, Any]:
        return self.changes.to_wire()

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return (
            f"Changes some metadata of {counted(total)} in {named(buckets)}: each that changes is"
            " copied onto itself, and all else about it is kept. Dates become new, and a bucket with versions"
            " gets a new version of each."
        )

    def summary(self) -> list[tuple[str, str]]:
        return self.changes.to_text()

    def effect_on(self, key: str) -> str:
        changes = "; ".join(f"{label.lower()} {text}" for label, text in self.changes.to_text())
        return f"{key} keeps its metadata but for these changes: {changes}."

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        """Nothing is copied where nothing would change."""
        owned = yield from onto_itself.read_newest(target, context)
        if isinstance(owned, Outcome):
            return owned
        found = object_metadata.read(owned.headers)
        wanted = self.changes.applied(found)
        if wanted == found:
            return (yield from onto_itself.finish_earlier(target, context))
        refused = _refused(owned, wanted)
        if refused:
            return Outcome(False, 400, refused.code, f"{refused.message} {_LEFT}")
        told = object_metadata.to_params(wanted)
        newest = onto_itself.newest_of(target)
        return (yield from onto_itself.write_anew(newest, context, owned, told))

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        return of_rewriting("whose metadata changes")

    def permissions(self) -> tuple[Permission, ...]:
        return carried_over.PERMISSIONS

    def foresee(self, target: Target, context: Context) -> Steps:
        owned = yield from onto_itself.read_newest(target, context)
        if isinstance(owned, Outcome):
            return onto_itself.why_not(owned)
        found = object_metadata.read(owned.headers)
        wanted = self.changes.applied(found)
        if wanted == found:
            return already_so("It has these headers and metadata already.")
        refused = _refused(owned, wanted)
        if refused:
            return would_fail(400, refused.code, refused.message)
        difference = metadata_changes.before_and_after(found, wanted)
        newest = onto_itself.newest_of(target)
        refusal = yield from onto_itself.refused(newest, context, owned, {})
        return refusal or would_change(f"{difference}.")

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Before]:
        return (yield from onto_itself_looks.survey(onto_itself.newest_of(target), context))

    def check(self, target: Target, context: Context, before: Before | None) -> Look:
        """What had these headers before does not show whether a storage keeps them."""
        before = before or Before(None)
        if before.owned is None:
            told = object_metadata.to_params(self.changes.texts())
            return (yield from onto_itself_looks.check(target, context, before, told))
        found = object_metadata.read(before.owned.headers)
        wanted = self.changes.applied(found)
        if wanted == found:
            return Finding(is_unsure=True)
        told = object_metadata.to_params(wanted)
        gone = found.keys() - wanted.keys()
        return (yield from onto_itself_looks.check(target, context, before, told, gone=gone))

    def mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        return (yield from onto_itself_looks.mend(target, context, finding, {}))

    def give_up(self, target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
        return (yield from onto_itself.give_up(target, context))


@dataclass(frozen=True, slots=True)
class _Refused:
    code: str
    message: str


def _refused(owned: Owned, wanted: object_metadata.Metadata) -> _Refused | None:
    """Why these metadata are not written."""
    try:
        object_metadata.check_size(wanted)
        object_metadata.check_carried(owned.headers, wanted)
    except TooLargeError as error:
        return _Refused("MetadataTooLarge", str(error))
    except CannotCarryError as error:
        return _Refused("InvalidMetadata", str(error))
    return None
