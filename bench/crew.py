"""Real RQ workers and the scheduler over a measured installation."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import django_rq
import psutil
from django.conf import settings

from bench import ledger, machine
from bench.figures import Findings
from bench.memory import Watch, descendants
from jobs.management import children
from jobs.management.children import Child
from jobs.queueing import Queue


@dataclass(slots=True)
class Member:
    """A process of ours with its descendants. `cpu_s` is what they took since it was there."""

    name: str
    child: Child
    watch: Watch
    began_cpu_s: float

    @property
    def pid(self) -> int:
        assert self.child.process is not None
        return self.child.process.pid

    @property
    def cpu_s(self) -> float:
        """Complete when no call is running: a horse counts once it was waited for."""
        return used_s(self.pid) - self.began_cpu_s

    @property
    def is_busy(self) -> bool:
        """Whether a call is running in it."""
        return bool(descendants(self.pid))

    def kill(self) -> None:
        """All of it, at once and for good."""
        for pid in [self.pid, *descendants(self.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@dataclass(slots=True)
class Crew:
    notes: Path
    members: list[Member] = field(default_factory=list)

    def entries(self, call: str = "") -> list[ledger.Entry]:
        return [one for one in ledger.read(self.notes) if call in ("", one.call)]

    def start(
        self, name: str, command: list[str], core: int, environment: dict[str, str]
    ) -> Member:
        variables = {"BENCH_LEDGER": str(self.notes), **environment}
        line = ["taskset", "-c", str(core), "env", *(f"{k}={v}" for k, v in variables.items())]
        log = settings.DATA_DIR / "logs" / f"{name}.log"
        child = Child(name, [*line, sys.executable, "manage.py", *command], log, settings.BASE_DIR)
        child.start()
        assert child.process is not None
        member = Member(name, child, Watch(child.process.pid), 0.0)
        self.members.append(member)
        return member

    def worker(self, name: str, queue: Queue, core: int, **environment: str) -> Member:
        """Returns when it listens."""
        before = listening(queue)
        options = ["--skip-checks", "--worker-class", "bench.rq_worker.NotingWorker"]
        options += ["--worker-ttl", "45"]
        member = self.start(name, ["rqworker", queue, *options], core, environment)
        # Not by their number: meanwhile a killed one may be forgotten.
        await_(lambda: listening(queue) - before or not member.child.runs, within_s=120)
        if not member.child.runs:
            raise RuntimeError(
                f"{name}: {member.child.log and member.child.log.read_text()[-2000:]}"
            )
        member.began_cpu_s = used_s(member.pid)
        return member

    def scheduler(self) -> Member:
        return self.start("scheduler", ["scheduler"], machine.cores().house, {})

    def end(self) -> None:
        for member in self.members:
            member.watch.end()
        children.stop([member.child for member in self.members], grace_s=8)

    def note_memory(self, found: Findings, prefix: str) -> None:
        for member in self.members:
            found.peak(f"{prefix} {member.name}, parent", member.watch.parent_mb)
            if member.watch.children_mb:
                found.peak(f"{prefix} {member.name}, horse", member.watch.children_mb)


@contextlib.contextmanager
def crew(name: str = "ledger") -> Iterator[Crew]:
    for queue in ("run", "control"):
        django_rq.get_queue(queue).empty()
    path = settings.DATA_DIR / f"{name}-{time.time_ns()}.jsonl"
    gathered = Crew(path)
    try:
        yield gathered
    finally:
        gathered.end()


def listening(queue: Queue) -> set[bytes]:
    connection = django_rq.get_connection(queue)
    return set(connection.smembers(f"rq:workers:{queue}"))


def used_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def await_(look: Callable[[], object], *, within_s: float, every_s: float = 0.05) -> None:
    """Raises TimeoutError."""
    until_s = time.monotonic() + within_s
    while not look():
        if time.monotonic() > until_s:
            raise TimeoutError(f"nothing after {within_s:.0f} s")
        time.sleep(every_s)
