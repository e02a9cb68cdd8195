"""Jobs of a soak: always some under way, each over keys of its own, and every report counted."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import Error, connections
from django.utils import timezone

from jobs.choices import JobStatus, PauseCause
from jobs.errors import JobStatusError
from jobs.lifecycle import commands, pauses, priorities
from jobs.models import Job
from tests import servers
from tests.allowed import allowed
from tests.counting_storage import OPERATIONS
from tests.engine.places import Place, new_place
from tests.examples import PLAINEST, written_to
from tests.faults import Tally, counted, listed_keys
from tests.soak.installation import Installation

T = TypeVar("T")
PARAMETERS: dict[str, dict[str, Any]] = {
    name: written_to(parameters, "archive") for name, parameters in PLAINEST if name in OPERATIONS
}
CANCELLED_SHARE = 0.1
WISHED_SHARE, RESUMED_SHARE = 0.005, 0.03
"""Of the looks at a job, ten a second: a pause or a change of priority now and then."""


def patiently(ask: Callable[[], T]) -> T:
    """What the database answers, when it does."""
    until_s = time.monotonic() + 120
    while True:
        try:
            return ask()
        except Error:
            connections.close_all()
            if time.monotonic() > until_s:
                raise
            time.sleep(0.2)


@dataclass
class Jobs:
    """`wrong_ends` are sentences about jobs that ended otherwise than they should."""

    house: Installation
    objects: int
    rng: random.Random
    tally: Tally = field(default_factory=Tally)
    ended: int = 0
    wishes: int = 0
    calm: bool = False
    """Nobody wishes anything any more, save that what is paused goes on."""
    wrong_ends: list[str] = field(default_factory=list)
    _keys: dict[str, list[str]] = field(default_factory=dict)
    _to_cancel: set[str] = field(default_factory=set)
    _made: int = 0
    _place: Place | None = None

    @property
    def place(self) -> Place:
        if not self._place:
            storage = self.house.storage
            names = iter(("photos", "reports")).__next__
            self._place = new_place(servers.s3_client(storage.url), storage.url, names)
        return self._place

    @property
    def under_way(self) -> int:
        return len(self._keys)

    def look(self) -> None:
        """Confirm what waits for it, cancel what is to be cancelled, count what has ended."""
        for job in patiently(lambda: list(Job.objects.filter(pk__in=list(self._keys)))):
            if job.is_terminal:
                self._count(job)
            elif job.status == JobStatus.SUSPENDED:
                patiently(lambda job=job: _try(commands.confirm, job))
            elif job.pk in self._to_cancel and job.tasks_done > self.objects // 3:
                patiently(lambda job=job: _try(commands.cancel, job))
            elif wish := self._wish(job):
                patiently(lambda job=job, wish=wish: _try(wish, job))
                self.wishes += 1

    def _wish(self, job: Job) -> Callable[..., object] | None:
        """What a person takes into his head at this moment."""
        chance = self.rng.random()
        if job.paused_cause in (PauseCause.PERSON, PauseCause.CANARY):
            return pauses.resume if self.calm or chance < RESUMED_SHARE else None
        if self.calm or chance > WISHED_SHARE:
            return None
        priority = self.rng.randint(9, 12)
        return self.rng.choice([pauses.pause, _with_priority(priority)])

    def begin(self) -> None:
        self._made += 1
        keys = listed_keys(self.objects, folder=f"{self._made}/")
        operation = self.rng.choice(list(PARAMETERS))
        rows = self.place.list_of(keys)
        job = patiently(
            lambda: self.place.make_job(
                rows,
                manifest_key=f"lists/{self._made}.csv",
                operation=operation,
                parameters=PARAMETERS[operation],
            )
        )
        self._keys[job.pk] = keys
        if self.rng.random() < CANCELLED_SHARE:
            self._to_cancel.add(job.pk)

    def _count(self, job: Job) -> None:
        keys = self._keys.pop(job.pk)
        fine = {JobStatus.COMPLETE}
        if job.pk in self._to_cancel:
            fine.add(JobStatus.CANCELLED)
        if job.status not in fine:
            self.wrong_ends.append(f"{job.pk} ended {job.status}: {job.failure_reason}")
        found = counted(self.house.storage, job, self.place.source, keys)
        if not found.sound:
            self.wrong_ends.append(f"{job.pk}, {job.status}: {found}")
        self.tally.add(found)
        self.ended += 1
        self.house.storage.forget(self.place.source, keys)

    def unfinished(self) -> list[str]:
        found = patiently(lambda: list(Job.objects.filter(pk__in=list(self._keys))))
        return [f"{job.pk} is still {job.status}: {job.waiting_for}" for job in found]


def _with_priority(priority: int) -> Callable[..., object]:
    return lambda job_id, **facts: priorities.reprioritise(job_id, priority, **facts)


def _try(command: Callable[..., object], job: Job) -> None:
    try:
        command(job.pk, by=allowed(), now=timezone.now())
    except JobStatusError:
        return  # it moved on meanwhile
