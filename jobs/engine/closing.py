"""Moving a job on when nobody works on it any more."""

from datetime import datetime

from jobs import queueing
from jobs.choices import FINISHING, JobStatus
from jobs.engine import claims
from jobs.lifecycle import commands
from jobs.models import Job


def close_if_ended(job_id: str, *, now: datetime) -> None:
    """To be called after a chunk was recorded or given back: completes a job whose last chunk is
    done, pauses a pausing one that nobody works on any more, calls the finisher for an ending one.
    """
    # Read after the chunk was let go: whoever changes the status looks for chunks after that.
    for status in Job.objects.filter(pk=job_id).values_list("status", flat=True):
        if status in (JobStatus.ACTIVE, JobStatus.PAUSING) and not claims.has_unfinished(job_id):
            moved = commands.move(
                job_id,
                JobStatus.COMPLETING,
                now=now,
                only_from={JobStatus.ACTIVE, JobStatus.PAUSING},
            )
            status = JobStatus.COMPLETING if moved else status
        if status == JobStatus.PAUSING:
            commands.end_pausing(job_id, now=now)
        if status in FINISHING:
            queueing.call("finish_job", job_id)
