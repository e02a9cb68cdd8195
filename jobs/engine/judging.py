"""What the failures of a job mean for the job as a whole: judged with every record."""

from datetime import datetime

from jobs import conf
from jobs.choices import JobStatus
from jobs.engine import threshold
from jobs.lifecycle import commands
from jobs.models import Job

THRESHOLD_CODE = "FailureThresholdExceeded"


def judge(job_id: str, now: datetime) -> None:
    """To be called in the transaction that counted the tasks, once for all chunks recorded in it."""
    succeeded, failed = Job.objects.values_list("tasks_succeeded", "tasks_failed").get(pk=job_id)
    floor, percent = conf.failure_floor(), conf.failure_percent()
    if threshold.exceeded(succeeded=succeeded, failed=failed, floor=floor, percent=percent):
        commands.fail(
            job_id,
            THRESHOLD_CODE,
            f"{failed:,} of {succeeded + failed:,} tasks failed, more than {percent}%.",
            now=now,
            only_from={JobStatus.ACTIVE, JobStatus.PAUSING, JobStatus.PAUSED},
        )
