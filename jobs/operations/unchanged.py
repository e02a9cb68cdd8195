"""Whether an object still is what it was when it was looked at (`Target.guard`). Pure."""

from jobs.operations.base import Outcome
from jobs.operations.deleting.object_versions import NULL, Entry
from jobs.operations.looks import Seen
from jobs.spec.target import Guard

CHANGED = "ObjectChanged"
LEFT = "It was left as it is."


def changed(why: str) -> Outcome:
    """How a task ends whose object is another one now; `why` as "its size was 3 bytes and is 5"."""
    return Outcome(
        False, 412, CHANGED, f"The object has changed since it was looked at: {why}. {LEFT}"
    )


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
    """What differs of what is known of both; empty where nothing does. A version is never changed,
    but for the one that buckets without versioning have.
    """
    if was.version_id and now.version_id:
        if was.version_id != now.version_id:
            return f"its version was {was.version_id} and is {now.version_id}"
        if was.version_id != NULL:
            return ""
    if was.size_bytes is not None and now.size_bytes not in (None, was.size_bytes):
        return f"its size was {was.size_bytes:,} bytes and is {now.size_bytes:,}"
    if was.etag and now.etag and _bare(was.etag) != _bare(now.etag):
        return f"its ETag was {_bare(was.etag)} and is {_bare(now.etag)}"
    if was.last_modified_s is None or now.last_modified_s is None:
        return ""
    # Some answers have whole seconds alone.
    is_anew = int(was.last_modified_s) != int(now.last_modified_s)
    return "it was written anew" if is_anew else ""


def _bare(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')
