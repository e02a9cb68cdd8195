"""Delete all object tags (docs/operations.md, S3DeleteObjectTagging)."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import knowing, looks, tags
from jobs.operations.base import Finding, Operation, Steps, counted, named, outcome_of
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.foreseeing import from_refusal, tags_before_and_after
from jobs.operations.form import Form, Note
from jobs.operations.looks import Tagged
from jobs.operations.permissions import DELETE_TAGS, GET_OBJECT, GET_TAGS, Permission, helping
from jobs.operations.requests import Requests
from jobs.operations.steps import Step
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict
from jobs.services.call import Call
from jobs.spec.target import Target

ACTION = "DeleteObjectTagging"
DELETED = "The storage deleted the object instead of its tags: it does not know object tags."
STILL_THERE = "The storage accepted that the tags are deleted, and the object still has them."
_READING = knowing.Reading(ACTION, "GetObjectTagging", "object tags")


@dataclass(frozen=True, slots=True)
class DeleteObjectTagging(Operation):
    """An object without tags is done with success, as S3 has it."""

    name = "S3DeleteObjectTagging"
    label = "Delete all object tags"
    group = OperationGroup.PROPERTIES
    does = "Removes every tag from each object."
    risk = Risk.DESTRUCTIVE
    loss = "lose all their tags."
    undo = "You can\u2019t undo this."
    understood = "I understand that these objects lose all their tags."
    needs = frozenset({ACTION, "GetObjectTagging"})
    lacks = "object tags"
    calls = ("GetObjectTagging", "DeleteObjectTagging", "PutObjectTagging")
    back = (
        "Replace all object tags with what they were; that is noted nowhere, save in the "
        "report of a dry run."
    )
    again = "Nothing more."
    form = Form(
        (
            Note(
                "There is nothing to set. Where the list names versions, the tags of exactly these"
                " are removed; otherwise those of the newest one."
            ),
        )
    )
    examples = ({},)

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, set())
        check.done()
        return cls()

    def to_wire(self) -> dict[str, Any]:
        return {}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return f"Removes every tag from {counted(total)} in {named(buckets)}."

    def summary(self) -> list[tuple[str, str]]:
        return [("Tags", "All are removed")]

    def effect_on(self, key: str) -> str:
        return f"{key} has no tags afterwards."

    # --- How a task runs

    def only_call(self, target: Target, context: Context) -> Call | None:
        is_known = knowing.is_known(ACTION, target, context)
        return self._call(target, context) if is_known else None

    def run(self, target: Target, context: Context) -> Steps:
        ends = yield from _READING.ask(target, context)
        return ends or outcome_of((yield self._call(target, context)))

    def _call(self, target: Target, context: Context) -> Call:
        there = context.bucket(target.bucket)
        if context.habits_of(there).untags_by_put:
            return _set_none(target, context)
        return Call(there, ACTION, addressed(target))

    def judge(self, call: Call, answer: Answer) -> Verdict | None:
        return _READING.judge(call, answer)

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        return (Requests(ACTION),)

    def permissions(self) -> tuple[Permission, ...]:
        return (DELETE_TAGS, *helping(GET_TAGS, GET_OBJECT))

    def only_look(self, target: Target, context: Context) -> Call:
        return looks.ask(target, context, "GetObjectTagging")

    def foresee(self, target: Target, context: Context) -> Steps:
        answer = yield self.only_look(target, context)
        if answer.code:
            return from_refusal("GetObjectTagging", answer)
        return tags_before_and_after(tags.from_answer(answer.data), ())

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Tagged]:
        return (yield from looks.facts_and_tags(target, context))

    def check(
        self, target: Target, context: Context, before: Tagged | None
    ) -> Generator[Step, Any, Finding]:
        """What had no tags before does not show whether a storage deletes them."""
        seen = yield from looks.see(target, context)
        if seen.is_gone:
            return Finding(lost="object", said=DELETED)
        finding = yield from looks.look_at_tags(target, context, ())
        if finding.lost:
            return Finding(lost="tags", said=STILL_THERE)
        if finding.unseen:
            return finding
        return Finding(is_unsure=before is not None and before.tags == ())

    def mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        """Ceph answers 204 and keeps the tags where a versioned bucket's newest version is meant."""
        if finding.said != STILL_THERE:
            return False
        answer = yield _set_none(target, context)
        if answer.code:
            return False
        context.habits_of(context.bucket(target.bucket)).untags_by_put = True
        return True


def _set_none(target: Target, context: Context) -> Call:
    params = addressed(target) | {"Tagging": {"TagSet": []}}
    return Call(context.bucket(target.bucket), "PutObjectTagging", params)
