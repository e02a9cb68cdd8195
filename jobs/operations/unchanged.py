"""Whether an object still is what it was when it was looked at (`Target.guard`). Pure."""

from datetime import UTC, datetime

from jobs.operations.base import Outcome
from jobs.operations.deleting.object_versions import Entry
from jobs.operations.looks import Seen
from jobs.operations.steps import CHANGED as CHANGED
from jobs.spec.target import Guard

LEFT = "It was left as it is."
NO_VERSION = "null"
"""The version of what was written without versioning: another object may have it later."""


def changed(why: str) -> Outcome:
    """How a task ends whose object is another one now; `why` as `difference` says it. 412 is what a
    storage answers to a condition that does not hold.
    """
    sentence = f"The object changed since it was looked at and was not touched: {why}."
    return Outcome(False, 412, CHANGED, sentence)


def guard_of(seen: Seen) -> Guard:
    """What a look shows of an object that is there."""
    facts = seen.facts
    if facts is None:
        raise ValueError("nothing was seen of the object")
    moment = facts.last_modified
    return Guard(
        etag=facts.etag,
        version_id=str(facts.data.get("VersionId") or ""),
        size_bytes=facts.size_bytes,
        last_modified_s=moment.timestamp() if moment else None,
    )


def guard_of_entry(entry: Entry) -> Guard:
    moment = entry.last_modified
    return Guard(
        etag=entry.etag,
        version_id=entry.version_id,
        size_bytes=entry.size_bytes,
        last_modified_s=moment.timestamp() if moment else None,
    )


def difference(was: Guard, now: Guard) -> str:
    """What differs of what is known of both, in words; empty where nothing does. A version is never
    changed, but for the one that buckets without versioning have.
    """
    if was.version_id and now.version_id:
        if was.version_id != now.version_id:
            return f"version from {was.version_id} to {now.version_id}"
        if was.version_id != NO_VERSION:
            return ""
    found = []
    if was.size_bytes is not None and now.size_bytes not in (None, was.size_bytes):
        found.append(f"size from {was.size_bytes:,} to {now.size_bytes:,} bytes")
    if was.etag and now.etag and _bare(was.etag) != _bare(now.etag):
        found.append(f"ETag from {was.etag} to {now.etag}")
    before_s, after_s = was.last_modified_s, now.last_modified_s
    # Some answers have whole seconds alone.
    if before_s is not None and after_s is not None and abs(before_s - after_s) >= 1:
        found.append(f"last change from {_moment(before_s)} to {_moment(after_s)}")
    return ", ".join(found)


def _moment(moment_s: float) -> str:
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _bare(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')
