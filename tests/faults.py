"""What tests of faults share: the processes of an installation, and the counts that they print."""

import contextlib
import csv
import io
import json
import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from urllib.parse import unquote

import psutil

from jobs.models import Job
from tests.counting_storage import GONE, CountingStorage

DONE = {("succeeded", "200")}
FAILED = {("failed", "404"), ("failed", "200")}
"""Status and HTTP status of a row; reading for a checksum fails with 200, as at AWS."""
AWKWARD = ("a b", "a+b", "50%", "é", 'quo"te', "com,ma", "日本")


@dataclass
class Tally:
    """`lost` tasks are in no row of their job's report, `doubled` ones in a row too many, `untrue`
    ones in a row that does not say what the storage did. `repeated` counts calls beyond the first.
    """

    faults: int = 0
    tasks: int = 0
    lost: int = 0
    doubled: int = 0
    untrue: int = 0
    repeated: int = 0

    def add(self, other: "Tally") -> None:
        for fact in fields(self):
            setattr(self, fact.name, getattr(self, fact.name) + getattr(other, fact.name))

    @property
    def sound(self) -> bool:
        return self.lost == self.doubled == self.untrue == 0

    def __str__(self) -> str:
        return ", ".join(
            (
                f"faults injected {self.faults:,}",
                f"tasks {self.tasks:,}",
                f"lost {self.lost:,}",
                f"doubled {self.doubled:,}",
                f"untrue {self.untrue:,}",
                f"calls repeated {self.repeated:,}",
            )
        )


def listed_keys(count: int, *, folder: str = "") -> list[str]:
    """Some awkward ones, and one in a hundred that the storage will not have."""
    return [
        f"{GONE if number % 100 == 50 else ''}{folder}{AWKWARD[number % 7]} {number:07d}.jpg"
        for number in range(count)
    ]


def rows_of(storage: CountingStorage, job: Job) -> Iterator[list[str]]:
    """The rows of a job's report, by the files that its manifest.json names."""
    bucket, folder = job.report_bucket, f"{job.report_prefix}/job-{job.pk}"
    manifest = json.loads(storage.objects[bucket, f"{folder}/manifest.json"])
    for file in manifest["Results"]:
        text = storage.objects[bucket, file["Key"]].decode()
        yield from csv.reader(io.StringIO(text, newline=""))


def counted(storage: CountingStorage, job: Job, bucket: str, keys: Collection[str]) -> Tally:
    """What a job's report says of `keys` of `bucket`, which only this job was about. Of a job that
    was cancelled or failed as many rows are due as it counts.
    """
    found: Counter[str] = Counter()
    untrue = 0
    for row in rows_of(storage, job):
        key = unquote(row[1])
        found[key] += 1
        done = storage.done[bucket, key] > 0
        untrue += (row[3], row[4]) not in (DONE if done else FAILED)
    due = len(keys) if job.status == "Complete" else job.tasks_done
    known = found.keys() & set(keys)
    asked = sum(storage.asked[bucket, key] for key in keys)
    touched = sum((bucket, key) in storage.asked for key in keys)
    return Tally(
        tasks=due,
        lost=max(0, due - len(known)),
        doubled=sum(found.values()) - len(known),
        untrue=untrue + abs(due - job.tasks_done),
        repeated=asked - touched,
    )


@dataclass(frozen=True)
class Family:
    """The processes that `manage.py up` started, by the pid of the one that started them."""

    pid: int

    def workers(self, queue: str) -> list[psutil.Process]:
        """RQ's own processes for "run" or "control"."""
        return [
            process for process in children_of(self.pid) if {"rqworker", queue} <= words(process)
        ]

    def horses(self, queue: str) -> list[psutil.Process]:
        """Those in which a background call runs at the moment."""
        return [horse for worker in self.workers(queue) for horse in children_of(worker.pid)]

    def part(self, name: str) -> list[psutil.Process]:
        return [process for process in children_of(self.pid) if name in words(process)]

    def named(self, program: str) -> list[psutil.Process]:
        """The program as the kernel has it: "redis-server"."""
        return [process for process in children_of(self.pid) if _name(process) == program]

    def everyone(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.pid)
            return [parent, *parent.children(recursive=True)]
        return []


def children_of(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children()
    return []


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return process.name()
    return ""


def words(process: psutil.Process) -> set[str]:
    """Its command line; nothing of one that has ended."""
    with contextlib.suppress(psutil.Error):
        return set(process.cmdline())
    return set()


def with_variable(name: str, value: str) -> list[psutil.Process]:
    """Other processes that were started with it, also those whose parent is gone."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(name) == value and process.pid != os.getpid():
                found.append(process)
    return found


def kill(*processes: psutil.Process) -> int:
    """With -9, all of them; returns how many there still were to kill."""
    killed = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
            killed += 1
    return killed
