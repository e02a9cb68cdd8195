"""Copy."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.errors import Problem
from jobs.operations import (
    copy_foreseen,
    copy_looks,
    copy_members,
    copy_onto_itself,
    looks,
    onto_itself,
    put_object_copy_form,
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
from jobs.operations.copy_metadata import CopyMetadata, parse_metadata
from jobs.operations.looks import Facts
from jobs.operations.onto_itself_looks import Before
from jobs.operations.steps import Later, Step
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.s3.arns import parse_bucket_arn
from jobs.s3.proof import Proof
from jobs.services.call import Call
from jobs.services.habits import Habits
from jobs.spec.target import Target

MEMBERS = {
    "TargetResource",
    "TargetKeyPrefix",
    "NewObjectTagging",
    "MetadataDirective",
    "NewObjectMetadata",
    *copy_members.MEMBERS,
}
"""All of the wire without annotations and event holds, which no S3-compatible storage has yet."""


@dataclass(frozen=True, slots=True)
class PutObjectCopy(Operation):
    """`new_tags` None keeps the source's tags, () sets none. `members` are those wire members that
    are passed on as they were given (`copy_members.MEMBERS`).

    Objects over 5 GB fail with S3's own answer. For copies onto themselves see `copy_onto_itself`.
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
    examples = put_object_copy_form.EXAMPLES
    single_bucket = True
    keeps_state = True

    resource: str
    prefix: str = ""
    new_tags: tags.Tags | None = None
    metadata: CopyMetadata = field(default_factory=CopyMetadata)
    members: Mapping[str, Any] = field(default_factory=dict)

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
        if "SSEAwsKmsKeyId" in members and metadata.encryption != "KMS":
            check.say("SSEAwsKmsKeyId", "A KMS key needs KMS as NewObjectMetadata.SSEAlgorithm.")
        check.done()
        return cls(resource, prefix, new_tags, metadata, members)

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {"TargetResource": self.resource, **self.members}
        if self.prefix:
            wire["TargetKeyPrefix"] = self.prefix
        if self.new_tags is not None:
            wire["NewObjectTagging"] = tags.to_tag_set(self.new_tags)
        return wire | self.metadata.to_wire()

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        if self.is_onto_itself(buckets):
            return copy_onto_itself.consequence(self, total)
        there = f"{self.bucket}/{self.target_key('')}" if self.prefix else self.bucket
        return (
            f"Copies {counted(total)} from {named(buckets)} to {there}."
            f" Existing objects with the same name in {there} are overwritten."
            f"{self.metadata.loses_type()}"
        )

    def summary(self) -> list[tuple[str, str]]:
        kept = self.new_tags is None
        return [
            ("Destination", self.destination()),
            ("Storage class", copy_members.class_to_text(self.members)),
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

    def target_buckets(self) -> list[str]:
        return [self.bucket]

    def is_onto_itself(self, buckets: Sequence[str]) -> bool:
        """Whether objects of one of these buckets keep their place."""
        return not self.prefix and self.bucket in buckets

    def unfit_for(self, buckets: Sequence[str], *, has_versions: bool) -> list[Problem]:
        return copy_onto_itself.problems(self, buckets, has_versions=has_versions)

    # --- How a task runs

    def only_call(self, target: Target, context: Context) -> Call | None:
        if self.is_onto_itself((target.bucket,)):
            return None
        habits = context.habits_of(context.bucket(self.bucket))
        tags_later = habits.tags_after_copy and (self.new_tags is not None or self._loses_tags)
        if tags_later or habits.tags_after_every_copy or self._locks_later(habits):
            return None
        return self.copy_call(target, context)

    def run(self, target: Target, context: Context) -> Steps:
        """The tags to keep are read before the copy."""
        if self.is_onto_itself((target.bucket,)):
            return (yield from copy_onto_itself.run(self, target, context))
        source_tags = None
        if self._reads_tags(context.habits_of(context.bucket(self.bucket))):
            answer = yield from self._read_tags(target, context)
            if answer.code:
                return outcome_of(answer)
            source_tags = tags.from_answer(answer.data)
        began_s = context.now_s()
        answer = yield self.copy_call(target, context)
        while answer.proof is Proof.ODD:
            settled = yield from copy_looks.settle(self, target, context, began_s, answer)
            if settled is not None:
                if not settled.succeeded:
                    return settled
                break
            if not (yield Later()):
                return outcome_of(answer)
            answer = yield self.copy_call(target, context)
        else:
            if answer.code:
                return outcome_of(answer)
        return (yield from self.complete(target, context, answer, source_tags))

    def complete(
        self, target: Target, context: Context, answer: Answer, source_tags: tags.Tags | None
    ) -> Steps:
        """By calls of their own, what this storage does not take with a copy: of the version that
        the copy made; of the newest one where its answer names none.
        """
        there = context.bucket(self.bucket)
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

    def foresee(self, target: Target, context: Context) -> Steps:
        if self.is_onto_itself((target.bucket,)):
            return (yield from copy_onto_itself.foresee(self, target, context))
        return (yield from copy_foreseen.foresee(self, target, context))

    def survey(
        self, target: Target, context: Context
    ) -> Generator[Step, Any, Facts | Before | None]:
        if self.is_onto_itself((target.bucket,)):
            return (yield from copy_onto_itself.survey(self, target, context))
        return (yield from looks.facts_of(target, context))

    def check(
        self, target: Target, context: Context, before: Facts | Before | None
    ) -> Generator[Step, Any, Finding]:
        if self.is_onto_itself((target.bucket,)) or isinstance(before, Before):
            return (yield from copy_onto_itself.check(self, target, context, before))
        return (yield from copy_looks.check(self, target, context, before))

    def mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        if self.is_onto_itself((target.bucket,)):
            return (yield from copy_onto_itself.mend(self, target, context, finding))
        habits = context.habits_of(context.bucket(self.bucket))
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
            answer = yield from self._read_tags(target, context)
            if answer.code:
                return False
            source_tags = tags.from_answer(answer.data)
        outcome = yield from self.complete(target, context, Answer(200, "", ""), source_tags)
        return outcome.succeeded

    def give_up(self, target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
        return (yield from onto_itself.give_up(target, context))

    @property
    def _loses_tags(self) -> bool:
        """Whether the source's tags are to be kept though its metadata are not."""
        return self.new_tags is None and self.metadata.replaced is not None

    def _reads_tags(self, habits: Habits) -> bool:
        loses = habits.tags_after_copy and self._loses_tags
        return self.new_tags is None and (loses or habits.tags_after_every_copy)

    def _read_tags(self, target: Target, context: Context) -> Generator[Step, Any, Answer]:
        call = Call(context.bucket(target.bucket), "GetObjectTagging", addressed(target))
        answer: Answer = yield call
        return answer

    def _locks_later(self, habits: Habits) -> bool:
        return habits.lock_after_copy and bool(copy_looks.LOCK_MEMBERS & self.members.keys())

    def copy_call(self, target: Target, context: Context) -> Call:
        source = {"Bucket": target.bucket, "Key": target.key}
        if target.version_id:
            source["VersionId"] = target.version_id
        params: dict[str, Any] = {
            "Key": self.target_key(target.key),
            "CopySource": source,
            **copy_members.to_params(self.members),
            **self.metadata.to_params(),
        }
        if self.new_tags is not None:
            params["TaggingDirective"] = "REPLACE"
        if self.new_tags:
            # An empty header is signed, but some proxies drop it; without it there are no tags.
            params["Tagging"] = tags.to_header(self.new_tags)
        echoes = {"x-amz-server-side-encryption": self.metadata.sse} if self.metadata.sse else {}
        return Call(context.bucket(self.bucket), "CopyObject", params, echoes=echoes)
