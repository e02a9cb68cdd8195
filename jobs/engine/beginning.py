"""Making a job active when its first chunk is about to be claimed."""

from datetime import datetime

from jobs.choices import JobStatus
from jobs.lifecycle import commands
from jobs.models import Job


def make_active(job: Job, *, now: datetime) -> None:
    """Does nothing where another worker was quicker, or the job was cancelled: claiming looks at
    the status itself.
    """
    commands.move(
        job.pk,
        JobStatus.ACTIVE,
        now=now,
        only_from={JobStatus.READY},
        started_at=job.started_at or now,
    )
