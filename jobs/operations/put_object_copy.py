"""Copy (reference 4.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from jobs.choices import Risk
from jobs.operations import copy_members, tags
from jobs.operations.base import Operation, Outcome, counted, named, outcome_of
from jobs.operations.checking import Checker
from jobs.operations.copy_members import CANNED_ACLS, STORAGE_CLASS_LABELS
from jobs.operations.copy_metadata import CopyMetadata, parse_metadata
from jobs.s3.arns import parse_bucket_arn
from jobs.s3.calls import Answer, Call
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target

__all__ = ["CANNED_ACLS", "STORAGE_CLASS_LABELS", "PutObjectCopy"]

MEMBERS = {
    "TargetResource",
    "TargetKeyPrefix",
    "NewObjectTagging",
    "MetadataDirective",
    "NewObjectMetadata",
    *copy_members.MEMBERS,
}
"""Reference 4.1 without annotations and event holds, which no S3-compatible storage has yet."""


@dataclass(frozen=True, slots=True)
class PutObjectCopy(Operation):
    """`new_tags` None keeps the source's tags, () sets none. `members` are those wire members that
    are passed on as they were given (`copy_members.MEMBERS`).

    Objects over 5 GB and copies onto themselves that change nothing fail with S3's own answer.
    """

    name = "S3PutObjectCopy"
    label = "Copy"
    risk = Risk.CAUTION
    single_bucket = True

    resource: str
    prefix: str = ""
    new_tags: tags.Tags | None = None
    metadata: CopyMetadata = field(default_factory=CopyMetadata)
    members: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, MEMBERS)
        resource = _parse_resource(parameters.get("TargetResource"), check)
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
        there = f"{self.bucket}/{self.target_key('')}" if self.prefix else self.bucket
        return (
            f"Copies {counted(total)} from {named(buckets)} to {there}."
            f" Existing objects with the same name in {there} are overwritten."
        )

    def summary(self) -> list[tuple[str, str]]:
        kept = self.new_tags is None
        return [
            ("Destination", self.destination()),
            ("Storage class", STORAGE_CLASS_LABELS[self.members.get("StorageClass", "STANDARD")]),
            *self.metadata.summary(),
            ("Object tags", "Keep the source's" if kept else tags.to_text(self.new_tags or ())),
            *copy_members.summary(self.members),
        ]

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

    def is_one_call(self, endpoint: Endpoint) -> bool:
        return not endpoint.tags_after_copy

    def start(self, target: Target, endpoint: Endpoint) -> Call:
        if endpoint.tags_after_copy and self._loses_tags:
            return Call("GetObjectTagging", target.bucket, _addressed(target))
        return self._copy(target)

    @property
    def _loses_tags(self) -> bool:
        """Where tags follow the metadata's directive, the ones to keep are read before the copy."""
        return self.new_tags is None and self.metadata.replaced is not None

    def proceed(
        self, target: Target, endpoint: Endpoint, call: Call, answer: Answer
    ) -> Call | Outcome:
        if call.action == "PutObjectTagging":
            return _tagged(outcome_of(answer))
        if answer.code:
            return outcome_of(answer)
        if call.action == "GetObjectTagging":
            return self._copy(target, tags.from_answer(answer.data))
        wanted = self.new_tags if self.new_tags is not None else call.carried
        # A copy whose metadata were replaced has no tags there already.
        if endpoint.tags_after_copy and (
            wanted or (wanted == () and self.metadata.replaced is None)
        ):
            return self._tag(target, wanted, answer)
        return outcome_of(answer)

    def _copy(self, target: Target, source_tags: tags.Tags | None = None) -> Call:
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
        return Call("CopyObject", self.bucket, params, carried=source_tags)

    def _tag(self, target: Target, wanted: tags.Tags, answer: Answer) -> Call:
        """Tags the version that the copy made; the newest one where its answer names none."""
        params: dict[str, Any] = {
            "Key": self.target_key(target.key),
            "Tagging": {"TagSet": tags.to_tag_set(wanted)},
        }
        if answer.data.get("VersionId"):
            params["VersionId"] = answer.data["VersionId"]
        return Call("PutObjectTagging", self.bucket, params)


def _addressed(target: Target) -> dict[str, Any]:
    version = {"VersionId": target.version_id} if target.version_id else {}
    return {"Key": target.key, **version}


def _tagged(outcome: Outcome) -> Outcome:
    """Half done is said so: the copy is there, its tags are not."""
    if outcome.succeeded:
        return outcome
    message = f"The object was copied, but its tags were not set: {outcome.message}"
    return replace(outcome, message=message)


def _parse_resource(value: Any, check: Checker) -> str:
    arn = check.text(value, "TargetResource", high=128)
    if arn is None:
        if value is None:
            check.say("TargetResource", "Enter the destination bucket.")
        return ""
    if ":s3express:" in arn:
        check.say("TargetResource", "A directory bucket can not be the destination yet.")
        return arn
    try:
        parse_bucket_arn(arn)
    except ValueError as error:
        check.say("TargetResource", str(error))
    return arn
