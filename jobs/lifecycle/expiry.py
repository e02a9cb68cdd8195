"""A job that nobody confirmed for over 30 days fails (docs/batch-operations.md, Confirmation)."""

from datetime import datetime

from jobs import conf
from jobs.choices import JobStatus
from jobs.lifecycle import commands
from jobs.models import Job

CODE = "SuspendedTooLong"
REASON = "Nobody confirmed the job for more than 30 days after it was prepared."


def expires_at(job: Job) -> datetime | None:
    """The last moment at which a suspended job can be confirmed; None for any other job."""
    if job.status != JobStatus.SUSPENDED or job.suspended_at is None:
        return None
    return job.suspended_at + conf.SUSPENDED_LIFETIME


def expire_suspended(now: datetime) -> list[str]:
    """Fail every job suspended for over 30 days at `now`; returns their ids."""
    late = Job.objects.going().filter(
        status=JobStatus.SUSPENDED, suspended_at__lt=now - conf.SUSPENDED_LIFETIME
    )
    return [
        job_id
        for job_id in late.values_list("pk", flat=True)
        if commands.fail(job_id, CODE, REASON, now=now, only_from={JobStatus.SUSPENDED})
    ]
