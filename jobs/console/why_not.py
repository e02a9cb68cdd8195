"""Why a job's state does not allow something, shortly; empty where it does."""

from jobs.choices import CANCELLABLE, JobStatus, PauseCause
from jobs.lifecycle.effects import PAUSES
from jobs.models import Job
from jobs.operations import registry
from jobs.queries import words


def why_not_run(job: Job) -> str:
    """`job` comes with its Region."""
    if job.status in (JobStatus.NEW, JobStatus.PREPARING):
        return "The job is still being prepared"
    if job.status != JobStatus.SUSPENDED:
        return "The job does not wait for confirmation"
    if words.storage_gone(job):
        return "The demo storage was restarted since then"
    if registry.find(job.operation) is None:
        return "This version does not know the operation"
    return ""


def why_not_cancel(job: Job) -> str:
    if job.is_terminal:
        return "The job has ended"
    if job.status not in CANCELLABLE:
        return "The job is ending already"
    return ""


def why_not_priority(job: Job) -> str:
    return "The job has ended" if job.is_terminal else ""


def why_not_resume(job: Job) -> str:
    if job.is_terminal:
        return "The job has ended"
    if job.status not in PAUSES:
        return "The job is not paused"
    if job.paused_cause == PauseCause.PRIORITY:
        return "The job continues by itself after a job of higher priority"
    return ""
