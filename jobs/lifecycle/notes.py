"""What a person should know of a job that changes nothing about it."""

from datetime import datetime

from jobs.models import JobEvent


def note_slower(job_id: str, why: str, *, now: datetime) -> None:
    """Once for each reason, save that two workers may find it at the same moment; `why` is a
    sentence.
    """
    kind = JobEvent.Kind.SLOWER
    if not JobEvent.objects.filter(job_id=job_id, kind=kind, after=why).exists():
        JobEvent.objects.create(job_id=job_id, at=now, kind=kind, after=why)
