"""All that `make up` starts, over a measured installation: gunicorn, workers, control workers and
the scheduler, as the product starts them.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.conf import settings
from django.core.management import call_command

from bench import machine
from bench.crew import await_
from bench.memory import Largest
from jobs import queueing
from jobs.management import children, programs
from jobs.management.children import Child
from jobs.management.installation import answers
from tests import servers

START_S = 180


@dataclass(frozen=True, slots=True)
class Installation:
    """`memory` looks at all of its processes; `parts` are by their names in programs.py."""

    url: str
    parts: dict[str, Child]
    memory: Largest

    @property
    def web_pid(self) -> int:
        process = self.parts["web"].process
        assert process is not None
        return process.pid


@contextlib.contextmanager
def running() -> Iterator[Installation]:
    """On two cores, which are its own where there are four. Returns when pages are answered and all
    workers listen.
    """
    settings.BATCHCONSOLE_PORT = servers.free_port()
    call_command("collectstatic", interactive=False, verbosity=0)
    parts = [_pinned(part) for part in programs.parts(programs.PARTS, to_logs=True)]
    try:
        for part in parts:
            part.start()
        await_(lambda: _all_there(parts), within_s=START_S, every_s=0.2)
        with Largest({part.name: part.process.pid for part in parts if part.process}) as memory:
            by_name = {part.name: part for part in parts}
            url = f"http://{programs.reachable_host()}:{settings.BATCHCONSOLE_PORT}"
            yield Installation(url, by_name, memory)
    finally:
        children.stop(parts)


def _pinned(part: Child) -> Child:
    """To two cores: the benchmark keeps to one itself, and its children would, too."""
    cores = machine.cores()
    where = {cores.client, cores.second}
    if len(where) < 2:
        where |= {cores.stub}
    return replace(part, command=["taskset", "-c", ",".join(map(str, where)), *part.command])


def _all_there(parts: list[Child]) -> bool:
    """Raises RuntimeError with the end of the log of one that ended."""
    for part in parts:
        if not part.runs:
            raise RuntimeError(f"{part.name} ended: {part.last_lines(10)}")
    listening = [seen for seen in queueing.workers_seen() if seen.is_heard]
    web = next(part for part in parts if part.port)
    return len(listening) >= len(parts) - 1 and answers(web.host, web.port)
