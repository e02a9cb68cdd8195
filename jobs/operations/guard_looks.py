"""What a look at an object says of a task whose object was looked at before. Pure."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from jobs.operations.base import Outcome
from jobs.operations.foreseeing import GONE
from jobs.operations.looks import Seen
from jobs.operations.unchanged import changed, difference
from jobs.s3.answers import Answer
from jobs.spec.target import Guard, Target

VERSION_HEADER = "x-amz-version-id"


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
        return changed("it was not there, and is now")
    why = difference(guard, guard_of(answer))
    return changed(why) if why else None


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
