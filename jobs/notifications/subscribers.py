"""Whom a subscription tells of what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q

from jobs import conf
from jobs.access.actions import Action
from jobs.access.asking import Context
from jobs.access.decisions import may
from jobs.access.principals import principal_of
from jobs.choices import TERMINAL
from jobs.models import Job, Subscription, Webhook


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a message goes: to `webhook`, or by mail to `address`. `user` is whose own it is."""

    webhook: Webhook | None = None
    address: str = ""
    user: User | None = None

    @property
    def name(self) -> str:
        return self.webhook.name if self.webhook else self.address


class Subscriptions:
    """All that may be about some jobs, read once."""

    def __init__(self, jobs: Sequence[Job], now: datetime) -> None:
        """`jobs` come with their tags."""
        about = Q(job__isnull=True) | Q(job__in={job.pk for job in jobs})
        rows = Subscription.objects.filter(about)
        self._rows = list(rows.select_related("user", "webhook"))
        self._now = now
        self._may_see: dict[tuple[int, str], bool] = {}

    def receivers(self, job: Job, status: str) -> list[Receiver]:
        """Who is to be told that `job` came to `status`, each once."""
        found: dict[tuple[int, str], Receiver] = {}
        tags = {tag.key: tag.value for tag in job.tags.all()}
        for row in self._rows:
            if fits(row, job, status, tags) and (receiver := self._receiver(row, job)):
                webhook = receiver.webhook.pk if receiver.webhook else 0
                found.setdefault((webhook, receiver.address), receiver)
        return list(found.values())

    def _receiver(self, row: Subscription, job: Job) -> Receiver | None:
        if row.webhook:
            return Receiver(row.webhook)
        if not conf.can_mail():
            return None
        return self.person(row.user, job) if row.user else Receiver(None, row.address)

    def person(self, user: User, job: Job) -> Receiver | None:
        """None for who has no address, or may not see the job, now."""
        known = (user.pk, job.pk)
        if known not in self._may_see:
            decision = may(principal_of(user), Action.DESCRIBE_JOB, job, Context(self._now))
            self._may_see[known] = decision.allowed
        return Receiver(None, user.email, user) if self._may_see[known] and user.email else None


def fits(row: Subscription, job: Job, status: str, tags: Mapping[str, str]) -> bool:
    if row.statuses and status not in row.statuses:
        return False
    if row.job_id and row.job_id != job.pk or row.region_id and row.region_id != job.region_id:
        return False
    if row.own_jobs and row.user_id != job.owner_id:
        return False
    if not row.tag_key:
        return True
    return row.tag_key in tags and row.tag_value in ("", tags[row.tag_key])


def told_at_the_end(job: Job, now: datetime) -> list[Receiver]:
    """Who hears of the end of a job, whichever it is."""
    known = Subscriptions([job], now)
    found: dict[str, Receiver] = {}
    for status in sorted(TERMINAL):
        found |= {one.name: one for one in known.receivers(job, status)}
    return list(found.values())


def forget_ended(jobs: Iterable[str]) -> None:
    """What was asked about one job alone: it has ended."""
    Subscription.objects.filter(job__in=list(jobs)).delete()
