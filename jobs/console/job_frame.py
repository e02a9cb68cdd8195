"""What stands around every page of one job: header, state, what may be done."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from jobs.access.actions import Action
from jobs.access.asking import of_job, requesting_status
from jobs.choices import JobStatus
from jobs.console import pausing
from jobs.console.access import can, decide
from jobs.console.why_not import why_not_cancel, why_not_priority, why_not_run
from jobs.lifecycle import freezing, retrying
from jobs.models import Job
from jobs.operations import registry
from jobs.queries import foreseen, words
from jobs.queries.job_history import person
from jobs.queries.job_list import operation_label

_BUTTONS = (
    Action.PAUSE_JOB,
    Action.RESUME_JOB,
    Action.UPDATE_JOB_PRIORITY,
    Action.UPDATE_JOB_LIMITS,
    Action.RETRY_JOB,
    Action.PUT_JOB_TAGGING,
)
_BEFORE_RUN = frozenset({JobStatus.NEW, JobStatus.PREPARING, JobStatus.SUSPENDED})


def frame(request: HttpRequest, job: Job) -> dict[str, Any]:
    now = timezone.now()
    about = of_job(job)
    refused = {action: decide(request, action, about).why_not for action in _BUTTONS}
    not_run, not_cancel = (
        decide(request, Action.UPDATE_JOB_STATUS, about, keys=requesting_status(status)).why_not
        for status in (JobStatus.READY, JobStatus.CANCELLED)
    )
    pause = pausing.pause_of(job)
    return {
        "job": job,
        "status_label": words.status(
            str(JobStatus(job.status).label), mine=can(request, Action.CREATE_JOB)
        ),
        "operation_label": operation_label(job.operation),
        "expiry": words.expiry(job, now),
        "gone": words.storage_gone(job),
        "awaiting": job.status == JobStatus.SUSPENDED,
        "not_run": why_not_run(job) or not_run,
        "not_cancel": why_not_cancel(job) or not_cancel,
        "pause": pause,
        "paused_title": f"Paused by {pause.by}" if pause else "",
        "may_pause": job.status not in _BEFORE_RUN and not job.is_terminal,
        "can_resume": pausing.can_resume(job),
        "not_pause": pausing.why_not_pause(job) or refused[Action.PAUSE_JOB],
        "not_resume": refused[Action.RESUME_JOB],
        "not_priority": why_not_priority(job) or refused[Action.UPDATE_JOB_PRIORITY],
        "not_limits": refused[Action.UPDATE_JOB_LIMITS],
        "not_clone": decide(request, Action.CREATE_JOB).why_not,
        "can_retry": job.is_terminal and job.started_at is not None and not job.dry_run,
        "not_retry": _why_not_retry(job) or refused[Action.RETRY_JOB],
        "not_tags": refused[Action.PUT_JOB_TAGGING],
        "failed_sentence": f"{job.tasks_failed:,} of {words.counted(job.tasks_done, 'object')} failed.",
        "failed_tone": "err" if job.tasks_failed >= (job.total_tasks or 0) else "warn",
        "done_sentence": f"Finished: {words.counted(job.tasks_done, 'object')}, all succeeded.",
        "foreseen_sentence": foreseen.sentence(job) if job.dry_run else "",
        "real_job": freezing.real_job_of(job) if job.dry_run else None,
        "guard_sentence": foreseen.guard_sentence(job),
        "cancelled_by": _cancelled_by(job),
        "summary": summary(job),
    }


def summary(job: Job) -> list[tuple[str, str]]:
    """The operation's settings, labelled; empty for an operation that is not there any more."""
    operation = registry.find(job.operation)
    return operation.parse(job.parameters).knowing(job.found).summary() if operation else []


def _why_not_retry(job: Job) -> str:
    if words.storage_gone(job):
        return "The demo storage was restarted since then"
    return retrying.why_not(job)


def _cancelled_by(job: Job) -> str:
    if job.status not in (JobStatus.CANCELLING, JobStatus.CANCELLED):
        return ""
    stops = job.status_changes.filter(to_status__in=(JobStatus.CANCELLING, JobStatus.CANCELLED))
    first = stops.select_related("actor").first()
    return person(first.actor) if first else ""
