"""What a task of Replicate does with what it found: its copies, and how it fails."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from jobs.operations.base import Outcome, Steps, outcome_of
from jobs.operations.context import Context
from jobs.operations.copying.copy_metadata import CopyMetadata
from jobs.operations.looks import Facts, Seen
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.steps import Keep
from jobs.s3.arns import bucket_arn
from jobs.s3.replication_rules import Rule
from jobs.spec.target import Target

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
NOT_ELIGIBLE = "SrcObjectNotEligible"
NO_CONFIGURATION = "SrcBucketReplicationConfigMissing"
UNKNOWN = "DstBucketNotFound"
"""AWS's own names in reports, as are the others here that begin with Src and Dst."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The object as it was looked at, and the copies of it that are to be made."""

    facts: Facts
    copies: tuple[PutObjectCopy, ...]


def is_kms(facts: Facts) -> bool:
    return str(facts.data.get("ServerSideEncryption", "")).startswith("aws:kms")


def is_archived(facts: Facts) -> bool:
    """One that was restored is archived still: AWS replicates it from another class alone."""
    return facts.data.get("StorageClass") in ARCHIVED or bool(facts.data.get("ArchiveStatus"))


def copy_to(bucket: str) -> PutObjectCopy:
    return PutObjectCopy(bucket_arn(bucket))


def copy_by(rule: Rule, facts: Facts, now_s: float) -> PutObjectCopy:
    """What CopyObject would leave behind goes with it as the object has it: storage class, redirect,
    lock. Its metadata and tags go by themselves.
    """
    data, members = facts.data, _lock_of(facts, now_s)
    kept_as = rule.storage_class or data.get("StorageClass", "STANDARD")
    if kept_as != "STANDARD":
        members["StorageClass"] = kept_as
    if data.get("WebsiteRedirectLocation"):
        members["RedirectLocation"] = data["WebsiteRedirectLocation"]
    metadata = CopyMetadata()
    if rule.kms_key and is_kms(facts):
        members["SSEAwsKmsKeyId"] = rule.kms_key
        metadata = CopyMetadata(encryption="KMS")
    return replace(copy_to(rule.bucket), members=members, metadata=metadata)


def _lock_of(facts: Facts, now_s: float) -> dict[str, Any]:
    members: dict[str, Any] = {}
    until = facts.data.get("ObjectLockRetainUntilDate")
    if isinstance(until, datetime) and until > datetime.fromtimestamp(now_s, UTC):
        members["ObjectLockMode"] = facts.data.get("ObjectLockMode")
        members["ObjectLockRetainUntilDate"] = until.isoformat()
    if facts.data.get("ObjectLockLegalHoldStatus") == "ON":
        members["ObjectLockLegalHoldStatus"] = "ON"
    return members


# --- How a task fails


def not_eligible(why: str) -> Outcome:
    return Outcome(False, 500, NOT_ELIGIBLE, f"Object is not eligible for replication: {why}.")


def why_none(bucket: str, *, is_kms: bool) -> str:
    if is_kms:
        return f"it is encrypted with KMS, and no enabled rule of {bucket} covers such objects with this key"
    return f"no enabled rule of {bucket} covers it"


def no_rules(bucket: str) -> Outcome:
    sentence = f"Bucket {bucket} has no replication configuration with an enabled rule."
    return Outcome(False, 404, NO_CONFIGURATION, sentence)


def unknown_place(bucket: str) -> Outcome:
    sentence = f"Where bucket {bucket} lies is found while a job is prepared, and was not asked."
    return Outcome(False, 404, UNKNOWN, sentence)


def unseen(target: Target, seen: Seen) -> Outcome:
    """Of an object that could not be looked at."""
    if seen.is_gone:
        code = "NoSuchVersion" if target.version_id else "NoSuchKey"
        return Outcome(False, 404, code, "The object does not exist.")
    if seen.answer.http_status == 405:
        return not_eligible("it is a delete marker")
    if seen.answer.code:
        return outcome_of(seen.answer)
    return Outcome(
        False, 502, "UnclearAnswer", "The answer to HeadObject lacks the size or the ETag."
    )


def failure(done: Sequence[str], failed: Sequence[tuple[str, Outcome]]) -> Outcome:
    """The first that failed gives the code; all of them are named."""
    told = [f"Not copied to {bucket}: {outcome.message}" for bucket, outcome in failed]
    if done:
        told.insert(0, f"Copied to {' and '.join(done)}.")
    first = failed[0][1]
    return replace(first, message=" ".join(told))


# --- States of a task, of which each copy may keep one


def as_part(copy: PutObjectCopy, target: Target, context: Context) -> Steps:
    """A copy as a part of a task: what it keeps is known by its bucket, and by the next worker given
    to the same copy alone.
    """
    bucket, state = state_of(context.kept)
    own = replace(context, kept=state if bucket == copy.bucket else b"") if bucket else context
    steps = copy.run(target, own)
    told: Any = None
    while True:
        try:
            step = steps.throw(told) if isinstance(told, Exception) else steps.send(told)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if isinstance(step, Keep) and step.state:
            step = Keep(copy.bucket.encode() + b"\n" + step.state)
        try:
            told = yield step
        except Exception as error:
            told = error


def state_of(kept: bytes) -> tuple[str, bytes]:
    """The bucket whose copy kept it, empty for none, and what it kept."""
    bucket, _, state = kept.partition(b"\n")
    return bucket.decode(), state
