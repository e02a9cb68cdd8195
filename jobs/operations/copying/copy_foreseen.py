"""What a copy would do, by looks at its source and at what lies at its destination."""

from typing import TYPE_CHECKING

from jobs.operations import looks
from jobs.operations.context import Context
from jobs.operations.copying import copy_elsewhere, copy_looks, streamed
from jobs.operations.copying.large_copy_limits import part_count, part_size
from jobs.operations.foreseeing import (
    Foresight,
    already_so,
    described,
    from_look,
    would_change,
    would_fail,
)
from jobs.operations.looks import Facts
from jobs.spec.target import Target

if TYPE_CHECKING:
    from jobs.operations.put_object_copy import PutObjectCopy

_CHANGE_NOTHING = {
    *("TargetResource", "TargetKeyPrefix", "TargetRegion", "RequesterPays"),
    *("ModifiedSinceConstraint", "UnModifiedSinceConstraint"),
}


def foresee(copy: "PutObjectCopy", target: Target, context: Context) -> Foresight:
    source = yield from looks.see(target, context)
    facts = source.facts
    if facts is None:
        return from_look(source)
    flows = copy_elsewhere.is_needed(copy, target, context)
    if flows and (sentence := streamed.too_large(facts.size_bytes)):
        return would_fail(400, "EntityTooLarge", sentence)
    made = copy_looks.copy_target(copy, target)
    place = f"s3://{made.bucket}/{made.key}{f' in {copy.region}' if copy.region else ''}"
    there = yield from looks.see(made, copy.over_there(context))
    if there.is_gone:
        return would_change(
            f"{place} would be made: {described(facts)}{_in_parts(copy, context, facts)}."
        )
    old = there.facts
    if old is None:
        return from_look(there)
    if old.is_content_of(facts) and not sets_anything(copy):
        return already_so(f"{place} has this content: {described(old)}.")
    return would_change(
        f"{place} would be overwritten: from {described(old)} to {described(facts)}"
        f"{_in_parts(copy, context, facts)}."
    )


def _in_parts(copy: "PutObjectCopy", context: Context, facts: Facts) -> str:
    habits = context.habits_of(copy.place(context))
    if facts.size_bytes <= habits.largest_copy_bytes:
        return ""
    count = part_count(facts.size_bytes, part_size(facts.size_bytes, habits))
    return f", copied in {count:,} parts"


def sets_anything(copy: "PutObjectCopy") -> bool:
    """Besides where it goes."""
    return bool(copy.to_wire().keys() - _CHANGE_NOTHING)
