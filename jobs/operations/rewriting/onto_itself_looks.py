"""What an object is like after it was copied onto itself: that nothing of it was lost on the way."""

from collections.abc import Generator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Finding, Outcome
from jobs.operations.context import Context
from jobs.operations.copying import copy_looks
from jobs.operations.looks import Look
from jobs.operations.rewriting import carried_acl, carried_over, object_metadata
from jobs.operations.rewriting.carried_over import Owned
from jobs.operations.rewriting.onto_itself import lost, newest_of
from jobs.operations.rewriting.set_afterwards import Afterwards
from jobs.operations.steps import Step
from jobs.operations.tags import Tags, from_answer
from jobs.spec.target import Target


@dataclass(frozen=True, slots=True)
class Before:
    """Of an object; what could not be read is None."""

    owned: Owned | None
    tags: Tags | None = None


def survey(target: Target, context: Context, *, acl: bool = True) -> Generator[Step, Any, Before]:
    found = yield from carried_over.read(target, context)
    if isinstance(found, Owned):
        found = yield from carried_over.read_rest(found, target, context, acl=acl, with_tags=False)
    before = Before(None)
    if not isinstance(found, Outcome):
        answer = yield looks.ask(target, context, "GetObjectTagging")
        before = Before(found, None if answer.code else from_answer(answer.data))
    context.seen_before[target.bucket, target.key] = before
    return before


def check(
    target: Target,
    context: Context,
    before: Before,
    told: Mapping[str, Any],
    *,
    tags: Any = None,
    gone: Set[str] = frozenset(),
) -> Look:
    """Whether the object is what `write_anew` had to make of it; `gone` are headers without which it
    has to be.
    """
    newest = newest_of(target)
    seen = yield from looks.see(newest, context)
    if seen.is_gone:
        return Finding(lost="copy")
    if seen.facts is None:
        return looks.unseen_by(seen)
    if before.owned is None:
        return Finding(lost=lost(told, seen))
    if seen.facts.size_bytes != before.owned.facts.size_bytes:
        return Finding(lost="content")
    params = carried_over.filled(told, before.owned, context.now_s())
    if gone & object_metadata.read(seen.answer.headers).keys():
        return Finding(lost="metadata")
    if what := lost(params, seen) or _lost_lock(params, seen):
        return Finding(lost=what)
    if before.owned.acl:
        answer = yield looks.ask(newest, context, "GetObjectAcl")
        if answer.code:
            return looks.unseen("GetObjectAcl", answer)
        if carried_acl.to_params(answer.data) != before.owned.acl:
            return Finding(lost="access control list")
    wanted = before.tags if tags is None else tags
    if wanted is None:
        return Finding()
    return (yield from looks.look_at_tags(newest, context, wanted))


def _lost_lock(params: Mapping[str, Any], seen: looks.Seen) -> str:
    data = seen.answer.data
    for name, what in (
        ("ObjectLockMode", copy_looks.RETENTION),
        ("ObjectLockLegalHoldStatus", copy_looks.HOLD),
    ):
        if params.get(name, "OFF") not in ("OFF", data.get(name)):
            return what
    return ""


def mend(
    target: Target,
    context: Context,
    finding: Finding,
    told: Mapping[str, Any],
    tags: Any = None,
) -> Generator[Step, Any, bool]:
    """Tags and locks that a storage does not take with a copy, from what was seen before it."""
    before = context.seen_before.get((target.bucket, target.key))
    if finding.lost not in copy_looks.MENDED or before is None or before.owned is None:
        return False
    habits = context.habits_of(context.bucket(target.bucket))
    if finding.lost == copy_looks.TAGS:
        habits.tags_after_copy = habits.tags_after_every_copy = True
    else:
        habits.lock_after_copy = True
    params = carried_over.filled(told, before.owned, context.now_s())
    afterwards = Afterwards.of(
        context, target, params, before.tags if tags is None else tags, only=True
    )
    if not afterwards:
        return False
    outcome = yield from afterwards.put(target, context, "")
    return outcome.succeeded
