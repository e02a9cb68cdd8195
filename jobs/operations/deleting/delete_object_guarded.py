"""Deleting an object only if it still is what it was when it was looked at (`Target.guard`).

It is looked at right before each request. Between that look and the request somebody may still write:
where the storage heeds conditions, the request has one, which closes the gap. Whether it does is tried
with a key that nobody has, in buckets without versions alone: with versions a delete leaves a marker,
and what was written in between lies below it.
"""

from collections.abc import Generator
from typing import Any

from jobs.operations import looks
from jobs.operations.base import DONE, Outcome, outcome_of
from jobs.operations.context import Context
from jobs.operations.deleting.object_versions import NULL
from jobs.operations.probing import probe_key
from jobs.operations.steps import Step
from jobs.operations.unchanged import LEFT, changed, difference, guard_of
from jobs.s3.answers import Answer
from jobs.services.call import Call
from jobs.spec.target import Target

REFUSED = "PreconditionFailed"
STALE_ETAG = '"00000000000000000000000000000000"'
_HEEDS, _IGNORES = (
    "DeleteObject with a condition",
    "DeleteObject whose condition counts for nothing",
)


def is_guarded(target: Target) -> bool:
    """A version is never changed, but for the one that buckets without versioning have."""
    return target.guard is not None and target.version_id in (None, NULL)


def look(target: Target, context: Context) -> Generator[Step, Any, Outcome | str]:
    """How the task ends where the object is gone or another one; otherwise the ETag that the request
    is to name, empty where the storage takes no notice of it.
    """
    seen = yield from looks.see(target, context, is_look=False)
    if seen.is_gone:
        return DONE
    if seen.facts is None:
        return _untold(seen)
    now = guard_of(seen)
    if target.guard and (why := difference(target.guard, now)):
        return changed(why)
    if now.version_id or not now.etag or not (yield from _is_heeded(target, context)):
        return ""
    return now.etag


def stale(answer: Answer) -> Outcome:
    """How a task ends whose request with a condition was refused."""
    if answer.code == REFUSED or answer.http_status == 412:
        return changed("the storage says that it has another ETag")
    return outcome_of(answer)


def _untold(seen: looks.Seen) -> Outcome:
    message = (
        "Whether the object has changed since it was looked at cannot be told: a look is answered with"
        f" {seen.said}. {LEFT}"
    )
    return Outcome(False, seen.answer.http_status or 500, seen.answer.code or "NotSeen", message)


def _is_heeded(target: Target, context: Context) -> Generator[Step, Any, bool]:
    """Once for each bucket: a key that nobody has, with a condition that cannot hold, is refused."""
    there = context.bucket(target.bucket)
    known = context.habits_of(there).known
    if not {_HEEDS, _IGNORES} & known:
        params = {"Key": probe_key(target.key), "IfMatch": STALE_ETAG}
        answer: Answer = yield Call(there, "DeleteObject", params, is_look=True, is_aside=True)
        # S3 says of a key that is not there that it is not, and of any other that it has changed.
        is_refused = answer.http_status == 412 or answer.code in (REFUSED, "NoSuchKey")
        known.add(_HEEDS if is_refused else _IGNORES)
    return _HEEDS in known
