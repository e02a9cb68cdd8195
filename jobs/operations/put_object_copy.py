"""Copy (reference 4.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from jobs.choices import Risk
from jobs.operations import tags
from jobs.operations.base import Operation, Outcome, counted, named, outcome_of
from jobs.operations.checking import Checker
from jobs.operations.copy_metadata import parse_metadata, to_params
from jobs.s3.arns import bucket_arn, check_bucket_name, parse_bucket_arn
from jobs.s3.calls import Answer, Call
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target

STORAGE_CLASSES = (
    "STANDARD",
    "STANDARD_IA",
    "ONEZONE_IA",
    "GLACIER",
    "INTELLIGENT_TIERING",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
)
CANNED_ACLS = (
    "private",
    "public-read",
    "public-read-write",
    "aws-exec-read",
    "authenticated-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
)
CHECKSUM_ALGORITHMS = ("CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME")
MEMBERS = {
    "TargetResource",
    "TargetKeyPrefix",
    "StorageClass",
    "MetadataDirective",
    "NewObjectMetadata",
    "NewObjectTagging",
    "CannedAccessControlList",
    "SSEAwsKmsKeyId",
    "BucketKeyEnabled",
    "ObjectLockLegalHoldStatus",
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "ModifiedSinceConstraint",
    "UnModifiedSinceConstraint",
    "RedirectLocation",
    "RequesterPays",
    "ChecksumAlgorithm",
}
"""What of reference 4.1 works today; grants and event holds do not."""

_PASSED_ON = {
    "StorageClass": "StorageClass",
    "CannedAccessControlList": "ACL",
    "SSEAwsKmsKeyId": "SSEKMSKeyId",
    "BucketKeyEnabled": "BucketKeyEnabled",
    "ObjectLockLegalHoldStatus": "ObjectLockLegalHoldStatus",
    "ObjectLockMode": "ObjectLockMode",
    "ObjectLockRetainUntilDate": "ObjectLockRetainUntilDate",
    "ModifiedSinceConstraint": "CopySourceIfModifiedSince",
    "UnModifiedSinceConstraint": "CopySourceIfUnmodifiedSince",
    "RedirectLocation": "WebsiteRedirectLocation",
    "ChecksumAlgorithm": "ChecksumAlgorithm",
}


@dataclass(frozen=True, slots=True)
class PutObjectCopy(Operation):
    """`new_tags` None keeps the source's tags, () sets none; `members` are the other wire members
    as they were given.
    """

    name = "S3PutObjectCopy"
    label = "Copy"
    risk = Risk.CAUTION
    single_bucket = True

    bucket: str
    prefix: str
    new_tags: tags.Tags | None
    metadata: Mapping[str, Any] | None
    members: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, MEMBERS)
        bucket = _parse_target(parameters.get("TargetResource"), check)
        prefix = check.text(parameters.get("TargetKeyPrefix"), "TargetKeyPrefix", high=1024) or ""
        new_tags = None
        if parameters.get("NewObjectTagging") is not None:
            new_tags = tags.parse_tag_set(parameters["NewObjectTagging"], "NewObjectTagging", check)
        metadata = parse_metadata(parameters, check)
        members = _parse_members(parameters, check)
        check.done()
        return cls(bucket, prefix, new_tags, metadata, members)

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {"TargetResource": bucket_arn(self.bucket), **self.members}
        if self.prefix:
            wire["TargetKeyPrefix"] = self.prefix
        if self.new_tags is not None:
            wire["NewObjectTagging"] = tags.to_tag_set(self.new_tags)
        if self.metadata is not None:
            wire |= {"MetadataDirective": "REPLACE", "NewObjectMetadata": dict(self.metadata)}
        return wire

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return (
            f"Copies {counted(total)} from {named(buckets)} to {self._place()}."
            " Existing objects with the same name there are overwritten."
        )

    def summary(self) -> list[tuple[str, str]]:
        kept = "Copied from the source"
        return [
            ("Destination", self._place()),
            ("Storage class", str(self.members.get("StorageClass", "STANDARD"))),
            ("Metadata", kept if self.metadata is None else "Replaced"),
            ("Tags", kept if self.new_tags is None else tags.to_text(self.new_tags)),
            *[(name, str(value)) for name, value in self.members.items() if name != "StorageClass"],
        ]

    def _place(self) -> str:
        return f"s3://{self.bucket}/{self.target_key('')}"

    def target_key(self, key: str) -> str:
        """The prefix is a folder: one slash joins it to the key, whether it ends in one or not."""
        return f"{self.prefix.rstrip('/')}/{key}" if self.prefix else key

    def target_buckets(self) -> list[str]:
        return [self.bucket]

    def start(self, target: Target, endpoint: Endpoint) -> Call:
        if endpoint.tags_after_copy and self.new_tags is None and self.metadata is not None:
            # Such a storage drops the tags with the metadata, so they are read first.
            return Call("GetObjectTagging", target.bucket, _addressed(target))
        return self._copy(target)

    def proceed(
        self, target: Target, endpoint: Endpoint, call: Call, answer: Answer
    ) -> Call | Outcome:
        if answer.code:
            return outcome_of(answer)
        if call.action == "GetObjectTagging":
            return self._copy(target, tags.from_answer(answer.data))
        wanted = self.new_tags if self.new_tags is not None else call.carried
        if call.action == "CopyObject" and endpoint.tags_after_copy and wanted is not None:
            return self._tag(target, wanted, answer)
        return outcome_of(answer)

    def _copy(self, target: Target, source_tags: tags.Tags | None = None) -> Call:
        source = {"Bucket": target.bucket, "Key": target.key}
        if target.version_id:
            source["VersionId"] = target.version_id
        params: dict[str, Any] = {
            "Key": self.target_key(target.key),
            "CopySource": source,
            **{_PASSED_ON[n]: v for n, v in self.members.items() if n in _PASSED_ON},
            **to_params(self.metadata),
        }
        if self.members.get("RequesterPays"):
            params["RequestPayer"] = "requester"
        if self.new_tags is not None:
            params |= {"TaggingDirective": "REPLACE", "Tagging": tags.to_header(self.new_tags)}
        return Call("CopyObject", self.bucket, params, carried=source_tags)

    def _tag(self, target: Target, wanted: tags.Tags, answer: Answer) -> Call:
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


def _parse_target(value: Any, check: Checker) -> str:
    try:
        bucket = parse_bucket_arn(str(value or ""))
        check_bucket_name(bucket)
    except ValueError as error:
        check.say("TargetResource", str(error) if value else "Enter the destination bucket.")
        return ""
    return bucket


def _parse_members(parameters: Mapping[str, Any], check: Checker) -> dict[str, Any]:
    def given(name: str) -> Any:
        return parameters.get(name)

    members = {
        "StorageClass": check.choice(given("StorageClass"), "StorageClass", STORAGE_CLASSES),
        "CannedAccessControlList": check.choice(
            given("CannedAccessControlList"), "CannedAccessControlList", CANNED_ACLS
        ),
        "SSEAwsKmsKeyId": check.text(given("SSEAwsKmsKeyId"), "SSEAwsKmsKeyId", high=2000),
        "BucketKeyEnabled": check.flag(given("BucketKeyEnabled"), "BucketKeyEnabled"),
        "RequesterPays": check.flag(given("RequesterPays"), "RequesterPays"),
        "RedirectLocation": check.text(given("RedirectLocation"), "RedirectLocation", high=2048),
        "ChecksumAlgorithm": check.choice(
            given("ChecksumAlgorithm"), "ChecksumAlgorithm", CHECKSUM_ALGORITHMS
        ),
        "ModifiedSinceConstraint": check.moment(
            given("ModifiedSinceConstraint"), "ModifiedSinceConstraint"
        ),
        "UnModifiedSinceConstraint": check.moment(
            given("UnModifiedSinceConstraint"), "UnModifiedSinceConstraint"
        ),
        **_parse_lock(parameters, check),
    }
    return {name: value for name, value in members.items() if value is not None}


def _parse_lock(parameters: Mapping[str, Any], check: Checker) -> dict[str, Any]:
    mode = check.choice(
        parameters.get("ObjectLockMode"), "ObjectLockMode", ("COMPLIANCE", "GOVERNANCE")
    )
    until = check.moment(parameters.get("ObjectLockRetainUntilDate"), "ObjectLockRetainUntilDate")
    if (mode is None) != (until is None):
        check.say("ObjectLockMode", "Object Lock needs both a mode and a date.")
    hold = check.choice(
        parameters.get("ObjectLockLegalHoldStatus"), "ObjectLockLegalHoldStatus", ("ON", "OFF")
    )
    return {
        "ObjectLockMode": mode,
        "ObjectLockRetainUntilDate": until,
        "ObjectLockLegalHoldStatus": hold,
    }
