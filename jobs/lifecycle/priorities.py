"""Changing which job goes first."""

from datetime import datetime

from django.db import transaction

from jobs.access.actions import Action
from jobs.access.asking import prioritising
from jobs.access.decisions import Decision
from jobs.choices import TERMINAL
from jobs.errors import JobStatusError, Problem, ValidationFailedError
from jobs.lifecycle import commands
from jobs.models import Job, JobEvent
from jobs.spec import paths
from jobs.spec.job import MAX_PRIORITY


def reprioritise(job_id: str, priority: int, *, by: Decision, now: datetime) -> Job:
    """Change who goes first; allowed until the job has ended.

    Raises NoSuchJobError, AccessDeniedError, ValidationFailedError, and JobStatusError for a job that has ended.
    """
    check_priority(priority)
    with transaction.atomic():
        job = commands.locked_job(job_id)
        by.hold(Action.UPDATE_JOB_PRIORITY, job, prioritising(priority))
        changed = (
            Job.objects.filter(pk=job_id).exclude(status__in=TERMINAL).update(priority=priority)
        )
        if not changed:
            raise JobStatusError("The job has ended, so its priority cannot change any more.")
        if job.priority != priority:
            JobEvent.objects.create(
                job=job,
                at=now,
                kind=JobEvent.Kind.PRIORITY,
                actor=by.actor,
                before=job.priority,
                after=priority,
            )
            commands.take_turns_later(job_id, now)
    return commands.get_job(job_id)


def check_priority(priority: int) -> None:
    """Raises ValidationFailedError unless `priority` is in its range.

    See docs/batch-operations.md, Priority.
    """
    if not 0 <= priority <= MAX_PRIORITY:
        raise ValidationFailedError(
            [Problem(paths.PRIORITY, f"Priority must be a whole number from 0 to {MAX_PRIORITY}.")]
        )
