"""The plain members of a copy: each checked by itself, and passed on to CopyObject.

See docs/batch-operations.md, Copy.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobs.errors import Problem
from jobs.operations.checking import Checker, given
from jobs.operations.copying import copy_event_hold, copy_grants
from jobs.s3.arns import parse_bucket_arn

STORAGE_CLASSES = (
    "STANDARD",
    "STANDARD_IA",
    "ONEZONE_IA",
    "GLACIER",
    "INTELLIGENT_TIERING",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
)
STORAGE_CLASS_LABELS = {
    "STANDARD": "Standard",
    "STANDARD_IA": "Standard-IA",
    "ONEZONE_IA": "One Zone-IA",
    "INTELLIGENT_TIERING": "Intelligent-Tiering",
    "GLACIER_IR": "Glacier Instant Retrieval",
    "GLACIER": "Glacier Flexible Retrieval",
    "DEEP_ARCHIVE": "Glacier Deep Archive",
}
UNSPECIFIED_CLASS = "Standard, or unchanged for copies onto themselves"
CANNED_ACLS = (
    "private",
    "public-read",
    "public-read-write",
    "aws-exec-read",
    "authenticated-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
)
CHECKSUM_ALGORITHMS = (
    "CRC32",
    "CRC32C",
    "SHA1",
    "SHA256",
    "CRC64NVME",
    "SHA512",
    "MD5",
    "XXHASH64",
    "XXHASH3",
    "XXHASH128",
)
LOCK_MODES = ("COMPLIANCE", "GOVERNANCE")
ON_OFF = ("ON", "OFF")
ANNOTATIONS = ("COPY", "EXCLUDE")

_CHOICES = {
    "StorageClass": STORAGE_CLASSES,
    "CannedAccessControlList": CANNED_ACLS,
    "ChecksumAlgorithm": CHECKSUM_ALGORITHMS,
    "ObjectLockMode": LOCK_MODES,
    "ObjectLockLegalHoldStatus": ON_OFF,
    "ObjectLockEventHold": ON_OFF,
    "AnnotationDirective": ANNOTATIONS,
}
_FLAGS = ("BucketKeyEnabled", "RequesterPays")
_MOMENTS = ("ModifiedSinceConstraint", "UnModifiedSinceConstraint", "ObjectLockRetainUntilDate")
_TEXTS = {"SSEAwsKmsKeyId": 2000, "RedirectLocation": 2048}

MEMBERS = {*_CHOICES, *_FLAGS, *_MOMENTS, *_TEXTS, "AccessControlGrants", copy_event_hold.DURATION}
"""Those that are passed on as they were given."""

ALL = MEMBERS | {
    *("TargetResource", "TargetKeyPrefix", "NewObjectTagging"),
    *("MetadataDirective", "NewObjectMetadata"),
}

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
    "ObjectLockEventHold": "ObjectLockEventHold",
    "AnnotationDirective": "AnnotationDirective",
}
_LABELS = {
    "CannedAccessControlList": "Canned ACL",
    "SSEAwsKmsKeyId": "KMS key",
    "BucketKeyEnabled": "Bucket Key",
    "ObjectLockMode": "Object Lock mode",
    "ObjectLockRetainUntilDate": "Object Lock retain until",
    "ObjectLockLegalHoldStatus": "Object Lock legal hold",
    "ObjectLockEventHold": "Object Lock event hold",
    "AnnotationDirective": "Annotations",
    "ModifiedSinceConstraint": "Only if modified since",
    "UnModifiedSinceConstraint": "Only if not modified since",
    "RedirectLocation": "Website redirect location",
    "RequesterPays": "Requester pays",
    "ChecksumAlgorithm": "Checksum",
}


def parse_resource(value: Any, check: Checker) -> str:
    arn = check.text(value, "TargetResource", high=128)
    if arn is None:
        if value is None:
            check.say("TargetResource", "Enter the destination bucket.")
        return ""
    if ":s3express:" in arn:
        check.say("TargetResource", "A directory bucket cannot be the destination yet.")
        return arn
    try:
        parse_bucket_arn(arn)
    except ValueError as error:
        check.say("TargetResource", str(error))
    return arn


def parse_members(parameters: Mapping[str, Any], check: Checker) -> dict[str, Any]:
    """Those of MEMBERS that were given, as they were given."""
    members = given(
        {
            **{name: check.choice(parameters.get(name), name, _CHOICES[name]) for name in _CHOICES},
            **{name: check.flag(parameters.get(name), name) for name in _FLAGS},
            **{name: check.moment(parameters.get(name), name) for name in _MOMENTS},
            **{
                name: check.header(parameters.get(name), name, high=_TEXTS[name]) for name in _TEXTS
            },
            "AccessControlGrants": copy_grants.parse_grants(
                parameters.get("AccessControlGrants"), check
            ),
            copy_event_hold.DURATION: copy_event_hold.parse_duration(
                parameters.get(copy_event_hold.DURATION),
                parameters.get(copy_event_hold.HOLD),
                check,
            ),
        }
    )
    _check_together(members, check)
    return members


def _check_together(members: Mapping[str, Any], check: Checker) -> None:
    if ("ObjectLockMode" in members) != ("ObjectLockRetainUntilDate" in members):
        check.say("ObjectLockMode", "Object Lock needs both a mode and a date.")
    if "CannedAccessControlList" in members and "AccessControlGrants" in members:
        check.say("AccessControlGrants", "Give either a canned ACL or grants, not both.")
    redirect = members.get("RedirectLocation")
    if redirect and not redirect.startswith(("/", "http://", "https://")):
        check.say("RedirectLocation", "RedirectLocation must start with /, http:// or https://.")


def to_params(members: Mapping[str, Any]) -> dict[str, Any]:
    """As CopyObject takes them."""
    params = {
        _PASSED_ON[name]: datetime.fromisoformat(value) if name in _MOMENTS else value
        for name, value in members.items()
        if name in _PASSED_ON
    }
    params |= reading(members)
    params |= copy_event_hold.to_params(members)
    return params | copy_grants.to_params(members.get("AccessControlGrants", ()))


def too_late(members: Mapping[str, Any], now: datetime) -> list[Problem]:
    until = members.get("ObjectLockRetainUntilDate")
    if until is None or datetime.fromisoformat(until) > now:
        return []
    name = "ObjectLockRetainUntilDate"
    return [Problem(name, f"{name} has passed. Enter a date in the future.")]


def reading(members: Mapping[str, Any]) -> dict[str, Any]:
    """What goes with each call that reads the source."""
    return {"RequestPayer": "requester"} if members.get("RequesterPays") else {}


def class_to_text(members: Mapping[str, Any]) -> str:
    chosen = members.get("StorageClass")
    return STORAGE_CLASS_LABELS[chosen] if chosen else UNSPECIFIED_CLASS


def summary(members: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = [(label, _to_text(members[name])) for name, label in _LABELS.items() if name in members]
    if "AccessControlGrants" in members:
        pairs.append(("Grants", copy_grants.to_text(members["AccessControlGrants"])))
    if copy_event_hold.DURATION in members:
        duration = copy_event_hold.to_text(members[copy_event_hold.DURATION])
        pairs.append(("Locked after the event", f"For {duration}"))
    return pairs


def _to_text(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)
