"""Copies of objects that are larger than one request copies: in parts, with all that CopyObject would
have taken over or set by itself.
"""

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobs.operations import tags
from jobs.operations.base import Finding, Outcome, Steps, not_kept, outcome_of
from jobs.operations.context import Context
from jobs.operations.copying import copy_plainly, large_copy_ending, large_copy_state
from jobs.operations.copying.copy_looks import copy_target
from jobs.operations.copying.large_copy import Headers, LargeCopy, Made, copy_in_parts
from jobs.operations.looks import Facts, see
from jobs.operations.steps import Step
from jobs.s3.answers import Answer
from jobs.services.call import Call
from jobs.spec.target import Target

if TYPE_CHECKING:
    from jobs.operations.put_object_copy import PutObjectCopy

KEPT = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "Metadata",
)
"""What CopyObject takes over from the source where metadata are not replaced, by HeadObject's names.
Storage class, encryption, ACL, locks and redirects are never taken over.
"""

OF_COPIES_ALONE = {
    "AnnotationDirective",
    "CopySourceIfModifiedSince",
    "CopySourceIfUnmodifiedSince",
    "MetadataDirective",
}
MOST_HEADER_BYTES = 4000
"""Of tags: S3 takes 8 KB of headers in all, and these may be up to 30 KB long when they are encoded."""

ANNOTATIONS = Outcome(
    False,
    400,
    "InvalidRequest",
    "AnnotationDirective is COPY, and annotations cannot be copied with an object that goes in parts."
    " Choose EXCLUDE, or leave it out to copy the object without them.",
)

_NO_CALL = {405, 501}


def is_known_too_large(copy: "PutObjectCopy", target: Target, context: Context) -> bool:
    """Whether one request is not even tried: the object's size is known, or its copy was begun."""
    if large_copy_state.read(context.kept) is not None:
        return True
    size_bytes = target.guard.size_bytes if target.guard else None
    if size_bytes is None:
        return False
    return size_bytes > context.habits_of(copy.place(context)).largest_copy_bytes


def run(
    copy: "PutObjectCopy", target: Target, context: Context, refusal: Answer | None = None
) -> Steps:
    """Tags are read before anything is made: the copy may be onto itself."""
    wanted = yield from _wanted_tags(copy, target, context)
    if isinstance(wanted, Answer):
        return outcome_of(wanted)
    there, key = copy.place(context), copy.target_key(target.key)
    parts = LargeCopy(target, there, key, lambda facts: _headers(copy, context, facts, wanted))
    made = yield from copy_in_parts(parts, context, refusal)
    if isinstance(made, Outcome):
        return made
    encrypted = yield from _is_encrypted(copy, target, context, made)
    if not encrypted:
        return not_kept(Finding(lost="encryption"))
    return (yield from _complete(copy, target, context, made, wanted))


def give_up(
    copy: "PutObjectCopy", target: Target, context: Context
) -> Generator[Step, Any, Outcome | None]:
    there = copy.place(context)
    return (yield from large_copy_ending.clear(there, copy.target_key(target.key), context))


# --- What the upload begins with


def _headers(copy: "PutObjectCopy", context: Context, facts: Facts, wanted: tags.Tags) -> Headers:
    if copy.members.get("AnnotationDirective") == "COPY":
        return ANNOTATIONS
    refused = _refused_by_condition(copy.members, facts)
    if refused is not None:
        return refused
    asked = copy.setting()
    params = {name: value for name, value in asked.items() if name not in OF_COPIES_ALONE}
    if copy.metadata.replaced is None:
        params |= {name: facts.data[name] for name in KEPT if facts.data.get(name)}
    if wanted and not _go_later(wanted, copy, context):
        params["Tagging"] = tags.to_header(wanted)
    return params
    yield


def _refused_by_condition(members: Mapping[str, Any], facts: Facts) -> Outcome | None:
    """S3 lets a matching ETag, which every part is copied with, stand above "not modified since"."""
    changed = facts.last_modified
    since, until = members.get("ModifiedSinceConstraint"), members.get("UnModifiedSinceConstraint")
    is_old = since and changed and changed <= datetime.fromisoformat(since)
    is_new = until and changed and changed > datetime.fromisoformat(until)
    if not is_old and not is_new:
        return None
    message = "At least one of the pre-conditions you specified did not hold"
    return Outcome(False, 412, "PreconditionFailed", message)


def _wanted_tags(
    copy: "PutObjectCopy", target: Target, context: Context
) -> Generator[Step, Any, tags.Tags | Answer]:
    """What the copy's tags are to be; an Answer where those of the source cannot be read."""
    if copy.new_tags is not None:
        return copy.new_tags
    answer = yield from copy.read_tags(target, context)
    if answer.http_status in _NO_CALL:
        return ()  # a storage without tags loses none
    return answer if answer.code else tags.from_answer(answer.data)


def _go_later(wanted: tags.Tags, copy: "PutObjectCopy", context: Context) -> bool:
    """Whether tags get a call of their own once the object is made."""
    is_long = len(tags.to_header(wanted)) > MOST_HEADER_BYTES
    return is_long or context.habits_of(copy.place(context)).tags_after_copy


# --- What is left to do when the object is made


def _is_encrypted(
    copy: "PutObjectCopy", target: Target, context: Context, made: Made
) -> Generator[Step, Any, bool]:
    wanted = copy.metadata.sse
    if not wanted or made.data.get("ServerSideEncryption") == wanted:
        return True
    seen = yield from see(copy_target(copy, target), copy.over_there(context))
    return seen.facts is None or seen.facts.data.get("ServerSideEncryption") == wanted


def _complete(
    copy: "PutObjectCopy", target: Target, context: Context, made: Made, wanted: tags.Tags
) -> Steps:
    there = copy.place(context)
    version = {"VersionId": made.version_id} if made.version_id else {}
    is_left = wanted and _go_later(wanted, copy, context)
    if is_left and not context.habits_of(there).tags_after_copy:
        tagging = {"Tagging": {"TagSet": tags.to_tag_set(wanted)}}
        params = {"Key": copy.target_key(target.key), **version, **tagging}
        answer = yield Call(there, "PutObjectTagging", params)
        if answer.code:
            message = f"The object was copied, but its tags were not set: {answer.message}"
            return Outcome(False, answer.http_status, answer.code, message)
    return (
        yield from copy_plainly.complete(
            copy, target, context, Answer(200, "", "", version), wanted
        )
    )
