"""Child processes that end with us: whatever happens to this process, none is left behind."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import psutil

from jobs.orphans import end_with_parent

GRACE_S = 6.5
"""Time to finish requests and to hand work back; with what follows it stays below 10 s."""

SECOND_GRACE_S = 1.0
_POLL_S = 0.05
_LOG_LIMIT_BYTES = 5_000_000
_TAIL_BYTES = 4_000


@dataclass
class Child:
    """A program under supervision; `process` is None until it runs.

    Without a `log` it writes where we write. A web server listens on `host` and `port`; any
    other program's port is 0.
    """

    name: str
    command: Sequence[str]
    log: Path | None
    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    started_s: float = field(default=0.0)
    log_from_bytes: int = 0

    def start(self) -> None:
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(_open_log(self.log)) if self.log else None
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                # Out of the terminal's reach: Ctrl-C comes to us alone, and we stop them in order.
                start_new_session=True,
                preexec_fn=end_with_parent(os.getpid(), signal.SIGTERM),
            )
            # What an earlier start wrote is no cause of this one's end.
            self.log_from_bytes = output.tell() if output else 0
        self.started_s = time.monotonic()

    def last_lines(self, count: int) -> list[str]:
        """The last lines that this start wrote to its log; none without a log."""
        if self.log is None or not self.log.exists():
            return []
        with self.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _TAIL_BYTES, min(self.log_from_bytes, size)))
            text = file.read().decode(errors="replace")
        return [line for line in text.splitlines() if line.strip()][-count:]

    def work_done(self) -> tuple[float, int]:
        """CPU time in s of the program and its children, and the size of its log in bytes.

        Either grows while the program does something.
        """
        cpu_s = 0.0
        for process in _family(self.process.pid) if self.process else []:
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                cpu_s += times.user + times.system
        return cpu_s, self.log.stat().st_size if self.log and self.log.exists() else 0

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.started_s


def _open_log(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    file = path.open("ab")
    file.seek(0, os.SEEK_END)
    return file


def stop(children: Iterable[Child], *, grace_s: float = GRACE_S) -> None:
    """End all of `children` together: SIGTERM, again after `grace_s`, then SIGKILL.

    The second SIGTERM makes an RQ worker kill its call. What children started is collected before
    the kill, since it cannot be found afterwards.
    """
    for wait_s in (grace_s, SECOND_GRACE_S):
        running = [child for child in children if child.runs]
        _signal(running, signal.SIGTERM)
        if _wait(running, wait_s):
            return
    for child in children:
        if child.runs and child.process:
            for process in _family(child.process.pid):
                _kill(process)
            child.process.wait()


def _signal(children: Iterable[Child], number: signal.Signals) -> None:
    for child in children:
        if child.process:
            child.process.send_signal(number)


def _wait(children: Sequence[Child], seconds: float) -> bool:
    until_s = time.monotonic() + seconds
    while any(child.runs for child in children):
        if time.monotonic() >= until_s:
            return False
        time.sleep(_POLL_S)
    return True


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
