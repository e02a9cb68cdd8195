"""Copy."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, TypeVar

from jobs.choices import OperationGroup, Risk
from jobs.errors import Problem
from jobs.operations import looks, tags
from jobs.operations.base import (
    Finding,
    Operation,
    Outcome,
    Steps,
    counted,
    named,
)
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.copying import (
    copy_elsewhere,
    copy_foreseen,
    copy_looks,
    copy_members,
    copy_onto_itself,
    copy_permissions,
    copy_plainly,
    put_object_copy_examples,
    put_object_copy_form,
    put_object_copy_large,
    requester_pays,
    streamed_copy,
)
from jobs.operations.copying.copy_metadata import CopyMetadata, parse_metadata
from jobs.operations.looks import Facts
from jobs.operations.permissions import Permission
from jobs.operations.requests import Requests
from jobs.operations.rewriting import onto_itself
from jobs.operations.rewriting.onto_itself_looks import Before
from jobs.operations.steps import Step
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.s3.arns import parse_bucket_arn
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.spec.target import Target

T = TypeVar("T")

MEMBERS = {*copy_members.ALL, "TargetRegion"}
"""All of the wire, and TargetRegion, which is ours."""


@dataclass(frozen=True, slots=True)
class PutObjectCopy(Operation):
    """`new_tags` None keeps the source's tags, () sets none. `members` are those wire members that
    are passed on as they were given (`copy_members.MEMBERS`). `region` is the slug of the Region where
    the bucket lies, empty for what the job's own means.

    Objects that are too large for one request go in parts (`put_object_copy_large`). For copies onto
    themselves see `copy_onto_itself`.
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
    calls = (
        *("CopyObject", "HeadObject", "GetObjectAcl", "GetObject", "PutObject", "UploadPart"),
        "GetObjectTagging",
        "PutObjectTagging",
        "CreateMultipartUpload",
        "UploadPartCopy",
        "ListParts",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
    )
    back = (
        "Delete the copies. What they replaced is there only where the destination keeps versions."
    )
    again = (
        "The same copy is written again, in a bucket with versions as one version more. "
        "Parts that are there are not copied again."
    )
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
        if self.is_onto_itself(buckets):
            return copy_onto_itself.consequence(self, total)
        there = f"{self.bucket}/{self.target_key('')}" if self.prefix else self.bucket
        region = f" in the Region {self.region}" if self.region else ""
        flows = f" {copy_elsewhere.FLOWS}" if self.region else ""
        return (
            f"Copies {counted(total)} from {named(buckets)} to {there}{region}.{flows}"
            f" Existing objects with the same name in {there} are overwritten."
            f"{self.metadata.loses_type()}"
        )

    def summary(self) -> list[tuple[str, str]]:
        kept = self.new_tags is None
        return [
            ("Destination", self.destination()),
            *([("Destination Region", self.region)] if self.region else []),
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

    def is_in(self, bucket: str) -> bool:
        """Whether copies go to that bucket of the job's own Region."""
        return not self.region and bucket == self.bucket

    def is_onto_itself(self, buckets: Sequence[str]) -> bool:
        """Whether objects of one of these buckets keep their place."""
        return not (self.prefix or self.region) and self.bucket in buckets

    def keeps_place(self, target: Target) -> bool:
        return not self.prefix and self.bucket == target.bucket

    def _is_onto_itself(self, target: Target, context: Context) -> bool:
        """A Region may be named and be the same place all the same."""
        flows = copy_elsewhere.is_needed(self, target, context)
        return self.keeps_place(target) and not flows

    def unfit_for(self, buckets: Sequence[str], *, has_versions: bool) -> list[Problem]:
        return copy_onto_itself.problems(self, buckets, has_versions=has_versions)

    # --- How a task runs

    def only_call(self, target: Target, context: Context) -> Call | None:
        if self.keeps_place(target) or copy_elsewhere.is_needed(self, target, context):
            return None
        return copy_plainly.only_call(self, target, context)

    def run(self, target: Target, context: Context) -> Steps:
        return (yield from self._paying(self._run(target, context)))

    def _paying(self, steps: Generator[Step, Any, T]) -> Generator[Step, Any, T]:
        return requester_pays.paid(steps) if self.members.get("RequesterPays") else steps

    def _run(self, target: Target, context: Context) -> Steps:
        if copy_elsewhere.is_needed(self, target, context):
            return (yield from copy_elsewhere.run(self, target, context))
        if self.keeps_place(target):
            return (yield from copy_onto_itself.run(self, target, context))
        if put_object_copy_large.is_known_too_large(self, target, context):
            return (yield from put_object_copy_large.run(self, target, context))
        answer = yield from copy_plainly.run(self, target, context)
        if isinstance(answer, Outcome):
            return answer
        return (yield from put_object_copy_large.run(self, target, context, answer))

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        own, elsewhere = self.is_onto_itself(buckets), bool(self.region)
        return copy_permissions.requests(self.new_tags, onto_itself=own, elsewhere=elsewhere)

    def permissions(self) -> tuple[Permission, ...]:
        return copy_permissions.permissions(self.new_tags, self.members)

    def foresee(self, target: Target, context: Context) -> Steps:
        if self._is_onto_itself(target, context):
            return (yield from self._paying(copy_onto_itself.foresee(self, target, context)))
        return (yield from self._paying(copy_foreseen.foresee(self, target, context)))

    def survey(
        self, target: Target, context: Context
    ) -> Generator[Step, Any, Facts | Before | None]:
        if self._is_onto_itself(target, context):
            return (yield from self._paying(copy_onto_itself.survey(self, target, context)))
        return (yield from self._paying(looks.facts_of(target, context)))

    def check(
        self, target: Target, context: Context, before: Facts | Before | None
    ) -> Generator[Step, Any, Finding]:
        if isinstance(before, Before) or self._is_onto_itself(target, context):
            return (yield from self._paying(copy_onto_itself.check(self, target, context, before)))
        return (yield from self._paying(copy_looks.check(self, target, context, before)))

    def mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        if self._is_onto_itself(target, context):
            steps = copy_onto_itself.mend(self, target, context, finding)
        else:
            steps = copy_plainly.mend(self, target, context, finding)
        return (yield from self._paying(steps))

    def give_up(self, target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
        if copy_elsewhere.is_needed(self, target, context):
            return (yield from streamed_copy.give_up(context.kept, self.place(context)))
        if self.keeps_place(target):
            return (yield from self._paying(onto_itself.give_up(target, context)))
        return (yield from self._paying(put_object_copy_large.give_up(self, target, context)))

    def read_tags(self, target: Target, context: Context) -> Generator[Step, Any, Answer]:
        call = Call(context.bucket(target.bucket), "GetObjectTagging", addressed(target))
        answer: Answer = yield call
        return answer

    def setting(self) -> dict[str, Any]:
        """All but key, source and tags, as CopyObject takes it."""
        return copy_members.to_params(self.members) | self.metadata.to_params()

    def copy_call(self, target: Target, context: Context) -> Call:
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
