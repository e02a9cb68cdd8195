"""What the failures of a job mean for the job as a whole: judged with every record."""

from datetime import datetime

from jobs.choices import JobStatus, PauseCause
from jobs.engine import threshold
from jobs.engine.canary import Canary
from jobs.lifecycle import commands, pauses
from jobs.models import Job

THRESHOLD_CODE = "FailureThresholdExceeded"
_NUMBERS = (
    *("total_tasks", "tasks_succeeded", "tasks_failed", "failure_floor", "failure_percent"),
    *("canary_tasks", "canary_percent", "canary_settled"),
)


def judge(job_id: str, now: datetime) -> None:
    """To be called in the transaction that counted the tasks, once for all chunks recorded in it."""
    job = Job.objects.only(*_NUMBERS).get(pk=job_id)
    if not _fails(job, now) and job.canary_tasks and not job.canary_settled:
        _judge_canary(job, now)


def _fails(job: Job, now: datetime) -> bool:
    percent = job.failure_percent
    if not threshold.exceeded(
        succeeded=job.tasks_succeeded,
        failed=job.tasks_failed,
        floor=job.failure_floor,
        percent=percent,
    ):
        return False
    return commands.fail(
        job.pk,
        THRESHOLD_CODE,
        f"{job.tasks_failed:,} of {job.tasks_done:,} tasks failed, more than {percent}%.",
        now=now,
        only_from={JobStatus.ACTIVE, JobStatus.PAUSING, JobStatus.PAUSED},
    )


def _judge_canary(job: Job, now: datetime) -> None:
    tasks = min(job.canary_tasks, job.total_tasks or job.canary_tasks)
    canary = Canary(tasks, job.canary_percent, job.tasks_succeeded, job.tasks_failed)
    # With nothing left to run there is nothing to ask.
    if canary.found_too_many and job.tasks_done != job.total_tasks:
        commands.pause(job.pk, cause=PauseCause.CANARY, now=now, reason=canary.sentence)
    elif canary.is_through:
        pauses.settle_canary(job.pk, now=now)
