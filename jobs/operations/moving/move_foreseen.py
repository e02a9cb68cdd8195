"""What a move would do: what its copy would, and what becomes of the source."""

from dataclasses import replace
from typing import TYPE_CHECKING

from jobs.choices import Foreseen
from jobs.operations import looks
from jobs.operations.context import Context
from jobs.operations.deleting.object_versions import NULL
from jobs.operations.foreseeing import Foresight, from_look, would_change
from jobs.operations.moving.move_object_form import DELETE
from jobs.spec.target import Target

if TYPE_CHECKING:
    from jobs.operations.move_object import MoveObject


def foresee(move: "MoveObject", target: Target, context: Context) -> Foresight:
    copied = yield from move.copy.foresee(target, context)
    if not copied.succeeded or copied.code == Foreseen.CANNOT_TELL:
        return copied
    source = yield from looks.see(target, context)
    if source.facts is None:
        return from_look(source)
    version = str(source.facts.data.get("VersionId") or NULL)
    if version == NULL:
        then = "The source would be deleted."
    elif move.source_version == DELETE:
        then = f"Version {version} of the source would be deleted for good."
    else:
        then = "The source would get a delete marker."
    if copied.code == Foreseen.WOULD_CHANGE:
        return replace(copied, message=f"{copied.message} {then}")
    return would_change(f"{copied.message} {then}")
