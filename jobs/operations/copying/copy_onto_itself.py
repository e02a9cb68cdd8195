"""Copy where the destination is the source itself: to encrypt it, to change its class or metadata.

AWS resets the storage class and the access control list then, and drops the website redirect and the
lock. Here whatever the job does not name stays as it was.
"""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from jobs.errors import Problem
from jobs.operations import looks
from jobs.operations.base import Finding, Outcome, Steps, counted
from jobs.operations.context import Context
from jobs.operations.copying import copy_foreseen
from jobs.operations.foreseeing import Foresight, described, would_change, would_fail
from jobs.operations.looks import Facts, Look
from jobs.operations.rewriting import carried_over, onto_itself, onto_itself_looks
from jobs.operations.rewriting.carried_over import Owned
from jobs.operations.rewriting.onto_itself import CHANGES_NOTHING
from jobs.operations.rewriting.onto_itself_looks import Before
from jobs.operations.steps import Step
from jobs.spec.target import Target

if TYPE_CHECKING:
    from jobs.operations.put_object_copy import PutObjectCopy

_NOTHING = (
    'Objects of "{}" would be copied onto themselves with nothing changed. Choose another bucket, enter a'
    " prefix, or say what is to change."
)


def problems(copy: "PutObjectCopy", buckets: Sequence[str], *, has_versions: bool) -> list[Problem]:
    """To copy an old version onto its key is a change."""
    if has_versions or not copy.is_onto_itself(buckets) or copy_foreseen.sets_anything(copy):
        return []
    return [Problem("TargetResource", _NOTHING.format(copy.bucket))]


def consequence(copy: "PutObjectCopy", total: int | None) -> str:
    return (
        f"Copies {counted(total)} in {copy.bucket} onto themselves: what these settings do not name"
        " is kept, and dates become new."
        f"{copy.metadata.loses_type()} In a bucket with versions a new version of each object is"
        " made, and a version that the list names becomes the newest."
    )


def run(copy: "PutObjectCopy", target: Target, context: Context) -> Steps:
    if _changes_nothing(copy, target):
        return Outcome(False, 400, "InvalidRequest", CHANGES_NOTHING)
    told = _told(copy, target, context)
    owned = yield from carried_over.read(target, context)
    if isinstance(owned, Outcome):
        return owned
    unmet = _unmet(told, owned)
    if unmet:
        return unmet
    return (yield from onto_itself.write_anew(target, context, owned, told, copy.new_tags))


def _changes_nothing(copy: "PutObjectCopy", target: Target) -> bool:
    return not (target.version_id or copy_foreseen.sets_anything(copy))


def _told(copy: "PutObjectCopy", target: Target, context: Context) -> dict[str, Any]:
    return dict(copy.copy_call(target, context).params)


def _unmet(told: dict[str, Any], owned: Owned) -> Outcome | None:
    """S3 takes no notice of this condition beside that of the ETag, which goes with every copy here."""
    limit, changed = told.get("CopySourceIfUnmodifiedSince"), owned.facts.last_modified
    if limit is None or changed is None or changed <= limit:
        return None
    message = f"The object was changed after {limit.isoformat()}. It was left as it is."
    return Outcome(False, 412, "PreconditionFailed", message)


def foresee(copy: "PutObjectCopy", target: Target, context: Context) -> Foresight:
    if _changes_nothing(copy, target):
        return would_fail(400, "InvalidRequest", CHANGES_NOTHING)
    told = _told(copy, target, context)
    owned = yield from carried_over.read(target, context)
    if isinstance(owned, Outcome):
        return onto_itself.why_not(owned)
    unmet = _unmet(told, owned)
    if unmet:
        return onto_itself.why_not(unmet)
    refused = yield from onto_itself.refused(target, context, owned, told)
    if refused:
        return refused
    if target.version_id:
        return (yield from _foresee_version(target, context, owned))
    return would_change(
        f"The object would be rewritten with these settings: {described(owned.facts)}."
        f"{_differences(told, owned)}"
    )


def _foresee_version(target: Target, context: Context, owned: Owned) -> Foresight:
    newest = yield from looks.see(onto_itself.newest_of(target), context)
    now = described(newest.facts) if newest.facts else "no object"
    return would_change(
        f"This version would become the newest: from {now} to {described(owned.facts)}."
    )


def _differences(told: dict[str, Any], owned: Owned) -> str:
    """Of what HeadObject shows in one word each."""
    data = owned.facts.data
    pairs = [
        ("Storage class", carried_over.class_of(data), told.get("StorageClass")),
        (
            "Encryption",
            data.get("ServerSideEncryption") or "none that is shown",
            told.get("ServerSideEncryption"),
        ),
    ]
    return "".join(
        f" {label} would change from {was} to {will}."
        for label, was, will in pairs
        if will and was != will
    )


# --- What the first copies are looked at for


def survey(copy: "PutObjectCopy", target: Target, context: Context) -> Generator[Step, Any, Before]:
    told = _told(copy, target, context)
    return (
        yield from onto_itself_looks.survey(target, context, acl=not onto_itself.says_acl(told))
    )


def check(
    copy: "PutObjectCopy", target: Target, context: Context, before: "Facts | Before | None"
) -> Look:
    known = before if isinstance(before, Before) else Before(None)
    told = _told(copy, target, context)
    return (yield from onto_itself_looks.check(target, context, known, told, tags=copy.new_tags))


def mend(
    copy: "PutObjectCopy", target: Target, context: Context, finding: Finding
) -> Generator[Step, Any, bool]:
    told = _told(copy, target, context)
    return (yield from onto_itself_looks.mend(target, context, finding, told, copy.new_tags))
