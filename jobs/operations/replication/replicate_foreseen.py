"""What Replicate would do: what each of its copies would."""

from collections.abc import Sequence

from jobs.choices import Foreseen
from jobs.operations.base import Outcome
from jobs.operations.context import Context
from jobs.operations.foreseeing import Foresight, cannot_tell, would_fail
from jobs.operations.replication.replicating import UNKNOWN, Plan
from jobs.spec.target import Target

MAY_NOT_LOOK = (401, 403)
_BY_WEIGHT = (Foreseen.WOULD_CHANGE, Foreseen.CANNOT_TELL, Foreseen.ALREADY_SO)
"""What is said of several copies: one that changes something makes the task one that does."""


def from_outcome(outcome: Outcome) -> Outcome:
    """Of a task that would make no copy. Who may not look may copy all the same; what preparing asks
    for is not known before.
    """
    if outcome.code == UNKNOWN:
        return cannot_tell(outcome.message)
    if outcome.http_status in MAY_NOT_LOOK:
        return cannot_tell(f"{outcome.http_status} {outcome.code}: {outcome.message}")
    return would_fail(outcome.http_status, outcome.code, outcome.message)


def foresee(plan: Plan, target: Target, context: Context) -> Foresight:
    outcomes = []
    for copy in plan.copies:
        outcomes.append((yield from copy.foresee(target, context)))
    return _together(outcomes)


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """Sentences name their destination already."""
    if len(outcomes) == 1:
        return outcomes[0]
    failing = [one for one in outcomes if not one.succeeded]
    if failing:
        first = failing[0]
        return Outcome(False, first.http_status, first.code, _sentences(outcomes))
    kind = next(kind for kind in _BY_WEIGHT if any(one.code == kind for one in outcomes))
    return Outcome(True, 200, kind, _sentences(outcomes))


def _sentences(outcomes: Sequence[Outcome]) -> str:
    return " ".join(one.message for one in outcomes)
