"""What claiming, running and ending chunks means for the status of their job, and for what it says
that it waits for. What their failures mean is in `threshold`.
"""

import logging
from datetime import datetime

from django.db.models import F, Q

from jobs import queueing
from jobs.choices import FINISHING, JobStatus, PauseCause
from jobs.dataplane.work import Batch
from jobs.engine import claims
from jobs.engine.claims import Claim
from jobs.engine.database import now_s
from jobs.lifecycle import commands, losses, waits
from jobs.lifecycle.notes import note_unchecked
from jobs.models import Job
from jobs.operations.base import NOT_KEPT
from jobs.s3.answers import Answer
from jobs.s3.faults import is_foreign, means_no_such_call
from jobs.s3.reachable import FORBIDDEN

logger = logging.getLogger(__name__)

RETRY_STORAGE_S = 10.0

DECIDE = "Bring them back, or let the job end without them."

_SAYS_IT_ALL = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed"})
"""Codes whose message is the reason as it stands."""


def make_active(job: Job, *, now: datetime) -> None:
    """To be called before the first chunk is claimed. Does nothing where another worker was
    quicker, or the job was cancelled: claiming looks at the status itself.
    """
    commands.move(
        job.pk,
        JobStatus.ACTIVE,
        now=now,
        only_from={JobStatus.READY},
        started_at=job.started_at or now,
    )


def follow(job: Job, batch: Batch, *, has_done: bool, now: datetime) -> None:
    """What the end of a chunk means for its job, besides what was done."""
    if batch.outage:
        wait_for_storage(job, _silence(job, batch.outage), now=now)
    elif job.waiting_for and has_done:
        waits.stop_waiting(job.pk, now=now)
    for note in batch.notes:
        note_unchecked(job.pk, note, now=now)
    if batch.fatal:
        _fail_for(job, batch.fatal, now)
    elif batch.doubt:
        _stop_for(job, batch.doubt, now)


def wait_for_storage(job: Job, sentence: str, *, now: datetime) -> None:
    """The job stays Active, and none of its chunks is claimed for a while."""
    waits.wait_for(
        job.pk,
        sentence,
        until_s=now_s() + RETRY_STORAGE_S,
        now=now,
        only_in={JobStatus.ACTIVE},
    )


def _silence(job: Job, outage: Answer) -> str:
    if is_foreign(outage):
        return (
            f"{outage.message} The job goes on by itself when the storage at"
            f" {job.region.endpoint_url} answers again."
        )
    if outage.code == FORBIDDEN:
        return (
            f"{outage.message} The job goes on by itself when {job.region.endpoint_url} leads"
            " elsewhere."
        )
    return (
        f"The storage at {job.region.endpoint_url} does not answer ({outage.message})."
        " The job goes on by itself when it does."
    )


def _fail_for(job: Job, answer: Answer, now: datetime) -> None:
    reason = answer.message
    if not (reason and (means_no_such_call(answer) or answer.code in _SAYS_IT_ALL)):
        reason = f"The storage refused every further task: {reason or answer.code}"
    commands.fail(
        job.pk,
        answer.code or "StorageRefused",
        reason,
        now=now,
        only_from={JobStatus.ACTIVE, JobStatus.PAUSING},
    )


def _stop_for(job: Job, doubt: str, now: datetime) -> None:
    """A person is asked, where there is one: who made the job through the API cannot let it go on.
    With nothing left to run there is nothing to ask, and what was decided is not asked again.
    """
    if not job.confirmation_required:
        going = {JobStatus.ACTIVE, JobStatus.PAUSING, JobStatus.PAUSED}
        commands.fail(job.pk, NOT_KEPT, doubt, now=now, only_from=going)
        return
    is_through = Q(total_tasks=F("tasks_succeeded") + F("tasks_failed"))
    is_asked = ~is_through & Q(checks_waived=False)
    commands.pause(job.pk, cause=PauseCause.STORAGE, now=now, reason=doubt, where=is_asked)


def lose(claim: Claim, why: str, *, now: datetime) -> None:
    """A chunk cannot be run, for its part of the list is lost. The job goes on with the others, and a
    person is asked when these are through.
    """
    logger.error("job %s, rows from %s on: %s", claim.job_id, claim.position + 1, why)
    losses.lose_list(*claim.proof, now=now)
    close_if_ended(claim.job_id, now=now)


def close_if_ended(job_id: str, *, now: datetime) -> None:
    """To be called after a chunk was recorded or given back: completes a job whose last chunk is
    done, pauses a pausing one that nobody works on any more, calls the finisher for an ending one.
    """
    # Read after the chunk was let go: whoever changes the status looks for chunks after that.
    for status in Job.objects.filter(pk=job_id).values_list("status", flat=True):
        if status in (JobStatus.ACTIVE, JobStatus.PAUSING) and _is_through(job_id, now):
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
            queueing.call_control()


def _is_through(job_id: str, now: datetime) -> bool:
    """Whether there is nothing left to run. One whose last rows are lost waits for a person."""
    if claims.has_unfinished(job_id):
        return False
    job = commands.get_job(job_id)
    if not losses.lacks_list(job):
        return True
    waits.wait_for(
        job_id,
        f"{losses.losses_of(job).sentence} {DECIDE}",
        until_s=now_s() + RETRY_STORAGE_S,
        now=now,
        only_in={JobStatus.ACTIVE},
    )
    return False
