"""What the end of a chunk means for its job, besides what was done."""

from datetime import datetime

from jobs.choices import JobStatus
from jobs.dataplane.work import Batch
from jobs.engine.database_clock import now_s
from jobs.lifecycle import commands
from jobs.models import Job
from jobs.operations.base import DONE
from jobs.s3.answers import Answer

RETRY_STORAGE_S = 10.0


def is_cut_short(batch: Batch) -> bool:
    """Whether tasks are left to run."""
    # `in` asks each outcome whether it is None; to count those that are the usual one is at once.
    return batch.outcomes.count(DONE) < len(batch.outcomes) and None in batch.outcomes


def follow(job: Job, batch: Batch, *, has_done: bool, now: datetime) -> None:
    if batch.outage:
        wait_for_storage(job, _silence(job, batch.outage), now=now)
    elif job.waiting_for and has_done:
        commands.stop_waiting(job.pk, now=now)
    if batch.fatal:
        _fail_for(job, batch.fatal, now)


def wait_for_storage(job: Job, sentence: str, *, now: datetime) -> None:
    """The job stays Active, and none of its chunks is claimed for a while."""
    commands.wait_for(
        job.pk,
        sentence,
        until_s=now_s() + RETRY_STORAGE_S,
        now=now,
        only_in={JobStatus.ACTIVE},
    )


def _silence(job: Job, outage: Answer) -> str:
    return (
        f"The storage at {job.region.endpoint_url} does not answer ({outage.message})."
        " The job goes on by itself when it does."
    )


def _fail_for(job: Job, answer: Answer, now: datetime) -> None:
    commands.fail(
        job.pk,
        answer.code or "StorageRefused",
        f"The storage refused every further task: {answer.message or answer.code}",
        now=now,
        only_from={JobStatus.ACTIVE, JobStatus.PAUSING},
    )
