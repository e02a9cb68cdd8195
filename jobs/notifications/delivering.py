"""Messages are sent, and tried again until they arrive or are given up.

A message is claimed by compare-and-swap under a lease, sent, and noted. Who dies in between has its
message sent once more, under the same ID. Each destination (a webhook, the mail server) has one
message on its way at a time; one that does not answer puts off what else waits for it, and holds up
no other.
"""

import math
import queue
import random
import threading
import time
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from jobs import conf
from jobs.models import Delivery, StatusChange
from jobs.notifications.announcing import PATIENCE, announce
from jobs.notifications.mails import mail_of
from jobs.notifications.sending import Message, Posting, Told

Clock = Callable[[], datetime]
Destination = int | None
"""A webhook's key; None is the mail server."""

WAITING = Delivery.State.WAITING
LEASE = timedelta(minutes=2)
DEADLINE_S = 20.0
"""Of one try, whatever the other side does: a name server or a mail server may hang, too."""

TIME_BOX_S = 10.0
STOPPING_S = 3.0
MOST_AT_ONCE = 8
FIRST_DELAY_S, LONGEST_DELAY_S = 10.0, 3600.0


def has_due(now: datetime) -> bool:
    if StatusChange.objects.filter(announced=False).exists():
        return True
    overdue = Delivery.objects.filter(state=WAITING, give_up_at__lte=now)
    return _due(now).exists() or overdue.exists()


def deliver(*, clock: Clock, stop: threading.Event) -> None:
    """All that is due, for as long as the time box; safe to run twice at once."""
    until_s = time.monotonic() + TIME_BOX_S
    while not stop.is_set() and time.monotonic() < until_s and announce(clock()):
        pass
    _give_up(clock())
    _Courier(clock, stop, until_s).run()


def resend(delivery_id: int, now: datetime) -> bool:
    """Try a message anew, from now on for as long as a new one; False while it is on its way."""
    rows = Delivery.objects.filter(pk=delivery_id).filter(_free(now))
    changed = rows.update(
        state=WAITING, attempts=0, next_at=now, give_up_at=now + PATIENCE, leased_until=None
    )
    return bool(changed)


def delay_s(attempts: int, asked_s: float | None = None) -> float:
    """How long after so many tries in vain the next one is; `asked_s` is what the receiver wants."""
    steps_s = FIRST_DELAY_S * math.pow(3, min(attempts - 1, 10))
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - it guards nothing
    return min(max(steps_s * spread, asked_s or 0.0), LONGEST_DELAY_S)


def _free(now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lt=now)


def _due(now: datetime) -> QuerySet[Delivery]:
    """Not for what is disabled, nor by mail where no server is configured: that waits."""
    rows = Delivery.objects.filter(state=WAITING, next_at__lte=now).filter(_free(now))
    if not conf.can_mail():
        rows = rows.filter(webhook__isnull=False)
    return rows.filter(Q(webhook=None) | Q(webhook__disabled=False))


def _give_up(now: datetime) -> None:
    rows = Delivery.objects.filter(state=WAITING, give_up_at__lte=now).filter(_free(now))
    rows.filter(answer="").update(answer="Nobody could try to send it in time.")
    rows.update(state=Delivery.State.GIVEN_UP)


def claim(now: datetime, *, passed_over: Set[Destination] = frozenset()) -> Delivery | None:
    """The next message that nobody has in hand, for a destination at which nobody is."""
    leased = Delivery.objects.filter(state=WAITING, leased_until__gte=now)
    busy = passed_over | set(leased.values_list("webhook", flat=True).distinct())
    rows = _due(now).exclude(webhook__in=[key for key in busy if key is not None])
    if None in busy:
        rows = rows.filter(webhook__isnull=False)
    rows = rows.select_related("webhook", "job__region").order_by("next_at", "pk")
    for found in rows[:MOST_AT_ONCE]:
        until = now + LEASE
        mine = Delivery.objects.filter(_free(now), pk=found.pk, state=WAITING)
        if mine.update(leased_until=until, attempts=F("attempts") + 1, tried_at=now):
            found.leased_until, found.attempts = until, found.attempts + 1
            return found
    return None


def note(delivery: Delivery, told: Told, now: datetime) -> bool:
    """How the try ended that `claim` began; False when another has it in hand by now."""
    mine = Delivery.objects.filter(
        pk=delivery.pk, state=WAITING, leased_until=delivery.leased_until
    )
    others = Delivery.objects.filter(webhook=delivery.webhook_id, state=WAITING, leased_until=None)
    facts = {"leased_until": None, "answer": told.answer, "http_status": told.http_status}
    next_at = now + timedelta(seconds=delay_s(delivery.attempts, told.retry_after_s))
    with transaction.atomic():
        if told.is_delivered:
            noted = mine.update(state=Delivery.State.DELIVERED, **facts)
            if noted and delivery.attempts > 1:  # what it held up goes on
                others.filter(attempts=0, next_at__gt=now).update(next_at=now)
            return bool(noted)
        if next_at >= delivery.give_up_at:
            noted = mine.update(state=Delivery.State.GIVEN_UP, **facts)
        else:
            noted = mine.update(next_at=next_at, **facts)
        if noted and told.is_of_all:
            others.filter(next_at__lt=next_at).update(next_at=next_at)
    return bool(noted)


@dataclass(slots=True)
class _Flight:
    delivery: Delivery
    ends_s: float


class _Courier:
    """Several destinations side by side, each in a thread; the database is asked by one alone.

    A thread that hangs is left behind: it ends with the process, and nobody listens to it.
    """

    def __init__(self, clock: Clock, stop: threading.Event, until_s: float) -> None:
        self._clock, self._stop, self._until_s = clock, stop, until_s
        self._ended: queue.SimpleQueue[tuple[Delivery, Told]] = queue.SimpleQueue()
        self._flying: dict[Destination, _Flight] = {}
        self._silent: set[Destination] = set()

    def run(self) -> None:
        stopped_s = 0.0
        while True:
            stops = self._stop.is_set()
            stopped_s = stopped_s or (time.monotonic() if stops else 0.0)
            while not stops and time.monotonic() < self._until_s and self._start_next():
                pass
            if not self._flying or stops and time.monotonic() > stopped_s + STOPPING_S:
                return
            self._hear()

    def _start_next(self) -> bool:
        if len(self._flying) >= MOST_AT_ONCE:
            return False
        found = claim(self._clock(), passed_over={*self._flying, *self._silent})
        if found is None:
            return False
        message: Message = (
            Posting(found.webhook.destination(), found.message_id, found.event)
            if found.webhook
            else mail_of(found)
        )
        self._flying[found.webhook_id] = _Flight(found, time.monotonic() + DEADLINE_S)
        threading.Thread(target=self._send, args=(found, message), daemon=True).start()
        return True

    def _send(self, delivery: Delivery, message: Message) -> None:
        try:
            told = message.send()
        except Exception as error:  # the mail library's, for an address that is none, say
            told = Told(False, f"It could not be sent: {type(error).__name__}.")
        self._ended.put((delivery, told))

    def _hear(self) -> None:
        try:
            delivery, told = self._ended.get(timeout=0.2)
        except queue.Empty:
            for one in [f for f in self._flying.values() if time.monotonic() > f.ends_s]:
                late = Told(False, f"No end within {DEADLINE_S:.0f} seconds.", is_of_all=True)
                self._note(one.delivery, late)
            return
        flight = self._flying.get(delivery.webhook_id)
        if flight and flight.delivery is delivery:
            self._note(delivery, told)

    def _note(self, delivery: Delivery, told: Told) -> None:
        note(delivery, told, self._clock())
        del self._flying[delivery.webhook_id]
        if told.is_of_all:
            self._silent.add(delivery.webhook_id)
