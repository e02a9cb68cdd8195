"""What a move of a job changes besides its status."""

from datetime import datetime
from typing import Any

from django.db.models import F

from jobs.choices import RUNNABLE, TERMINAL, PauseCause
from jobs.choices import JobStatus as S
from jobs.models import Job

PAUSES = frozenset({S.PAUSING, S.PAUSED})


def clock_changes(before: S, to: S, job_id: str, now: datetime) -> dict[str, Any]:
    """Fields that follow from the move itself: the timer counts time in Active only
    (docs/batch-operations.md, State of a job), and what a job waited for it waited for in the
    status that it leaves.
    """
    changes: dict[str, Any] = {"waiting_for": "", "waiting_since": None, "waiting_until_s": 0}
    changes["control_tries"] = 0
    if to not in PAUSES:
        changes |= {"paused_cause": "", "paused_reason": ""}
    if to is S.ACTIVE:
        changes["active_since"] = now
    if before is S.ACTIVE:
        since = Job.objects.values_list("active_since", flat=True).get(pk=job_id)
        elapsed_s = max(0.0, (now - since).total_seconds()) if since else 0.0
        changes |= {"active_since": None, "active_elapsed_s": F("active_elapsed_s") + elapsed_s}
    if to in TERMINAL:
        changes["terminated_at"] = now
    return changes


def changes_turns(before: S, to: S, cause: str | None) -> bool:
    """Whether another job of the Region may have to stand back, or need not any more. `cause` is
    that of a pause.
    """
    if to in (S.READY, S.PAUSED):
        return True
    return before in RUNNABLE and to is not S.ACTIVE and cause != PauseCause.PRIORITY
