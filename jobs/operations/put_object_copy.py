"""Copy."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self, TypeVar

from jobs.choices import OperationGroup, Risk
from jobs.errors import Problem
from jobs.operations import (
    copy_elsewhere,
    copy_foreseen,
    copy_looks,
    copy_members,
    copy_permissions,
    looks,
    put_object_copy_examples,
    put_object_copy_form,
    put_object_copy_large,
    requester_pays,
    streamed_copy,
    tags,
)
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
from jobs.operations.copy_members import STORAGE_CLASS_LABELS
from jobs.operations.copy_metadata import CopyMetadata, parse_metadata
from jobs.operations.large_copy_limits import says_too_large
from jobs.operations.large_copy_source import refused
from jobs.operations.looks import Facts
from jobs.operations.permissions import Permission
from jobs.operations.steps import Later, Step
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.s3.arns import parse_bucket_arn
from jobs.s3.proof import Proof
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.services.habits import Habits
from jobs.spec.target import Target

T = TypeVar("T")

MEMBERS = {*copy_members.ALL, "TargetRegion"}
"""All of the wire, and TargetRegion, which is ours."""


@dataclass(frozen=True, slots=True)
class PutObjectCopy(Operation):
    """`new_tags` None keeps the source's tags, () sets none. `members` are those wire members that
    are passed on as they were given (`copy_members.MEMBERS`). `region` is the slug of the Region where
    the bucket lies, empty for what the job's own means.

    Objects that are too large for one request go in parts (`put_object_copy_large`). Copies onto
    themselves that change nothing fail with S3's own answer.
    """

    name = "S3PutObjectCopy"
    label = "Copy"
    group = OperationGroup.COPY
    does = "Copies each object to a bucket."
    risk = Risk.CAUTION
    loss = "are copied."
    undo = "What is overwritten is lost, unless the destination keeps versions."
    understood = "I acknowledge that existing objects with the same name will be overwritten."
    needs = settles = frozenset({"CopyObject"})
    lacks = "object copies with these options"
    form = put_object_copy_form.FORM
    examples = put_object_copy_examples.EXAMPLES
    single_bucket = True
    keeps_state = True

    resource: str
    prefix: str = ""
    new_tags: tags.Tags | None = None
    metadata: CopyMetadata = field(default_factory=CopyMetadata)
    members: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, MEMBERS)
        resource = copy_members.parse_resource(parameters.get("TargetResource"), check)
        prefix = check.text(parameters.get("TargetKeyPrefix"), "TargetKeyPrefix", high=1024) or ""
        new_tags = None
        if parameters.get("NewObjectTagging") is not None:
            new_tags = tags.parse_tag_set(parameters["NewObjectTagging"], "NewObjectTagging", check)
        metadata = parse_metadata(parameters, check)
        members = copy_members.parse_members(parameters, check)
        region = copy_elsewhere.parse_region(parameters, check)
        if "SSEAwsKmsKeyId" in members and metadata.encryption != "KMS":
            check.say("SSEAwsKmsKeyId", "A KMS key needs KMS as NewObjectMetadata.SSEAlgorithm.")
        check.done()
        return cls(resource, prefix, new_tags, metadata, members, region)

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {"TargetResource": self.resource, **self.members}
        if self.prefix:
            wire["TargetKeyPrefix"] = self.prefix
        if self.region:
            wire["TargetRegion"] = self.region
        if self.new_tags is not None:
            wire["NewObjectTagging"] = tags.to_tag_set(self.new_tags)
        return wire | self.metadata.to_wire()

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        there = f"{self.bucket}/{self.target_key('')}" if self.prefix else self.bucket
        region = f" in the Region {self.region}" if self.region else ""
        flows = f" {copy_elsewhere.FLOWS}" if self.region else ""
        return (
            f"Copies {counted(total)} from {named(buckets)} to {there}{region}.{flows}"
            f" Existing objects with the same name in {there} are overwritten."
        )

    def summary(self) -> list[tuple[str, str]]:
        kept = self.new_tags is None
        return [
            ("Destination", self.destination()),
            *([("Destination Region", self.region)] if self.region else []),
            ("Storage class", STORAGE_CLASS_LABELS[self.members.get("StorageClass", "STANDARD")]),
            *self.metadata.summary(),
            ("Object tags", "Keep the source's" if kept else tags.to_text(self.new_tags or ())),
            *copy_members.summary(self.members),
        ]

    def effect_on(self, key: str) -> str:
        return f"{key} is copied to {self.destination(key)}"

    @property
    def bucket(self) -> str:
        return parse_bucket_arn(self.resource)

    def target_key(self, key: str) -> str:
        """The prefix is a folder: one slash joins it to the key, whether it ends in one or not."""
        if not self.prefix or self.prefix.endswith("/"):
            return self.prefix + key
        return f"{self.prefix}/{key}"

    def destination(self, key: str = "") -> str:
        """Where a key is copied to, as `s3://bucket/prefix/key`."""
        return f"s3://{self.bucket}/{self.target_key(key)}"

    def too_late(self, now: datetime) -> list[Problem]:
        return copy_members.too_late(self.members, now)

    def target_buckets(self) -> list[str]:
        return [] if self.region else [self.bucket]

    def target_places(self) -> list[tuple[str, str]]:
        return [(self.region, self.bucket)] if self.region else []

    def over_there(self, context: Context) -> Context:
        """For looks at the copies."""
        return context.in_region(self.region)

    def place(self, context: Context) -> Destination:
        return self.over_there(context).bucket(self.bucket)

    # --- How a task runs

    def only_call(self, target: Target, context: Context) -> Call | None:
        if copy_elsewhere.is_needed(self, target, context):
            return None
        habits = context.habits_of(self.place(context))
        tags_later = habits.tags_after_copy and (self.new_tags is not None or self._loses_tags)
        if tags_later or habits.tags_after_every_copy or self._locks_later(habits):
            return None
        return self._copy(target, context)

    def run(self, target: Target, context: Context) -> Steps:
        return (yield from self._paying(self._run(target, context)))

    def _paying(self, steps: Generator[Step, Any, T]) -> Generator[Step, Any, T]:
        return requester_pays.paid(steps) if self.members.get("RequesterPays") else steps

    def _run(self, target: Target, context: Context) -> Steps:
        """The tags to keep are read before the copy: that may be onto itself."""
        if copy_elsewhere.is_needed(self, target, context):
            return (yield from copy_elsewhere.run(self, target, context))
        if put_object_copy_large.is_known_too_large(self, target, context):
            return (yield from put_object_copy_large.run(self, target, context))
        source_tags = None
        if self._reads_tags(context.habits_of(self.place(context))):
            answer = yield from self.read_tags(target, context)
            if answer.code:
                return outcome_of(answer)
            source_tags = tags.from_answer(answer.data)
        began_s = context.now_s()
        answer = yield self._copy(target, context)
        while answer.proof is Proof.ODD:
            settled = yield from copy_looks.settle(self, target, context, began_s, answer)
            if settled is not None:
                if not settled.succeeded:
                    return settled
                break
            if not (yield Later()):
                return outcome_of(answer)
            answer = yield self._copy(target, context)
        else:
            if says_too_large(answer):
                return (yield from put_object_copy_large.run(self, target, context, answer))
            if answer.code:
                return refused(answer)
        return (yield from self.complete(target, context, answer, source_tags))

    def complete(
        self, target: Target, context: Context, answer: Answer, source_tags: tags.Tags | None
    ) -> Steps:
        """By calls of their own, what this storage does not take with a copy: of the version that
        the copy made; of the newest one where its answer names none.
        """
        there = self.place(context)
        habits = context.habits_of(there)
        made = {"Key": self.target_key(target.key)}
        if answer.data.get("VersionId"):
            made["VersionId"] = answer.data["VersionId"]
        calls: list[tuple[str, Call]] = []
        wanted = self.new_tags if self.new_tags is not None else source_tags
        # A copy whose metadata were replaced has no tags there already.
        clears = self.new_tags == () and self.metadata.replaced is None
        if habits.tags_after_copy and wanted is not None and (wanted or clears):
            tagging = {"Tagging": {"TagSet": tags.to_tag_set(wanted)}}
            calls.append(("its tags were not set", Call(there, "PutObjectTagging", made | tagging)))
        if habits.lock_after_copy:
            calls += copy_looks.lock_calls(self, there, made)
        for lacking, call in calls:
            answer = yield call
            if answer.code:
                outcome = outcome_of(answer)
                message = f"The object was copied, but {lacking}: {outcome.message}"
                return replace(outcome, message=message)
        return DONE

    def permissions(self) -> tuple[Permission, ...]:
        return copy_permissions.permissions(self.new_tags, self.members)

    def foresee(self, target: Target, context: Context) -> Steps:
        return (yield from self._paying(copy_foreseen.foresee(self, target, context)))

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Facts | None]:
        return (yield from self._paying(looks.facts_of(target, context)))

    def check(
        self, target: Target, context: Context, before: Facts | None
    ) -> Generator[Step, Any, Finding]:
        return (yield from self._paying(copy_looks.check(self, target, context, before)))

    def give_up(self, target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
        if copy_elsewhere.is_needed(self, target, context):
            return (yield from streamed_copy.give_up(context.kept, self.place(context)))
        return (yield from self._paying(put_object_copy_large.give_up(self, target, context)))

    def mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        return (yield from self._paying(self._mend(target, context, finding)))

    def _mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        habits = context.habits_of(self.place(context))
        if finding.lost not in copy_looks.MENDED:
            return False
        if finding.lost == copy_looks.TAGS:
            habits.tags_after_copy = True
            keeps_all = self.new_tags is None and not self._loses_tags
            habits.tags_after_every_copy = habits.tags_after_every_copy or keeps_all
        else:
            habits.lock_after_copy = True
        source_tags = None
        if self._reads_tags(habits):
            answer = yield from self.read_tags(target, context)
            if answer.code:
                return False
            source_tags = tags.from_answer(answer.data)
        outcome = yield from self.complete(target, context, Answer(200, "", ""), source_tags)
        return outcome.succeeded

    @property
    def _loses_tags(self) -> bool:
        """Whether the source's tags are to be kept though its metadata are not."""
        return self.new_tags is None and self.metadata.replaced is not None

    def _reads_tags(self, habits: Habits) -> bool:
        loses = habits.tags_after_copy and self._loses_tags
        return self.new_tags is None and (loses or habits.tags_after_every_copy)

    def read_tags(self, target: Target, context: Context) -> Generator[Step, Any, Answer]:
        call = Call(context.bucket(target.bucket), "GetObjectTagging", addressed(target))
        answer: Answer = yield call
        return answer

    def _locks_later(self, habits: Habits) -> bool:
        return habits.lock_after_copy and bool(copy_looks.LOCK_MEMBERS & self.members.keys())

    def setting(self) -> dict[str, Any]:
        """All but key, source and tags, as CopyObject takes it."""
        return copy_members.to_params(self.members) | self.metadata.to_params()

    def _copy(self, target: Target, context: Context) -> Call:
        source = {"Bucket": target.bucket, "Key": target.key}
        if target.version_id:
            source["VersionId"] = target.version_id
        params: dict[str, Any] = {
            "Key": self.target_key(target.key),
            "CopySource": source,
            **self.setting(),
        }
        if self.new_tags is not None:
            params["TaggingDirective"] = "REPLACE"
        if self.new_tags:
            # An empty header is signed, but some proxies drop it; without it there are no tags.
            params["Tagging"] = tags.to_header(self.new_tags)
        echoes = {"x-amz-server-side-encryption": self.metadata.sse} if self.metadata.sse else {}
        return Call(self.place(context), "CopyObject", params, echoes=echoes)
