"""When failures stop a job, judged with every record: its threshold fails it, and its canary (the
threshold of its first tasks) pauses it.
"""

from dataclasses import dataclass
from datetime import datetime

from jobs.choices import JobStatus, PauseCause
from jobs.lifecycle import commands, pauses
from jobs.models import Job

CODE = "FailureThresholdExceeded"
_NUMBERS = (
    *("total_tasks", "tasks_succeeded", "tasks_failed", "failure_floor", "failure_percent"),
    *("canary_tasks", "canary_percent", "canary_settled", "dry_run"),
)


def exceeded(*, succeeded: int, failed: int, floor: int, percent: int) -> bool:
    """From `floor` tasks on, strictly more than `percent` per cent failed."""
    run = succeeded + failed
    return run >= floor and failed * 100 > run * percent


@dataclass(frozen=True, slots=True)
class Canary:
    """Of the first `tasks` of a job, `succeeded` and `failed` were run."""

    tasks: int
    percent: int
    succeeded: int
    failed: int

    @property
    def found_too_many(self) -> bool:
        """Strictly more than `percent` per cent will have failed, whatever the rest does: so it
        asks as soon as that is certain.
        """
        return self.failed * 100 > self.tasks * self.percent

    @property
    def is_through(self) -> bool:
        return self.succeeded + self.failed >= self.tasks

    @property
    def sentence(self) -> str:
        done = self.succeeded + self.failed
        return f"{self.failed:,} of the first {done:,} tasks failed, more than {self.percent}%."


def judge(job_id: str, now: datetime) -> None:
    """To be called in the transaction that counted the tasks, once for all chunks recorded in it."""
    job = Job.objects.only(*_NUMBERS).get(pk=job_id)
    if job.dry_run:
        return  # failures are what it is to find
    if not _fails(job, now) and job.canary_tasks and not job.canary_settled:
        _judge_canary(job, now)


def _fails(job: Job, now: datetime) -> bool:
    percent = job.failure_percent
    if not exceeded(
        succeeded=job.tasks_succeeded,
        failed=job.tasks_failed,
        floor=job.failure_floor,
        percent=percent,
    ):
        return False
    return commands.fail(
        job.pk,
        CODE,
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
