"""What a copy is like: settles answers that do not say it, and sees what a storage did not keep."""

import contextlib
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any

from jobs.operations import looks, tags
from jobs.operations.base import DONE, Finding, Outcome, not_kept
from jobs.operations.context import Context
from jobs.operations.copying import copy_event_hold
from jobs.operations.copying.copy_metadata import TEXTS
from jobs.operations.looks import Facts, Look, Seen
from jobs.operations.steps import Step
from jobs.operations.storage_clock import Age
from jobs.s3.answers import Answer
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.spec.target import Target

if TYPE_CHECKING:
    from jobs.operations.put_object_copy import PutObjectCopy

TAGS = "tags"
RETENTION = "retention"
HOLD = "legal hold"
MENDED = {TAGS, RETENTION, HOLD}
"""What calls of their own can set after a copy."""

LOCK_MEMBERS = {"ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus"}
_NO_CALL = {405, 501}


def settle(
    copy: "PutObjectCopy", target: Target, context: Context, began_s: float, answer: Answer
) -> Generator[Step, Any, Outcome | None]:
    """After an answer that does not say that the copy was made, whether it was: DONE, how the task
    failed, or None where it was not made. `began_s` is when it was asked for.

    It was where there is a new version, or the source's size and a last change, by the storage's
    clock, not before the request.
    """
    made = copy_target(copy, target)
    found = yield from looks.see(made, copy.over_there(context), is_look=False)
    if found.is_gone:
        return None
    there = found.facts
    if there is None:
        return _untold(answer, found)
    if not _is_new_version(answer, found.answer):
        source = yield from looks.see(target, context, is_look=False)
        listed = source.facts
        if listed is None:
            return _untold(answer, source)
        if listed.size_bytes != there.size_bytes:
            return None
        found_age = found.age(began_s)
        if found_age is Age.UNTOLD:
            return _untold(answer, found)
        # Within a second of the request, the same content is the copy, or as good as one.
        is_close = found_age is Age.CLOSE and there.is_content_of(listed)
        if not (found_age is Age.NEWER or is_close):
            return None
    if copy.metadata.sse and there.data.get("ServerSideEncryption") != copy.metadata.sse:
        return not_kept(Finding(lost="encryption"))
    return DONE


def copy_target(copy: "PutObjectCopy", target: Target) -> Target:
    return Target(copy.bucket, copy.target_key(target.key))


def _is_new_version(answer: Answer, found: Answer) -> bool:
    version = answer.headers.get("x-amz-version-id", "null")
    return version != "null" and version == found.headers.get("x-amz-version-id")


def _untold(answer: Answer, seen: Seen) -> Outcome:
    why = f"it was answered with {seen.said}" if seen.answer.code else "its answer has no date"
    message = (
        f"The storage's answer to the copy does not say that it was made ({answer.message}), and a"
        f" look does not tell either: {why}."
    )
    return Outcome(False, answer.http_status, answer.code or "UnclearAnswer", message)


def lock_calls(
    copy: "PutObjectCopy", there: Destination, made: Mapping[str, Any]
) -> list[tuple[str, Call]]:
    """What is lacking where a call fails, and the call."""
    members, calls = copy.members, []
    if "ObjectLockMode" in members:
        until = datetime.fromisoformat(members["ObjectLockRetainUntilDate"])
        retention = {"Retention": {"Mode": members["ObjectLockMode"], "RetainUntilDate": until}}
        calls.append(("not locked", Call(there, "PutObjectRetention", {**made, **retention})))
    if members.get("ObjectLockLegalHoldStatus") == "ON":
        hold = {"LegalHold": {"Status": "ON"}}
        call = Call(there, "PutObjectLegalHold", {**made, **hold})
        calls.append(("its legal hold was not set", call))
    return calls


# --- What the first copies are looked at for


def check(copy: "PutObjectCopy", target: Target, context: Context, before: Facts | None) -> Look:
    made, over_there = copy_target(copy, target), copy.over_there(context)
    seen = yield from looks.see(made, over_there)
    if seen.is_gone:
        return Finding(lost="copy")
    facts = seen.facts
    if facts is None:
        return looks.unseen_by(seen)
    if before and facts.size_bytes != before.size_bytes:
        return Finding(lost="content")
    is_old = bool(context.began_s) and seen.age(context.began_s) is Age.OLDER
    # Some storage gives a copy the age of its source.
    if is_old and not (before and facts.is_content_of(before)):
        return Finding(lost="copy")
    if copy.metadata.sse and facts.data.get("ServerSideEncryption") != copy.metadata.sse:
        return Finding(lost="encryption")
    if _lost_metadata(copy, facts):
        return Finding(lost="metadata")
    if not copy_event_hold.is_kept(copy.members, facts.data):
        return Finding(lost=copy_event_hold.EVENT_HOLD)
    locked = yield from _check_lock(copy, made, over_there, facts)
    if locked.lost:
        return locked
    tagged = yield from _check_tags(copy, target, made, context)
    return tagged if tagged.lost or not locked.unseen else locked


def _lost_metadata(copy: "PutObjectCopy", facts: Facts) -> bool:
    """Only of what the job names: under COPY, storages differ in what counts as metadata."""
    asked = copy.metadata.replaced or {}
    texts = any(
        plain(str(facts.data.get(name, ""))) != plain(text)
        for name, text in asked.items()
        if name in TEXTS
    )
    found = {name.lower(): plain(text) for name, text in facts.data.get("Metadata", {}).items()}
    wanted = {name.lower(): plain(text) for name, text in asked.get("UserMetadata", {}).items()}
    return texts or any(found.get(name) != text for name, text in wanted.items() if text)


def plain(text: str) -> str:
    """White space is no difference, nor is RFC 2047, in which some storage writes anew."""
    with contextlib.suppress(ValueError, LookupError):
        text = str(make_header(decode_header(text)))
    return " ".join(text.split())


def _check_lock(copy: "PutObjectCopy", made: Target, context: Context, facts: Facts) -> Look:
    """HeadObject tells of locks those who may see them; where it does not, it is asked for. A storage
    that has no such call has no locks, so it has not set one.
    """
    members, data = copy.members, facts.data
    if "ObjectLockMode" in members and not _is_retained(members, data):
        call = looks.ask(made, context, "GetObjectRetention")
        answer = yield call
        if answer.http_status == 403:
            return looks.unseen(call.action, answer)
        found = answer.data.get("Retention", {})
        kept = {"ObjectLockMode": found.get("Mode"),
                "ObjectLockRetainUntilDate": found.get("RetainUntilDate")}  # fmt: skip
        if answer.code or not _is_retained(members, kept):
            return Finding(lost=RETENTION)
    if members.get("ObjectLockLegalHoldStatus") == "ON" and (
        data.get("ObjectLockLegalHoldStatus") != "ON"
    ):
        call = looks.ask(made, context, "GetObjectLegalHold")
        answer = yield call
        if answer.http_status == 403:
            return looks.unseen(call.action, answer)
        if answer.code or answer.data.get("LegalHold", {}).get("Status") != "ON":
            return Finding(lost=HOLD)
    return Finding()


def _is_retained(members: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    until = found.get("ObjectLockRetainUntilDate")
    wanted = datetime.fromisoformat(members["ObjectLockRetainUntilDate"])
    return (
        found.get("ObjectLockMode") == members["ObjectLockMode"]
        and isinstance(until, datetime)
        and abs(until - wanted) <= timedelta(seconds=1)
    )


def _check_tags(copy: "PutObjectCopy", target: Target, made: Target, context: Context) -> Look:
    wanted = copy.new_tags
    if wanted is None:
        call = looks.ask(target, context, "GetObjectTagging")
        answer = yield call
        if answer.http_status in _NO_CALL:
            return Finding()  # a storage without tags loses none
        if answer.code:
            return looks.unseen(call.action, answer)
        wanted = tags.from_answer(answer.data)
    finding = yield from looks.look_at_tags(made, copy.over_there(context), wanted)
    if not (wanted or finding.lost or finding.unseen):
        return Finding(is_unsure=copy.new_tags is None and copy.metadata.replaced is not None)
    return finding
