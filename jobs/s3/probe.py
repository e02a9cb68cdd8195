"""What a storage can do, found out with small objects of our own in one of its buckets.

Locks are only read. In a bucket that retains new objects by default or replicates them, and where
that is not told, nothing is written at all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from jobs.choices import OF_BUCKETS, Can, Capability
from jobs.errors import StorageError
from jobs.s3 import probe_calls, probe_parts
from jobs.s3.answers import Answer
from jobs.s3.default_rules import why_not_to_write
from jobs.s3.keeping import BODY, Kept, Look, try_copy, try_tags
from jobs.s3.probe_calls import Found, said
from jobs.s3.scratch import Scratch, SilentError, is_done, told
from jobs.s3.storage import Storage

_NO_CALL = frozenset({405, 501})


@dataclass(slots=True)
class Probed:
    """`found` has every capability once, in the order of `Capability`; `left` are sentences about
    what could not be removed.
    """

    found: list[Found] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def note(self, *found: Found) -> None:
        self.found += found

    def fill(self, why: str) -> None:
        """For all that was not found out."""
        known = {one.capability for one in self.found}
        self.found += [Found(one, Can.UNTOLD, why) for one in Capability if one not in known]
        order = list(Capability)
        self.found.sort(key=lambda one: order.index(one.capability))

    def answer(self, capability: Capability) -> Can:
        return next(one.can for one in self.found if one.capability == capability)


def probe(scratch: Scratch) -> Probed:
    """Never raises for trouble with the storage: what it does not answer is not told."""
    probed, why = Probed(), "Nothing was found out."
    try:
        why = _probe(scratch, probed) or why
    except SilentError as error:
        why = error.message
    finally:
        probed.left += scratch.clear_each()
    probed.fill(why)
    return probed


def _probe(scratch: Scratch, probed: Probed) -> str:
    """Returns why nothing was written; empty where everything was tried."""
    for capability in Capability:
        if capability in OF_BUCKETS:
            probed.note(_read(scratch, capability))
    why = (
        why_not_to_write(scratch, unless_told=True)
        or _why_nothing_can_be_removed(scratch, probed)
        or scratch.clear_old()
    )
    if why:
        return why
    answer = scratch.write("PutObject", scratch.name, Body=BODY, ContentType="text/plain")
    if not is_done(answer):
        return f"A small object could not be written: {told('PutObject', answer)}."
    probed.note(*_tags(scratch))
    tries: Iterable[Callable[[Scratch], Found]] = (
        probe_calls.acl,
        probe_calls.restore,
        probe_calls.checksums,
        probe_calls.encryption,
        probe_calls.change_encryption,
        probe_calls.conditional_put,
        probe_calls.conditional_copy,
        probe_calls.conditional_delete,
        probe_calls.batch_delete,
    )
    for attempt in tries:
        probed.note(attempt(scratch))
    found, left = probe_parts.multipart_copy(scratch)
    probed.note(found)
    probed.left += left
    return ""


def _why_nothing_can_be_removed(scratch: Scratch, probed: Probed) -> str:
    """Versions that a storage made without saying so are found by listing them alone."""
    if probed.answer(Capability.VERSIONING) is Can.NO:
        return ""
    answer = scratch.ask("ListObjectVersions", Prefix=scratch.name, MaxKeys=1)
    if answer.http_status != 403:
        return ""
    return (
        "This bucket may keep versions, and the role may not list them"
        f" ({said(answer)}), so nothing was written that could not be removed for certain."
    )


# --- What is read


@dataclass(frozen=True, slots=True)
class _Reading:
    action: str
    is_on: Callable[[dict[str, object]], bool]
    on: str
    off: str


_READ = {
    Capability.VERSIONING: _Reading(
        "GetBucketVersioning",
        lambda data: data.get("Status") == "Enabled",
        "This bucket keeps versions.",
        "This bucket keeps no versions.",
    ),
    Capability.OBJECT_LOCK: _Reading(
        "GetObjectLockConfiguration",
        lambda data: _inside(data, "ObjectLockConfiguration").get("ObjectLockEnabled") == "Enabled",
        "Object Lock is enabled on this bucket.",
        "Object Lock is not enabled on this bucket.",
    ),
    Capability.REPLICATION: _Reading(
        "GetBucketReplication",
        lambda data: bool(_inside(data, "ReplicationConfiguration").get("Rules")),
        "This bucket has replication rules.",
        "This bucket has no replication rules.",
    ),
}


def _versioning(scratch: Scratch, why: str) -> Found:
    """Some storage answers in a form of its own, in which the status can be read all the same."""
    try:
        enabled = Storage(scratch.client).versioning_enabled(scratch.bucket)
    except StorageError as error:
        return Found(Capability.VERSIONING, Can.UNTOLD, error.message)
    if enabled is None:
        return Found(Capability.VERSIONING, Can.UNTOLD, why)
    reading = _READ[Capability.VERSIONING]
    can, evidence = (Can.YES, reading.on) if enabled else (Can.NO, reading.off)
    return Found(Capability.VERSIONING, can, evidence)


def _inside(data: dict[str, object], name: str) -> dict[str, object]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _read(scratch: Scratch, capability: Capability) -> Found:
    """An answer that is none of S3's tells nothing about the others: the next call is tried."""
    reading = _READ[capability]
    try:
        answer = scratch.ask(reading.action)
    except SilentError as error:
        if capability is Capability.VERSIONING:
            return _versioning(scratch, error.message)
        return Found(capability, Can.UNTOLD, error.message)
    if not answer.code:
        is_on = reading.is_on(dict(answer.data))
        return Found(capability, Can.YES if is_on else Can.NO, reading.on if is_on else reading.off)
    if answer.http_status == 404 and answer.code != "NoSuchBucket":
        return Found(capability, Can.NO, f"{reading.off[:-1]} ({said(answer)}).")
    if answer.http_status in _NO_CALL:
        return Found(capability, Can.NO, f"The storage has no such setting ({said(answer)}).")
    return Found(capability, Can.UNTOLD, f"{told(reading.action, answer)}.")


# --- Tags


def _tags(scratch: Scratch) -> tuple[Found, Found]:
    kept = Kept()
    try_tags(scratch, kept)
    answer = scratch.ask("GetObjectTagging", Key=scratch.name)
    own = _own_tags(kept, answer)
    try_copy(scratch, kept)
    sent = Found(
        Capability.COPY_TAGS,
        _can(kept.copy_tags),
        kept.copy_tags.why
        or (
            "A copy has the tags that are sent with it."
            if kept.copy_tags.kept
            else "A copy does not have the tags that are sent with it: they are set afterwards."
        ),
    )
    return own, sent


def _own_tags(kept: Kept, answer: Answer) -> Found:
    if kept.content.kept is False:
        said_so = "It takes tags for the object\u2019s new content."
        return Found(Capability.TAGS, Can.NO, said_so)
    if kept.tags.kept is False:
        return Found(Capability.TAGS, Can.NO, "It accepts the tags of an object and loses them.")
    if kept.tags.kept:
        return Found(Capability.TAGS, Can.YES, "The tags that were set are there.")
    if answer.http_status in _NO_CALL:
        return Found(Capability.TAGS, Can.NO, f"{told('GetObjectTagging', answer)}.")
    return Found(Capability.TAGS, Can.UNTOLD, kept.tags.why)


def _can(look: Look) -> Can:
    return Can.UNTOLD if look.kept is None else Can.YES if look.kept else Can.NO
