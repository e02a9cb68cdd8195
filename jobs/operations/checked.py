"""A task whose object is looked at before and afterwards: what was asked is what was done."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jobs.operations.base import (
    Finding,
    Operation,
    Outcome,
    Steps,
    not_kept,
)
from jobs.operations.batch import BatchOperation, Ended
from jobs.operations.context import Context
from jobs.operations.steps import Later, Step
from jobs.spec.target import Target

LASTS_S = 5.0
"""A difference that is still there after so long is one: some storage writes a moment later."""

LOOK_AGAIN_S = 0.5
OF_MANY = 3
"""So many targets of a request about many are looked at."""


@dataclass(frozen=True, slots=True)
class Checked:
    """`has_done` says whether the task had succeeded, so that there was something to look at."""

    has_done: bool
    finding: Finding = Finding()


Note = Callable[[Checked], None]


def checked(operation: Operation, target: Target, context: Context, note: Note) -> Steps:
    """As `Operation.run`; `note` is told what the look showed."""
    context.began_s = context.now_s()
    before = yield from operation.survey(target, context)
    outcome = yield from operation.run(target, context)
    if not outcome.succeeded:
        note(Checked(False))
        return outcome
    finding = yield from lasting(operation, target, context, before)
    if finding.lost and (yield from operation.mend(target, context, finding)):
        finding = yield from lasting(operation, target, context, before)
    note(Checked(True, finding))
    return not_kept(finding) if finding.lost else outcome


def looked_at(operation: Operation, target: Target, context: Context, note: Note) -> Steps:
    """Of a task that was done before: as the end of `checked`."""
    finding = yield from lasting(operation, target, context, None)
    note(Checked(True, finding))
    return not_kept(finding) if finding.lost else Outcome(True, 200, "", "")


def checked_many(
    operation: BatchOperation, targets: Sequence[Target], context: Context, note: Note
) -> Generator[Step, Any, Ended]:
    """As `BatchOperation.run_many`. What is not there as asked for the few that are looked at does
    not count as done for any.
    """
    context.began_s = context.now_s()
    yield from operation.survey_many(targets, context)
    ended = yield from operation.run_many(targets, context)
    done = [n for n, outcome in enumerate(ended.outcomes) if outcome and outcome.succeeded]
    finding = Finding()
    for n in done[:OF_MANY]:
        finding = yield from lasting(operation, targets[n], context, None)
        if finding.lost or finding.unseen:
            break
    note(Checked(bool(done), finding))
    if not finding.lost:
        return ended
    outcomes = list(ended.outcomes)
    for n in done:
        outcomes[n] = not_kept(finding)
    return replace(ended, outcomes=outcomes)


def lasting(
    operation: Operation, target: Target, context: Context, before: Any
) -> Generator[Step, Any, Finding]:
    """What `check` finds, where that is a difference once it has lasted."""
    since_s = context.now_s()
    while True:
        finding = yield from operation.check(target, context, before)
        if not finding.lost or context.now_s() - since_s >= LASTS_S:
            return finding
        if not (yield Later(LOOK_AGAIN_S, free=True)):
            return finding
