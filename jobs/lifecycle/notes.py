"""What a person should know of a job that changes nothing about it."""

from datetime import datetime

from django.db import transaction

from jobs.models import Job, JobEvent


def note_slower(job_id: str, why: str, *, now: datetime) -> None:
    """Once for each reason, whoever finds it; `why` is a sentence."""
    same = JobEvent.objects.filter(job_id=job_id, kind=JobEvent.Kind.SLOWER, after=why)
    if same.exists():
        return
    with transaction.atomic():
        # Another worker may be about it, too.
        Job.objects.select_for_update(no_key=True).get(pk=job_id)
        if not same.exists():
            JobEvent.objects.create(job_id=job_id, at=now, kind=JobEvent.Kind.SLOWER, after=why)
