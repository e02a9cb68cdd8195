"""Why a job does not move although it could: noted on the job, whose status stays."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from jobs.choices import JobStatus
from jobs.lifecycle import commands
from jobs.models import Job, JobEvent


def wait_for(
    job_id: str, sentence: str, *, until_s: float, now: datetime, only_in: Collection[JobStatus]
) -> None:
    """Note why a job does not move; its status stays. `until_s` is on the database's clock.

    Nothing is noted outside `only_in`: who was overtaken does not speak for the job any more.
    """
    with transaction.atomic():
        job = Job.objects.filter(pk=job_id, status__in=only_in)
        if job.filter(waiting_for="").update(waiting_since=now):
            JobEvent.objects.create(
                job_id=job_id, at=now, kind=JobEvent.Kind.WAITING, after=sentence[:512]
            )
        job.update(waiting_for=sentence[:512], waiting_until_s=until_s)


def stop_waiting(job_id: str, *, now: datetime) -> None:
    """What a job waited for is there again."""
    with transaction.atomic():
        waiting = Job.objects.filter(pk=job_id).exclude(waiting_for="")
        if waiting.update(waiting_for="", waiting_since=None, waiting_until_s=0):
            JobEvent.objects.create(job_id=job_id, at=now, kind=JobEvent.Kind.RESUMED)
            commands.take_turns_later(job_id, now)
