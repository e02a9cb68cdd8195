"""What an object's lock is like, read back after a task that set it.

A storage that has no such call has set nothing: only who may not ask (403) has seen nothing.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Finding
from jobs.operations.context import Context
from jobs.operations.looks import Facts, Look
from jobs.s3.answers import Answer
from jobs.s3.proof import Proof
from jobs.spec.target import Target

HOLD, RETENTION, REMOVAL = "legal hold", "retention", "removal of the retention"
_NONE_SET = frozenset(
    {"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "NoSuchRetention"}
)
_EXACT = timedelta(seconds=1)
"""Some storage keeps whole seconds."""


def replaced(what: str, before: Facts | None, after: Facts | None) -> Finding | None:
    """A storage that does not know the call takes its body for the object's new content."""
    if before is None or after is None or after.is_content_of(before):
        return None
    said = (
        f"The storage took the {what} for the object's new content: it does not know Object Lock."
    )
    return Finding(lost="content", said=said)


def look_at_hold(target: Target, context: Context, status: str) -> Look:
    """Whether the object's legal hold is `status` (ON, OFF)."""
    answer = yield looks.ask(target, context, "GetObjectLegalHold")
    if _is_unseen(answer):
        return looks.unseen("GetObjectLegalHold", answer)
    found = answer.data.get("LegalHold", {}).get("Status") or "OFF"
    return Finding() if found == status else Finding(lost=HOLD)


def look_at_retention(
    target: Target, context: Context, wanted: Mapping[str, Any], after: Facts | None
) -> Look:
    """Whether the object's retention is `wanted` (as S3 has it, empty for none); `after` are its
    facts, which show some of it to those who may see it.
    """
    if "Mode" in wanted and after and is_kept(wanted, _as_retention(after.data)):
        return Finding()
    answer = yield looks.ask(target, context, "GetObjectRetention")
    if _is_unseen(answer):
        return looks.unseen("GetObjectRetention", answer)
    found = answer.data.get("Retention", {})
    if not wanted:
        return Finding(lost=REMOVAL) if _still_protects(found, context.now_s()) else Finding()
    return Finding() if is_kept(wanted, found) else Finding(lost=RETENTION)


def is_none_set(answer: Answer) -> bool:
    """A storage said that there is no such setting."""
    return answer.proof is Proof.PROVEN and answer.code in _NONE_SET


def _is_unseen(answer: Answer) -> bool:
    """Refused, or answered by nobody known; that there is no such setting or call is an answer."""
    if not answer.code:
        return False
    has_no_call = answer.proof is Proof.PROVEN and answer.http_status in (405, 501)
    return not (is_none_set(answer) or has_no_call)


def _as_retention(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Mode": data.get("ObjectLockMode"),
        "RetainUntilDate": data.get("ObjectLockRetainUntilDate"),
    }


def is_kept(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """What an event hold leaves behind once it is off is the storage's to reckon."""
    if "Mode" in wanted and found.get("Mode") != wanted["Mode"]:
        return False
    hold = wanted.get("EventHold", "OFF")
    if hold != (found.get("EventHold") or "OFF") and "EventHold" in wanted:
        return False
    if hold == "ON" and found.get("EventHoldDuration") != wanted.get("EventHoldDuration"):
        return False
    until = found.get("RetainUntilDate")
    return "RetainUntilDate" not in wanted or (
        isinstance(until, datetime) and abs(until - wanted["RetainUntilDate"]) <= _EXACT
    )


def _still_protects(found: Mapping[str, Any], now_s: float) -> bool:
    until = found.get("RetainUntilDate")
    is_over = isinstance(until, datetime) and until <= datetime.fromtimestamp(now_s, UTC)
    return bool(found.get("Mode")) and not is_over
