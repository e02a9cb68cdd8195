"""What a person does not want to be reminded of on their Overview, for now: theirs alone, and no change of
the job. A job comes back when its status changes, a Region when it is tested again.
"""

from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Max

from jobs.models import Job, Region, SetAside, StatusChange


def set_job_aside(user: User, job: Job, *, now: datetime) -> None:
    newest = StatusChange.objects.filter(job=job).aggregate(newest=Max("pk"))["newest"] or 0
    facts = {"change_id": newest, "at": now}
    SetAside.objects.update_or_create(user=user, job=job, defaults=facts)


def set_region_aside(user: User, region: Region, *, now: datetime) -> None:
    SetAside.objects.update_or_create(user=user, region=region, defaults={"at": now})


def bring_back(user: User, *, job_id: str = "", region: str = "") -> None:
    """A job by its ID, a Region by its slug."""
    if job_id:
        SetAside.objects.filter(user=user, job=job_id).delete()
    if region:
        SetAside.objects.filter(user=user, region__slug=region).delete()
