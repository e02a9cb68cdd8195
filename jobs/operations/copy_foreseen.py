"""What a copy would do, by looks at its source and at what lies at its destination."""

from typing import TYPE_CHECKING

from jobs.operations import copy_looks, looks
from jobs.operations.context import Context
from jobs.operations.foreseeing import (
    Foresight,
    already_so,
    described,
    from_look,
    would_change,
    would_fail,
)
from jobs.spec.target import Target

if TYPE_CHECKING:
    from jobs.operations.put_object_copy import PutObjectCopy

LARGEST_BYTES = 5 * 1024**3
"""What one CopyObject copies; AWS refuses more, and many storages do."""

_CHANGE_NOTHING = {
    *("TargetResource", "TargetKeyPrefix", "RequesterPays"),
    *("ModifiedSinceConstraint", "UnModifiedSinceConstraint"),
}


def foresee(copy: "PutObjectCopy", target: Target, context: Context) -> Foresight:
    source = yield from looks.see(target, context)
    facts = source.facts
    if facts is None:
        return from_look(source)
    if facts.size_bytes > LARGEST_BYTES:
        return would_fail(
            400, "InvalidRequest", f"One copy request takes 5 GiB at most: {described(facts)}."
        )
    made = copy_looks.copy_target(copy, target)
    place = f"s3://{made.bucket}/{made.key}"
    there = yield from looks.see(made, context)
    if there.is_gone:
        return would_change(f"{place} would be made: {described(facts)}.")
    old = there.facts
    if old is None:
        return from_look(there)
    if old.is_content_of(facts) and not sets_anything(copy):
        return already_so(f"{place} has this content: {described(old)}.")
    return would_change(
        f"{place} would be overwritten: from {described(old)} to {described(facts)}."
    )


def sets_anything(copy: "PutObjectCopy") -> bool:
    """Besides where it goes."""
    return bool(copy.to_wire().keys() - _CHANGE_NOTHING)
