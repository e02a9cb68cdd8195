"""A running installation for tests of faults: real workers under the supervisor, real Redis, and a
storage that counts. Jobs are about keys of their own each.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone

from jobs.choices import ChunkState, JobStatus
from jobs.lifecycle import commands
from jobs.management import children
from jobs.management.children import Child
from jobs.models import Chunk, Job
from tests import counting_storage, servers
from tests.allowed import allowed
from tests.counting_storage import CountingStorage
from tests.engine.places import Place, new_place
from tests.faults import Family, Tally, counted, kill, listed_keys, with_variable
from tests.servers import eventually

QUICK = {
    "BATCHCONSOLE_CHUNK_ROWS": "20",
    "BATCHCONSOLE_IN_FLIGHT": "4",
    "BATCHCONSOLE_LEASE_S": "3",
    "BATCHCONSOLE_HEARTBEAT_S": "0.5",
    "BATCHCONSOLE_STORAGE_PATIENCE_S": "1",
    "BATCHCONSOLE_TIME_BOX_S": "2",
    "BATCHCONSOLE_CONTROL_WORKERS": "2",
    "TEST_SQLITE_TIMEOUT_S": "2",
}
SLOW_S = 0.05
"""The storage's delay where a job should take long enough for something to happen to it."""

SLOWER_S = 0.2
"""And when it is time for that to happen, also on a machine that is busy."""


@dataclass(kw_only=True)
class Parts:
    """The processes of an installation, over whatever storage its jobs are about."""

    folder: Path
    environment: dict[str, str]
    programs: list[Child] = field(default_factory=list)

    def start(self, *, inside: tuple[str, ...] = (), **settings: str) -> None:
        """Start all parts but the pages; `inside` is a command that executes what follows it."""
        variables = {**self.environment, **QUICK, **settings}
        parts = [word for part in ("worker", "control", "scheduler") for word in ("--only", part)]
        command = ["env", *(f"{name}={value}" for name, value in variables.items()), *inside]
        command += [sys.executable, "-u", "manage.py", "up", *parts]
        self.programs.append(servers.program(f"up-{len(self.programs)}", command, self.folder))
        self.programs[-1].start()

    @property
    def family(self) -> Family:
        process = self.programs[-1].process
        assert process
        return Family(process.pid)

    def end(self) -> None:
        children.stop(self.programs, grace_s=8)
        name = "BATCHCONSOLE_WORK_DIR"
        kill(*with_variable(name, self.environment[name]))  # a horse may have lost its worker


@dataclass(kw_only=True)
class House(Parts):
    place: Place
    storage: CountingStorage
    tally: Tally = field(default_factory=Tally)
    keys: dict[str, list[str]] = field(default_factory=dict)

    def begin(self, count: int = 300, **facts: Any) -> Job:
        """A confirmed job over `count` keys."""
        job = self.make(count, **facts)
        eventually(lambda: see(job).status == JobStatus.SUSPENDED)
        return commands.confirm(job.pk, by=allowed(), now=timezone.now())

    def make(self, count: int, **facts: Any) -> Job:
        keys = listed_keys(count, folder=f"{len(self.keys)}/")
        job = self.place.make_job(self.place.list_of(keys), **facts)
        self.keys[job.pk] = keys
        return job

    def in_the_middle(self, count: int = 300, **facts: Any) -> Job:
        """A job of which some tasks are done, slowly, and others are not."""
        self.storage.delay_s = SLOW_S
        job = self.begin(count, **facts)
        eventually(lambda: see(job).tasks_done > count // 10 and running_chunks(job).exists())
        self.storage.delay_s = SLOWER_S
        return job

    def hurry(self) -> None:
        self.storage.delay_s = 0
        Job.objects.update(waiting_until_s=0)

    def ends(self, job: Job, status: JobStatus = JobStatus.COMPLETE) -> Tally:
        """Wait for the end of a job, and count the rows of its report."""
        self.hurry()
        try:
            eventually(lambda: see(job).is_terminal, within_s=120)
        except AssertionError as late:
            raise AssertionError(state_of(job)) from late
        job = see(job)
        found = counted(self.storage, job, self.place.source, self.keys[job.pk])
        self.tally.add(found)
        assert job.status == status, (job.status, job.failure_reason)
        assert found.sound, str(found)
        assert self.storage.surprises == []
        return found

    def fault(self, count: int = 1) -> None:
        self.tally.faults += count


def see(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def state_of(job: Job) -> str:
    """What a test says that waited in vain."""
    job = see(job)
    chunks = job.chunks.values_list("position", "rows", "state", "owner", "lease_expires_s")
    facts = [job.status, job.waiting_for, str(job.waiting_until_s), f"{job.tasks_done} tasks done"]
    return ", ".join(facts + [str(chunk) for chunk in chunks if chunk[2] != ChunkState.DONE])


def running_chunks(job: Job) -> Any:
    return Chunk.objects.filter(job=job, state=ChunkState.RUNNING)


@contextlib.contextmanager
def built(
    folder: Path, environment: dict[str, str], kind: type[CountingStorage] = CountingStorage
) -> Iterator[House]:
    with counting_storage.running(kind=kind) as storage:
        names: Callable[[], str] = iter(("photos", "reports")).__next__
        place = new_place(servers.s3_client(storage.url), storage.url, names)
        house = House(place=place, storage=storage, folder=folder, environment=environment)
        try:
            yield house
        finally:
            house.end()
