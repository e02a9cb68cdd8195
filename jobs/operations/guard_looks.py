"""What a look at an object says of a task whose object was looked at before. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from jobs.operations.base import Outcome
from jobs.operations.foreseeing import GONE
from jobs.operations.looks import Seen
from jobs.operations.unchanged import CHANGED
from jobs.s3.answers import Answer
from jobs.spec.target import Guard, Target

VERSION_HEADER = "x-amz-version-id"
NO_VERSION = "null"
"""The version of what was written without versioning: another object may have it later."""


def refusal_of(target: Target, guard: Guard, seen: Seen) -> Outcome | None:
    """How a task ends whose object was looked at, None where it is still what was seen."""
    if seen.is_gone:
        return gone(target, seen.answer)
    answer = seen.answer
    if answer.code:
        said = answer.message or answer.code
        sentence = f"The object was not touched, since it could not be looked at before: {said}"
        return Outcome(False, answer.http_status, answer.code, sentence)
    if guard.is_absent:
        return _changed("it was not there, and is now")
    differences = _differences(guard, guard_of(answer))
    return _changed(", ".join(differences)) if differences else None


def gone(target: Target, answer: Answer) -> Outcome:
    """As the storage would say it of the call itself."""
    usual = "NoSuchVersion" if target.version_id else "NoSuchKey"
    code = answer.code if answer.code in GONE - {"404", "NotFound"} else usual
    return Outcome(
        False, 404, code, answer.message if answer.code == code else "There is no such object."
    )


def guard_of(answer: Answer) -> Guard:
    """What a successful answer to HeadObject tells of the object."""
    headers = answer.headers
    if "etag" not in headers:
        return _guard_in(answer.data, headers.get(VERSION_HEADER, ""))
    # From the headers themselves: to have them read for all that they may say takes ten times as long.
    size = headers.get("content-length", "")
    return Guard(
        headers["etag"],
        headers.get(VERSION_HEADER, ""),
        int(size) if size.isdecimal() else None,
        _moment_s(headers.get("last-modified", "")),
    )


def _guard_in(data: Mapping[str, Any], version_id: str) -> Guard:
    changed = data.get("LastModified")
    return Guard(
        data.get("ETag", ""),
        version_id or data.get("VersionId", ""),
        data.get("ContentLength"),
        changed.timestamp() if changed else None,
    )


@lru_cache(maxsize=1024)
def _moment_s(text: str) -> float | None:
    """Of a date in a header; many objects of a list were written within the same second."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _differences(was: Guard, now: Guard) -> list[str]:
    """What tells the object from the one that was seen, in words; empty for the same one."""
    versions = {was.version_id, now.version_id}
    if not versions & {"", NO_VERSION}:
        return [] if len(versions) == 1 else [f"version from {was.version_id} to {now.version_id}"]
    found = []
    if was.size_bytes is not None and was.size_bytes != now.size_bytes:
        found.append(f"size from {was.size_bytes:,} to {now.size_bytes or 0:,} bytes")
    if was.etag and was.etag.strip('"') != now.etag.strip('"'):
        found.append(f"ETag from {was.etag} to {now.etag}")
    before_s, after_s = was.last_modified_s, now.last_modified_s
    if before_s is not None and after_s is not None and abs(before_s - after_s) >= 1:
        found.append(f"last change from {_moment(before_s)} to {_moment(after_s)}")
    return found


def _moment(moment_s: float) -> str:
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _changed(what: str) -> Outcome:
    """412 is what a storage answers to a condition that does not hold."""
    return Outcome(
        False,
        412,
        CHANGED,
        f"The object changed since it was looked at and was not touched: {what}.",
    )
