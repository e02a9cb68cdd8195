"""Merge object tags: ours, AWS has no such operation (docs/operations.md, S3MergeObjectTagging)."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import looks, tags
from jobs.operations.base import (
    DONE,
    Finding,
    Operation,
    Outcome,
    Steps,
    counted,
    named,
    outcome_of,
)
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.foreseeing import (
    already_so,
    from_refusal,
    tags_before_and_after,
    would_fail,
)
from jobs.operations.looks import Tagged
from jobs.operations.permissions import GET_OBJECT, GET_TAGS, PUT_TAGS, Permission, helping
from jobs.operations.put_object_tagging import REPLACED
from jobs.operations.requests import Requests
from jobs.operations.steps import Step
from jobs.operations.tagging import merge_object_tagging_form
from jobs.operations.tagging.tag_changes import MEMBERS, CannotChangeError, TagChanges
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.services.call import Call
from jobs.spec.target import Target

CANNOT_CHANGE = "InvalidTag"


@dataclass(frozen=True, slots=True)
class MergeObjectTagging(Operation):
    """Reads the tags of each object, and writes them where they change."""

    name = "S3MergeObjectTagging"
    label = "Merge object tags"
    group = OperationGroup.PROPERTIES
    does = "Adds, changes, removes or renames tags of each object, and keeps all others."
    risk = Risk.CAUTION
    loss = "get some of their tags changed."
    undo = "What the changed and removed tags were is noted nowhere."
    understood = "I understand that the values of changed and removed tags are lost."
    needs = frozenset({"GetObjectTagging", "PutObjectTagging"})
    lacks = "object tags"
    calls = ("GetObjectTagging", "PutObjectTagging")
    back = (
        "Merge object tags with what they were; that is noted nowhere, save in the "
        "report of a dry run."
    )
    again = "Nothing more."
    form = merge_object_tagging_form.FORM
    examples = merge_object_tagging_form.EXAMPLES

    changes: TagChanges

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, MEMBERS)
        changes = TagChanges.parse(parameters, check)
        check.done()
        return cls(changes)

    def to_wire(self) -> dict[str, Any]:
        return self.changes.to_wire()

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        told = (
            f"Changes some tags of {counted(total)} in {named(buckets)}. All other tags are kept."
        )
        if self.changes.only_if:
            told += (
                f" Objects without {tags.to_text((self.changes.only_if,))} are left as they are."
            )
        return told

    def summary(self) -> list[tuple[str, str]]:
        return self.changes.to_text()

    def effect_on(self, key: str) -> str:
        changes = "; ".join(f"{label.lower()} {text}" for label, text in self.changes.to_text())
        return f"{key} keeps its tags but for these changes: {changes}."

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        """The call is not made where nothing would change."""
        there = context.bucket(target.bucket)
        answer: Answer = yield Call(there, "GetObjectTagging", addressed(target))
        if answer.code:
            return outcome_of(answer)
        found = tags.from_answer(answer.data)
        if not self.changes.is_for(found):
            return Outcome(True, 200, "", "Left as it is: it does not have the tag.")
        try:
            wanted = self.changes.applied(found)
        except CannotChangeError as error:
            message = f"{error} Its tags were left as they are."
            return Outcome(False, 400, CANNOT_CHANGE, message)
        if wanted == found:
            return DONE
        tagging = {"Tagging": {"TagSet": tags.to_tag_set(wanted)}}
        return outcome_of((yield Call(there, "PutObjectTagging", addressed(target) | tagging)))

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        changed = Requests("PutObjectTagging", only="whose tags change")
        return (Requests("GetObjectTagging"), changed)

    def permissions(self) -> tuple[Permission, ...]:
        return (GET_TAGS, PUT_TAGS, *helping(GET_OBJECT))

    def only_look(self, target: Target, context: Context) -> Call:
        return looks.ask(target, context, "GetObjectTagging")

    def foresee(self, target: Target, context: Context) -> Steps:
        answer = yield self.only_look(target, context)
        if answer.code:
            return from_refusal("GetObjectTagging", answer)
        found = tags.from_answer(answer.data)
        if not self.changes.is_for(found):
            return already_so("It would be left as it is: it does not have the tag.")
        try:
            return tags_before_and_after(found, self.changes.applied(found))
        except CannotChangeError as error:
            return would_fail(400, CANNOT_CHANGE, str(error))

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Tagged]:
        return (yield from looks.facts_and_tags(target, context))

    def check(
        self, target: Target, context: Context, before: Tagged | None
    ) -> Generator[Step, Any, Finding]:
        """What was to stay as it was does not show whether a storage keeps tags."""
        after = yield from looks.facts_of(target, context)
        if before and before.facts and after and not after.is_content_of(before.facts):
            return Finding(lost="content", said=REPLACED)
        answer = yield looks.ask(target, context, "GetObjectTagging")
        if answer.code:
            return looks.unseen("GetObjectTagging", answer)
        found = tags.from_answer(answer.data)
        # Where nobody saw what it was before: a repeat changes nothing.
        known = found if before is None or before.tags is None else before.tags
        wanted = self._after(known)
        if sorted(found) != sorted(wanted):
            return Finding(lost="tags")
        return Finding(is_unsure=before is not None and wanted == before.tags)

    def _after(self, found: tags.Tags) -> tags.Tags:
        """What is asked for of such an object; nothing where it cannot be changed so."""
        try:
            return self.changes.applied(found) if self.changes.is_for(found) else found
        except CannotChangeError:
            return found
