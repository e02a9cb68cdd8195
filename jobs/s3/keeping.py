"""Whether a storage keeps what it accepts: tags, and what is sent with a copy.

A look that is refused proves nothing: roles that may only do what their jobs need are common.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jobs.s3.answers import Answer
from jobs.s3.scratch import Scratch, SilentError, is_done, told

LASTS_S = 5.0
"""A difference that is still there after so long is one: some storage writes a moment later."""

LOOK_AGAIN_S = 0.5
LOCKED_S = 60
"""How long the object of a try is retained, where that cannot be bypassed."""

BODY = b"A try of batchconsole, which deletes this object again.\n"
TAG, TAG_OF_COPY = ("batchconsole", "object"), ("batchconsole", "copy")
METADATA = {"batchconsole": "copy"}


@dataclass(frozen=True, slots=True)
class Look:
    """`kept` is None where nothing was proven; `why` then says in a sentence why not."""

    kept: bool | None = None
    why: str = ""


LOST = Look(False)


@dataclass(slots=True)
class Kept:
    """Of tags that an object is given, of its `content` meanwhile, of metadata, tags, and retention
    or legal hold that are sent with a copy. `left` says what of the try could not be deleted.
    """

    tags: Look = field(default_factory=Look)
    content: Look = field(default_factory=Look)
    metadata: Look = field(default_factory=Look)
    copy_tags: Look = field(default_factory=Look)
    lock: Look = field(default_factory=Look)
    left: str = ""

    @property
    def tags_after_copy(self) -> bool | None:
        """Whether tags have to be set after a copy; None where that was not shown, or would not
        help.
        """
        helps = self.tags.kept is not False and self.content.kept is not False
        if self.copy_tags.kept is None or not (self.copy_tags.kept or helps):
            return None
        return not self.copy_tags.kept

    @property
    def lock_after_copy(self) -> bool | None:
        return None if self.lock.kept is None else not self.lock.kept

    def fill(self, why: str) -> None:
        """For all that was not looked at."""
        unseen = Look(None, why)
        for name in ("tags", "content", "metadata", "copy_tags", "lock"):
            if getattr(self, name) == Look():
                setattr(self, name, unseen)


def try_out(scratch: Scratch) -> Kept:
    """Writes small objects, looks at them and deletes them again, whatever happens."""
    kept = Kept()
    try:
        _try(scratch, kept)
    except SilentError as error:
        kept.fill(error.message)
    finally:
        kept.left = scratch.clear()
    return kept


def _try(scratch: Scratch, kept: Kept) -> None:
    has_lock, why = _look_at_bucket(scratch, kept)
    why = why or scratch.clear_old()
    if not why:
        answer = scratch.write("PutObject", scratch.name, Body=BODY, ContentType="text/plain")
        if not is_done(answer):
            why = f"A small object could not be written: {told('PutObject', answer)}."
    if why:
        kept.lock = Look()
        kept.fill(why)
        return
    try_tags(scratch, kept)
    try_copy(scratch, kept)
    if has_lock:
        kept.lock = _try_lock(scratch)


def _look_at_bucket(scratch: Scratch, kept: Kept) -> tuple[bool, str]:
    """Whether objects in it can be locked, and why nothing may be written: what is locked by
    default cannot be deleted again.
    """
    action, without = (
        "GetObjectLockConfiguration",
        f"The bucket {scratch.bucket} has no Object Lock.",
    )
    answer = scratch.ask(action)
    if answer.code:
        has_none = answer.http_status == 404
        kept.lock = Look(None, without) if has_none else _unseen(action, answer)
        return False, ""
    facts = answer.data.get("ObjectLockConfiguration", {})
    if facts.get("Rule", {}).get("DefaultRetention"):
        return True, (
            f"New objects in the bucket {scratch.bucket} are locked, so that a small object could"
            " not be deleted again. Nothing was written."
        )
    has_lock = facts.get("ObjectLockEnabled") == "Enabled"
    if not has_lock:
        kept.lock = Look(None, without)
    return has_lock, ""


# --- Tags of an object


def try_tags(scratch: Scratch, kept: Kept) -> None:
    key = scratch.name
    before = _facts(scratch, key)
    answer = scratch.ask("PutObjectTagging", Key=key, Tagging={"TagSet": [_tag(TAG)]})
    if is_done(answer):
        kept.tags = _lasting(lambda: _has_tags(scratch, key, TAG))
    else:
        kept.tags = _unseen("PutObjectTagging", answer)
    after = _facts(scratch, key)
    if before and after:
        kept.content = Look(after == before)
    else:
        kept.content = Look(None, "HeadObject does not tell size and ETag.")


def _facts(scratch: Scratch, key: str) -> tuple[int, str] | None:
    """Size and ETag; None where the storage does not tell."""
    answer = scratch.ask("HeadObject", Key=key)
    if not is_done(answer) or "ETag" not in answer.data:
        return None
    return int(answer.data.get("ContentLength", -1)), str(answer.data["ETag"])


def _has_tags(scratch: Scratch, key: str, tag: tuple[str, str]) -> Look:
    answer = scratch.ask("GetObjectTagging", Key=key)
    if answer.code == "NoSuchTagSet":
        return LOST
    if answer.code:
        return _unseen("GetObjectTagging", answer)
    return Look(answer.data.get("TagSet", []) == [_tag(tag)])


def _tag(tag: tuple[str, str]) -> dict[str, str]:
    return {"Key": tag[0], "Value": tag[1]}


# --- What is sent with a copy


def try_copy(scratch: Scratch, kept: Kept) -> None:
    key = f"{scratch.name}-copy"
    answer = _copy(
        scratch, key, TaggingDirective="REPLACE", Tagging="=".join(TAG_OF_COPY), Metadata=METADATA
    )
    if not is_done(answer):
        kept.metadata = kept.copy_tags = _unseen("CopyObject", answer)
        return
    kept.metadata = _lasting(lambda: _has_metadata(scratch, key))
    kept.copy_tags = _lasting(lambda: _has_tags(scratch, key, TAG_OF_COPY))


def _copy(scratch: Scratch, key: str, **params: Any) -> Answer:
    source = {"Bucket": scratch.bucket, "Key": scratch.name}
    return scratch.write(
        "CopyObject", key, CopySource=source, MetadataDirective="REPLACE", **params
    )


def _has_metadata(scratch: Scratch, key: str) -> Look:
    answer = scratch.ask("HeadObject", Key=key)
    if not is_done(answer):
        return _unseen("HeadObject", answer)
    found = {name.lower(): text for name, text in answer.data.get("Metadata", {}).items()}
    return Look(found == METADATA)


def _try_lock(scratch: Scratch) -> Look:
    """A legal hold is sent only where it can be taken off again."""
    off = {"LegalHold": {"Status": "OFF"}}
    can_hold = is_done(scratch.ask("PutObjectLegalHold", Key=scratch.name, **off))
    key, until = f"{scratch.name}-lock", scratch.now() + timedelta(seconds=LOCKED_S)
    params: dict[str, Any] = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    if can_hold:
        params["ObjectLockLegalHoldStatus"] = "ON"
    answer = _copy(scratch, key, **params)
    if not is_done(answer):
        return _unseen("CopyObject with retention", answer)
    return _lasting(lambda: _is_locked(scratch, key, until, is_held=can_hold))


def _is_locked(scratch: Scratch, key: str, until: datetime, *, is_held: bool) -> Look:
    """HeadObject tells of locks those who may see them; where it does not, it is asked for."""
    told_at_once = scratch.ask("HeadObject", Key=key).data
    retained = Look(_is_retained(told_at_once, "ObjectLock", until))
    if not retained.kept:
        retained = _asked(scratch, key, "Retention", lambda found: _is_retained(found, "", until))
    if not (retained.kept and is_held) or told_at_once.get("ObjectLockLegalHoldStatus") == "ON":
        return retained
    return _asked(scratch, key, "LegalHold", lambda found: found.get("Status") == "ON")


def _is_retained(found: Mapping[str, Any], prefix: str, until: datetime) -> bool:
    moment = found.get(f"{prefix}RetainUntilDate")
    is_same = isinstance(moment, datetime) and abs(moment - until) <= timedelta(seconds=1)
    return is_same and found.get(f"{prefix}Mode") == "GOVERNANCE"


def _asked(
    scratch: Scratch, key: str, what: str, is_kept: Callable[[Mapping[str, Any]], bool]
) -> Look:
    answer = scratch.ask(f"GetObject{what}", Key=key)
    if answer.code and answer.http_status != 404:
        return _unseen(f"GetObject{what}", answer)
    return Look(not answer.code and is_kept(answer.data.get(what, {})))


def _unseen(action: str, answer: Answer) -> Look:
    return Look(None, f"{told(action, answer)}, which proves nothing.")


def _lasting(look: Callable[[], Look]) -> Look:
    since_s = time.monotonic()
    while True:
        found = look()
        if found.kept is not False or time.monotonic() - since_s >= LASTS_S:
            return found
        time.sleep(LOOK_AGAIN_S)
