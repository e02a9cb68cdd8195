"""Delete objects: ours, AWS has no such operation (docs/batch-operations.md, Deleting objects)."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import (
    delete_object_alone,
    delete_object_batches,
    delete_object_foreseen,
    delete_object_together,
)
from jobs.operations.base import BatchOperation, Ended, Finding, Steps, counted, named
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.form import Form, Note
from jobs.operations.permissions import DELETE_OBJECT, GET_OBJECT, Permission, helping
from jobs.operations.steps import Step
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict
from jobs.services.call import Call
from jobs.spec.target import Target


@dataclass(frozen=True, slots=True)
class DeleteObject(BatchOperation):
    """Without a version the newest is deleted: in a versioned bucket it gets a delete marker, and
    one more when a task whose result was lost runs again.

    Also a key that is not there is deleted with success, as S3 has it.
    """

    name = "S3DeleteObject"
    label = "Delete objects"
    group = OperationGroup.DELETE
    does = "Deletes each object, or the version listed."
    risk = Risk.DESTRUCTIVE
    loss = "are deleted."
    undo = "What has no versions can\u2019t be recovered."
    understood = "I understand that these objects will be deleted."
    needs = frozenset({"DeleteObject"})
    lacks = "deletion of objects"
    opt_in = "Lets people create jobs that delete objects in this Region."
    form = Form(
        (
            Note(
                "There is nothing to set. Where the list names versions, exactly these are deleted"
                " for good; otherwise the newest one is, which in a bucket with versioning leaves"
                " a delete marker."
            ),
        )
    )
    examples = ({},)
    batch_size = delete_object_batches.MOST_KEYS
    chunk_rows = 1000  # one request for a chunk: with fewer rows each, twice the requests

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, set())
        check.done()
        return cls()

    def to_wire(self) -> dict[str, Any]:
        return {}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return (
            f"Deletes {counted(total)} in {named(buckets)}."
            " Objects in buckets without versioning and versions named in the list cannot be"
            " recovered."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("Deletes", "The version that the list names, otherwise the newest")]

    def effect_on(self, key: str) -> str:
        return f"{key} is deleted. Where versions are kept, it gets a delete marker instead."

    def permissions(self) -> tuple[Permission, ...]:
        return (DELETE_OBJECT, *helping(GET_OBJECT))

    def foresee(self, target: Target, context: Context) -> Steps:
        return (yield from delete_object_foreseen.foresee(target, context))

    def run(self, target: Target, context: Context) -> Steps:
        return delete_object_alone.run(target, context)

    def survey_many(
        self, targets: Sequence[Target], context: Context
    ) -> Generator[Step, Any, None]:
        return (yield from delete_object_together.survey(targets, context))

    def run_many(self, targets: Sequence[Target], context: Context) -> Generator[Step, Any, Ended]:
        return delete_object_together.run_many(targets, context)

    def judge(self, call: Call, answer: Answer) -> Verdict | None:
        return delete_object_together.judge(call, answer)

    def check(self, target: Target, context: Context, before: Any) -> Generator[Step, Any, Finding]:
        return (yield from delete_object_alone.check(target, context))

    def most_at_once(self, target: Target, context: Context) -> int:
        return context.habits_of(context.bucket(target.bucket)).at_once

    def batches(self, targets: Sequence[Target]) -> Sequence[Sequence[int]]:
        return delete_object_batches.batches(targets)
