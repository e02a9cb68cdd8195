"""What Delete objects says to a person, by its mode."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.operations.base import AtStake, counted, named
from jobs.operations.deleting.delete_object_form import (
    EVERY,
    MARKERS,
    MODE_LABELS,
    NEWEST,
    NONCURRENT,
    VERSIONS,
)

if TYPE_CHECKING:
    from jobs.operations.delete_object import DeleteObject

_BYPASSED = " Governance retention does not protect them."


def consequence(operation: "DeleteObject", total: int | None, buckets: Sequence[str]) -> str:
    what = f"{counted(total)} in {named(buckets)}"
    sentence = {
        NEWEST: f"Deletes {what}. Objects in buckets without versioning and versions named in the list"
        " cannot be recovered.",
        VERSIONS: f"Deletes exactly the listed versions of {what}, for good.",
        MARKERS: f"Removes every delete marker of {what}: objects that were deleted come back.",
        EVERY: f"Deletes every version and every delete marker of {what}, for good, and counts what is"
        " left of each key.",
        NONCURRENT: f"Deletes noncurrent versions of {what}, for good. {_kept(operation)}.",
    }[operation.mode]
    return sentence + (_BYPASSED if operation.bypass else "")


def summary(operation: "DeleteObject") -> list[tuple[str, str]]:
    pairs = [("Deletes", MODE_LABELS[operation.mode])]
    if operation.mode == NONCURRENT:
        pairs.append(("Keeps", _kept(operation)))
    if operation.mode == EVERY:
        pairs.append(("Proof of erasure", "What is left of each key is counted afterwards"))
    if operation.bypass is not None:
        pairs.append(("Bypass governance retention", "Yes" if operation.bypass else "No"))
    return pairs


def effect_on(operation: "DeleteObject", key: str) -> str:
    return {
        NEWEST: f"{key} is deleted. Where versions are kept, it gets a delete marker instead.",
        VERSIONS: f"The listed version of {key} is deleted for good.",
        MARKERS: f"{key} loses its delete markers: if it was deleted, it comes back.",
        EVERY: f"Every version and delete marker of {key} is deleted for good.",
        NONCURRENT: f"Noncurrent versions of {key} are deleted for good. {_kept(operation)}.",
    }[operation.mode]


def at_stake(operation: "DeleteObject") -> AtStake:
    gone = "Nothing of that can be recovered."
    return {
        NEWEST: AtStake(operation.loss, operation.undo, operation.understood),
        VERSIONS: AtStake(
            "lose the listed version.",
            gone,
            "I understand that these versions are deleted for good.",
        ),
        MARKERS: AtStake(
            "lose their delete markers.",
            "To take it back, delete the objects again: they get new delete markers.",
            "I understand that deleted objects come back.",
        ),
        EVERY: AtStake(
            "lose every version.",
            gone,
            "I understand that every version of these objects is deleted for good.",
        ),
        NONCURRENT: AtStake(
            "lose noncurrent versions.",
            gone,
            "I understand that these versions are deleted for good.",
        ),
    }[operation.mode]


def _kept(operation: "DeleteObject") -> str:
    """ "The newest version and 2 noncurrent ones of each key stay"."""
    kept = operation.kept or 0
    if not kept:
        return "Only the newest version of each key stays"
    ones = (
        "the noncurrent one before it" if kept == 1 else f"the {kept:,} noncurrent ones before it"
    )
    return f"The newest version of each key and {ones} stay"
