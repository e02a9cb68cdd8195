"""What an object has that a copy onto itself must carry, since CopyObject loses it: read before the copy.

CopyObject resets storage class, access control list, website redirect and lock; with new metadata it
also drops those that are not named again (docs/operations.md, Copies onto themselves).
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Outcome, outcome_of
from jobs.operations.context import Context
from jobs.operations.looks import Facts, Seen
from jobs.operations.permissions import (
    GET_ACL,
    GET_HOLD,
    GET_OBJECT,
    GET_RETENTION,
    GET_TAGS,
    PUT_ACL,
    PUT_HOLD,
    PUT_OBJECT,
    PUT_RETENTION,
    PUT_TAGS,
)
from jobs.operations.rewriting import carried_acl
from jobs.operations.steps import Step
from jobs.operations.tags import Tags, from_answer
from jobs.operations.unchanged import CHANGED
from jobs.s3.answers import UNCLEAR
from jobs.spec.target import Guard, Target

CHANGED_SINCE = Outcome(
    False, 412, CHANGED, "The object was changed since it was looked at. It was left as it is."
)
SSE_C = (
    "A copy onto itself cannot carry the encryption of an object with a key of the customer's own"
    " (SSE-C): nobody gives us that key. It was left as it is."
)
_HEAD_400 = (
    "The storage does not show this object (400). It may be encrypted with a key of the customer's"
    " own (SSE-C), which nobody gives us. It was left as it is."
)
_SSE = {"AES256", "aws:kms", "aws:kms:dsse"}
_EVENT_HOLD = (
    "ObjectLockEventHold",
    "ObjectLockEventHoldDurationDays",
    "ObjectLockEventHoldDurationYears",
)
ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}

_LISTS, _TAGGED, _LOCKED = (
    "where access control lists are not the usual ones",
    "where objects have tags",
    "where objects are locked",
)
PERMISSIONS = (
    *(GET_OBJECT, PUT_OBJECT, GET_ACL, PUT_ACL.when(_LISTS)),
    *(GET_TAGS.when(_TAGGED), PUT_TAGS.when(_TAGGED)),
    *(GET_RETENTION.when(_LOCKED), PUT_RETENTION.when(_LOCKED)),
    *(GET_HOLD.when(_LOCKED), PUT_HOLD.when(_LOCKED)),
)
"""Of operations that copy objects onto themselves."""

Params = dict[str, Any]
"""Of CopyObject."""


@dataclass(frozen=True, slots=True)
class Owned:
    """`headers` of HeadObject's answer have names in small letters. `acl` is what CopyObject is told
    of the access control list, empty for the usual one and where it was not read; `tags` is None
    where nobody read them. `is_changed`: it is not what `Target.guard` says, which an earlier try of
    this task may have done, or somebody else.
    """

    facts: Facts
    headers: Mapping[str, str]
    acl: Mapping[str, str]
    tags: Tags | None = None
    is_changed: bool = False


Reading = Generator[Step, Any, Owned | Outcome]


def read(target: Target, context: Context) -> Reading:
    """What HeadObject shows; how the task fails where the object cannot be carried over."""
    seen = yield from looks.see(target, context, is_look=False)
    facts = seen.facts
    if facts is None:
        return _unseen(seen)
    if facts.data.get("SSECustomerAlgorithm"):
        return Outcome(False, 400, "InvalidRequest", SSE_C)
    is_changed = bool(target.guard) and not _is_as_seen(target.guard or Guard(), facts)
    if is_changed and not context.tried_since_s:
        return CHANGED_SINCE
    return Owned(facts, seen.answer.headers, {}, is_changed=is_changed)


def read_rest(
    owned: Owned, target: Target, context: Context, *, acl: bool, with_tags: bool
) -> Reading:
    """What it does not show, as far as a copy has to be told."""
    granted = (yield from carried_acl.read(target, context)) if acl else {}
    if isinstance(granted, Outcome):
        return granted
    found_tags = None
    if with_tags:
        answer = yield looks.ask(target, context, "GetObjectTagging", is_look=False)
        if answer.code:
            return outcome_of(answer)
        found_tags = from_answer(answer.data)
    return replace(owned, acl=granted, tags=found_tags)


def _unseen(seen: Seen) -> Outcome:
    answer = seen.answer
    if seen.is_gone:
        return Outcome(False, 404, "NoSuchKey", "There is no such object.")
    if answer.http_status == 400:
        return Outcome(False, 400, answer.code, _HEAD_400)
    if answer.code:
        return outcome_of(answer)
    return Outcome(False, 200, UNCLEAR, "The answer to HeadObject lacks the size or the ETag.")


def _is_as_seen(guard: Guard, facts: Facts) -> bool:
    """As far as the guard says what it was like."""
    changed = facts.last_modified
    return (
        (not guard.etag or guard.etag.strip('"') == facts.etag.strip('"'))
        and (guard.size_bytes is None or guard.size_bytes == facts.size_bytes)
        and (not guard.version_id or guard.version_id == version_of(facts.data))
        and (
            guard.last_modified_s is None
            or changed is None
            or abs(changed.timestamp() - guard.last_modified_s) < 1
        )
    )


def version_of(data: Mapping[str, Any]) -> str:
    """ "null" in a bucket without versions."""
    return str(data.get("VersionId") or "null")


def class_of(data: Mapping[str, Any]) -> str:
    """HeadObject does not name the usual one."""
    return str(data.get("StorageClass") or "STANDARD")


def is_archived(data: Mapping[str, Any]) -> bool:
    """And not restored, so that nothing can be copied of it."""
    is_ready = 'ongoing-request="false"' in str(data.get("Restore", ""))
    return (class_of(data) in ARCHIVES or bool(data.get("ArchiveStatus"))) and not is_ready


def filled(told: Mapping[str, Any], owned: Owned, now_s: float) -> Params:
    """What is told, and all else as the object has it; metadata are told or stay by themselves. None
    keeps something from being carried.
    """
    data = owned.facts.data
    params: Params = {"StorageClass": class_of(data), "TaggingDirective": "COPY"}
    if data.get("WebsiteRedirectLocation"):
        params["WebsiteRedirectLocation"] = data["WebsiteRedirectLocation"]
    if "ServerSideEncryption" not in told:
        params |= encryption_of(data)
    if "ACL" not in told and not any(name.startswith("Grant") for name in told):
        params |= owned.acl
    if "ObjectLockMode" not in told:
        params |= _retention_of(data, now_s)
    if data.get("ObjectLockLegalHoldStatus") == "ON":
        params["ObjectLockLegalHoldStatus"] = "ON"
    return {name: value for name, value in {**params, **told}.items() if value is not None}


def encryption_of(data: Mapping[str, Any]) -> Params:
    sse = data.get("ServerSideEncryption")
    if sse not in _SSE:
        return {}
    params: Params = {"ServerSideEncryption": sse}
    if sse != "AES256" and data.get("SSEKMSKeyId"):
        params["SSEKMSKeyId"] = data["SSEKMSKeyId"]
    if sse == "aws:kms":
        params["BucketKeyEnabled"] = bool(data.get("BucketKeyEnabled"))
    return params


def _retention_of(data: Mapping[str, Any], now_s: float) -> Params:
    """One that is over is none: S3 refuses a date that has passed."""
    mode, until = data.get("ObjectLockMode"), data.get("ObjectLockRetainUntilDate")
    params = {name: data[name] for name in _EVENT_HOLD if name in data}
    if mode and isinstance(until, datetime) and until > datetime.fromtimestamp(now_s, UTC):
        params |= {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until}
    return params
