"""A job that waits for confirmation reminds its owner, before it fails unconfirmed."""

from datetime import datetime, timedelta

from jobs import conf
from jobs.choices import JobStatus
from jobs.models import Delivery, Job
from jobs.notifications.announcing import delivery
from jobs.notifications.events import reminder_of
from jobs.notifications.subscribers import Subscriptions

AFTER_DAYS = (1, 7, 25)


def remind(now: datetime) -> int:
    """Makes the reminders that are due, each once; how many those were. Of several that were missed
    only the last is made.
    """
    if not conf.can_mail():
        return 0
    oldest = now - timedelta(days=AFTER_DAYS[0])
    rows = Job.objects.going().filter(status=JobStatus.SUSPENDED, suspended_at__lte=oldest)
    jobs = list(rows.exclude(owner=None).select_related("region", "owner"))
    known, made = Subscriptions([], now), []
    for job in jobs:
        waited = now - (job.suspended_at or now)
        days = max(days for days in AFTER_DAYS if waited >= timedelta(days=days))
        if job.owner and (owner := known.person(job.owner, job)):
            made.append(delivery(reminder_of(job, days, now), job, owner, now))
    wanted = {one.message_id for one in made}
    there = Delivery.objects.filter(message_id__in=wanted).values_list("message_id", flat=True)
    new = [one for one in made if one.message_id not in set(there)]
    Delivery.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)
