"""What follows when a job has no chunk left to run."""

from datetime import datetime

from jobs import queueing
from jobs.choices import FINISHING, JobStatus
from jobs.engine import claims
from jobs.lifecycle import commands
from jobs.models import Job


def close_if_ended(job_id: str, *, now: datetime) -> None:
    """Move a job on when its last chunk is done, and call the finisher."""
    if not claims.has_unfinished(job_id):
        commands.move(job_id, JobStatus.COMPLETING, now=now, only_from={JobStatus.ACTIVE})
    if Job.objects.filter(pk=job_id, status__in=FINISHING).exists():
        queueing.call("finish_job", job_id)
