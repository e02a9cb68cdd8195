"""From the outbox to deliveries: every status change is announced once.

The outbox are the status changes themselves, which are written in the same transaction as the
status; so none is lost, and the engine has no query more.
"""

import json
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from jobs.choices import TERMINAL
from jobs.models import Delivery, Job, StatusChange
from jobs.notifications.events import Event, event_of
from jobs.notifications.subscribers import Receiver, Subscriptions, forget_ended

stream = logging.getLogger("batchconsole.events")

BATCH = 50
"""Of one transaction, so that nobody waits for it."""

PATIENCE = timedelta(hours=24)
"""After so long a message that does not arrive is given up."""


def announce(now: datetime) -> bool:
    """A batch of what is still to be told of; False when there was none. Safe to run twice at once."""
    with transaction.atomic():
        rows = StatusChange.objects.filter(announced=False).order_by("pk")
        locked = rows.select_for_update(skip_locked=True, of=("self",))
        changes = list(locked.select_related("job__region")[:BATCH])
        if not changes:
            return False
        jobs = _with_tags(changes)
        known = Subscriptions(list(jobs.values()), now)
        deliveries = []
        for change in changes:
            change.job = jobs[change.job_id]
            event = event_of(change)
            deliveries += deliveries_of(event, change.job, known, now)
            # Before the commit: a kill in between writes the line once more, and loses none.
            stream.info("%s", json.dumps(event))
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        forget_ended(change.job_id for change in changes if change.to_status in TERMINAL)
        StatusChange.objects.filter(pk__in=[change.pk for change in changes]).update(announced=True)
    return True


def _with_tags(changes: Iterable[StatusChange]) -> dict[str, Job]:
    wanted = {change.job_id for change in changes}
    rows = Job.objects.filter(pk__in=wanted).select_related("region").prefetch_related("tags")
    return {job.pk: job for job in rows}


def deliveries_of(event: Event, job: Job, known: Subscriptions, now: datetime) -> list[Delivery]:
    status = event["detail"]["serviceEventDetails"]["status"]
    return [delivery(event, job, one, now) for one in known.receivers(job, status)]


def delivery(event: Event, job: Job, receiver: Receiver, now: datetime) -> Delivery:
    return Delivery(
        message_id=event["id"],
        event=event,
        job=job,
        user=receiver.user,
        webhook=receiver.webhook,
        address=receiver.address,
        created_at=now,
        next_at=now,
        give_up_at=now + PATIENCE,
    )
