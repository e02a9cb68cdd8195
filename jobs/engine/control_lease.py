"""Who prepares or finishes a job: a lease on the job itself, with a fence.

Preparing and finishing are steps of one worker at a time. As with chunks, time is the
database's, and what a worker with an old fence brings is thrown away.

Tries that come to nothing are counted, whether something unexpected was raised or the worker died
at it: the pause before the next one doubles, and after MAX_TRIES the job is given up.
"""

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F

from jobs import conf, queueing
from jobs.choices import JobStatus
from jobs.engine.database import now_s
from jobs.engine.heartbeats import kept
from jobs.errors import LeaseLostError, unexpected
from jobs.lifecycle import waits
from jobs.models import Job

logger = logging.getLogger(__name__)

GIVEN_UP = "InternalError"
"""The code of what fails through a fault of ours, as S3 has it."""

FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 3600.0
MAX_TRIES = 30
"""Not quite a day with these pauses: time to read a log and to put a new version in place."""

_TRY = "This was try"

DIED_TRIES = 2
"""So many workers may die at a job, in a deploy or at a person's hand, before it is thought odd."""


def owner_name() -> str:
    """This process, as it stands in leases."""
    return queueing.owner_name(socket.gethostname(), os.getpid())


@dataclass(frozen=True, slots=True)
class Terms:
    """On which a job is prepared or finished: while it `goes_on`, which is asked every tick, since
    others may wait. `hangs` is called where it does not end long after it was told to.
    """

    goes_on: Callable[[], bool] = lambda: True
    hangs: Callable[[], None] = lambda: None


ALONE = Terms()
"""Nobody else waits."""


@dataclass(frozen=True, slots=True)
class ControlLease:
    """`tries` counts this one and those before that came to nothing."""

    job_id: str
    fence: int
    tries: int

    @property
    def is_last_straw(self) -> bool:
        return self.tries > MAX_TRIES

    def write(self, status: JobStatus, **changes: object) -> None:
        """Write `changes` to the job while it is ours and in `status`: it came further, and tries
        are counted anew. Raises LeaseLostError.
        """
        held = Job.objects.filter(pk=self.job_id, control_fence=self.fence, status=status)
        if not held.update(control_lease_expires_s=_expiry_s(), control_tries=1, **changes):
            raise LeaseLostError

    def kept(
        self, status: JobStatus, stop: threading.Event, terms: Terms
    ) -> contextlib.AbstractContextManager[threading.Event]:
        """As `heartbeats.kept`: the event is set when the lease or the status is lost, too."""
        held = Job.objects.filter(pk=self.job_id, control_fence=self.fence, status=status)
        return kept(
            beat=lambda: bool(held.update(control_lease_expires_s=_expiry_s())),
            may_go_on=lambda: held.exists() and terms.goes_on(),
            hangs=lambda: self._abandon(terms),
            stop=stop,
        )

    def release(self, *, waits: bool = False) -> None:
        """With `waits` it is left until then that was noted with `wait_for`, which it waits for and
        is no fault of its own; else it may go on at once.
        """
        changes: dict[str, object] = {} if waits else {"waiting_until_s": 0}
        self._release(control_tries=0, **changes)

    def release_failed(self, what: str, error: Exception, now: datetime) -> None:
        """Something unexpected was raised: note it with when it is tried next, after a pause that
        grows. `what` waits, as a sentence of its own: "The report waits."
        """
        job = Job.objects.filter(pk=self.job_id, control_fence=self.fence)
        for tries, status in job.values_list("control_tries", "status"):
            sentence = f"{what} {unexpected(error, _next_try(tries, now))}"
            _wait(self.job_id, JobStatus(status), sentence, tries, now)
        self._release()

    def note_deaths(self, what: str, status: JobStatus, now: datetime) -> None:
        """To be called first: says that workers died at it, if so and if nothing else is known."""
        if self.tries <= DIED_TRIES or Job.objects.filter(pk=self.job_id).exclude(waiting_for=""):
            return
        sentence = (
            f"{what} Workers ended while they were at it, without a word, {self.tries - 1} times in"
            f" a row; the machine may lack memory. {_next_try(self.tries, now)}."
        )
        _wait(self.job_id, status, sentence, self.tries, now)

    def _abandon(self, terms: Terms) -> None:
        logger.error("job %s: what was told to end hangs", self.job_id)
        self._release()
        terms.hangs()

    def _release(self, **changes: object) -> None:
        # Also when it was served last: the least recently served job is next.
        Job.objects.filter(pk=self.job_id, control_fence=self.fence).update(
            control_lease_expires_s=now_s(), **changes
        )


def acquire(job_id: str, statuses: Collection[JobStatus]) -> ControlLease | None:
    """None when the job is elsewhere in its life, waits for a storage, or another worker has it."""
    now = now_s()
    free = Job.objects.filter(
        pk=job_id,
        status__in=statuses,
        control_lease_expires_s__lte=now,
        waiting_until_s__lte=now,
    )
    for fence, tries in free.values_list("control_fence", "control_tries"):
        # The pause is noted before the try: who dies at it cannot do so afterwards.
        pause = {"waiting_until_s": now + pause_s(tries)} if tries else {}
        if free.filter(control_fence=fence).update(
            control_fence=F("control_fence") + 1,
            control_tries=F("control_tries") + 1,
            control_owner=owner_name(),
            control_lease_expires_s=_expiry_s(),
            **pause,
        ):
            return ControlLease(job_id, fence + 1, tries + 1)
    return None


def pause_s(tries: int) -> float:
    """How long a job is left alone after so many tries that came to nothing."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (min(tries, MAX_TRIES) - 1))


def last_words(job: Job) -> str:
    """Why a job is given up, with what it said last."""
    said = job.waiting_for.partition(_TRY)[0].strip()
    return f"It was given up after {MAX_TRIES} tries that came to nothing. {said}".strip()


def _next_try(tries: int, now: datetime) -> str:
    at = (now + timedelta(seconds=pause_s(tries))).astimezone(UTC)
    return f"{_TRY} {tries} of {MAX_TRIES}, the next one is at {at:%H:%M:%S} UTC"


def _wait(job_id: str, status: JobStatus, sentence: str, tries: int, now: datetime) -> None:
    waits.wait_for(job_id, sentence, until_s=now_s() + pause_s(tries), now=now, only_in={status})


def _expiry_s() -> float:
    return now_s() + conf.lease_s()
