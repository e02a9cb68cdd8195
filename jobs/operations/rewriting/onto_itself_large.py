"""Objects that are larger than one request copies, copied onto themselves in parts.

An upload begins with nothing of the object, so all that it has is named: metadata and tags too.
"""

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from jobs.operations.base import DONE, Outcome, Steps
from jobs.operations.context import Context
from jobs.operations.copying import large_copy_ending, large_copy_state, put_object_copy_large
from jobs.operations.copying.large_copy import Headers, LargeCopy, copy_in_parts
from jobs.operations.copying.put_object_copy_large import MOST_HEADER_BYTES, OF_COPIES_ALONE
from jobs.operations.looks import Facts
from jobs.operations.rewriting import carried_over, object_metadata
from jobs.operations.rewriting.carried_over import Owned, Params
from jobs.operations.rewriting.object_metadata import CannotCarryError
from jobs.operations.rewriting.set_afterwards import Afterwards
from jobs.operations.steps import Keep, Step
from jobs.operations.tags import Tags, to_header
from jobs.s3.answers import Answer
from jobs.spec.target import Target

_OF_COPIES = {*OF_COPIES_ALONE, "Key", "CopySource", "CopySourceIfMatch", "TaggingDirective"}
CHANGED = Outcome(
    False,
    412,
    "PreconditionFailed",
    "The object was changed between two looks at it, so nothing was written.",
)


def is_large(target: Target, context: Context, owned: Owned) -> bool:
    """Or its copy in parts was begun before."""
    habits = context.habits_of(context.bucket(target.bucket))
    is_begun = large_copy_state.read(context.kept) is not None
    return is_begun or owned.facts.size_bytes > habits.largest_copy_bytes


def cannot(owned: Owned, told: Mapping[str, Any]) -> Outcome | None:
    """How the task fails whose object's metadata cannot be named as they are."""
    if told.get("AnnotationDirective") == "COPY":
        return put_object_copy_large.ANNOTATIONS
    if told.get("MetadataDirective") == "REPLACE":
        return None
    try:
        object_metadata.check_carried(owned.headers, object_metadata.read(owned.headers))
    except CannotCarryError as error:
        return Outcome(False, 400, "InvalidMetadata", f"{error} It was left as it is.")
    return None


def write_anew(
    target: Target,
    context: Context,
    owned: Owned,
    told: Mapping[str, Any],
    tags: Tags | None = None,
    refusal: Answer | None = None,
) -> Steps:
    """As `onto_itself.write_anew`, of an object whose tags were read unless `tags` are told."""
    refused = cannot(owned, told)
    if refused:
        return refused
    wanted = (owned.tags if tags is None else tags) or ()
    params = _params(owned, told, context)
    header = to_header(wanted)
    habits = context.habits_of(context.bucket(target.bucket))
    is_later = habits.tags_after_copy or len(header) > MOST_HEADER_BYTES
    if wanted and not is_later:
        params["Tagging"] = header

    def headers(facts: Facts) -> Headers:
        if facts.identity != owned.facts.identity:
            return CHANGED
        return params
        yield

    version_id = told.get("CopySource", {}).get("VersionId")
    source = Target(target.bucket, target.key, version_id)
    parts = LargeCopy(source, context.bucket(target.bucket), target.key, headers)
    made = yield from copy_in_parts(parts, context, refusal)
    if isinstance(made, Outcome):
        return made
    lock = Afterwards.of(replace(context, kept=b""), target, params, None, only=True)
    later = replace(lock or Afterwards(), tags=wanted if wanted and is_later else None)
    return (yield from later.put(target, context, made.version_id))


def _params(owned: Owned, told: Mapping[str, Any], context: Context) -> Params:
    named: Params = {}
    if told.get("MetadataDirective") != "REPLACE":
        named = object_metadata.to_params(object_metadata.read(owned.headers))
    params = named | carried_over.filled(told, owned, context.now_s())
    return {n: p for n, p in params.items() if n not in _OF_COPIES and p is not None}


def clear(target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
    """For `give_up`: what lies there of an upload."""
    there = context.bucket(target.bucket)
    return (yield from large_copy_ending.clear(there, target.key, context))


def forget(target: Target, context: Context) -> Steps:
    """Where nothing is to be copied any more: somebody ended it, or made the object so."""
    if large_copy_state.read(context.kept) is not None:
        left = yield from clear(target, context)
        if left is not None:
            return left
        yield Keep(b"")
    return DONE
