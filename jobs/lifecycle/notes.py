"""What a person should know of a job that changes nothing about it."""

from datetime import datetime

from django.db import transaction

from jobs.models import Job, JobEvent


def note_slower(job_id: str, why: str, *, now: datetime) -> None:
    """Once for each reason, whoever finds it; `why` is a sentence."""
    _note_once(job_id, JobEvent.Kind.SLOWER, why, now)


def note_unchecked(job_id: str, why: str, *, now: datetime) -> None:
    """That what the storage did could not be looked at: as `note_slower`."""
    _note_once(job_id, JobEvent.Kind.UNCHECKED, why, now)


def note_left_behind(job_id: str, why: str, *, now: datetime) -> None:
    """That something of its tasks stays in the storage: as `note_slower`."""
    _note_once(job_id, JobEvent.Kind.LEFT, why, now)


def _note_once(job_id: str, kind: JobEvent.Kind, why: str, now: datetime) -> None:
    same = JobEvent.objects.filter(job_id=job_id, kind=kind, after=why)
    if same.exists():
        return
    with transaction.atomic():
        # Another worker may be about it, too.
        Job.objects.select_for_update(no_key=True).get(pk=job_id)
        if not same.exists():
            JobEvent.objects.create(job_id=job_id, at=now, kind=kind, after=why)
