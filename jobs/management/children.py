"""Child processes that end with us: whatever happens to this process, none is left behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import psutil

GRACE_S = 6.5
"""Time to finish requests and to hand work back; with what follows it stays below 10 s."""

SECOND_GRACE_S = 1.0
_POLL_S = 0.05
_LOG_LIMIT_BYTES = 5_000_000
_PR_SET_PDEATHSIG = 1


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
        self.started_s = time.monotonic()

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
    return path.open("ab")


def end_with_parent(parent_pid: int, number: signal.Signals) -> Callable[[], None] | None:
    """For Popen's `preexec_fn`: the kernel sends `number` when the parent dies (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent_pid:  # it died before we asked
            os._exit(1)

    return ask_kernel


def stop(children: Iterable[Child], *, grace_s: float = GRACE_S) -> None:
    """End all of `children` together: SIGTERM, again after `grace_s`, then SIGKILL.

    The second SIGTERM makes an RQ worker kill its call. What children started is collected before
    the kill, since it can not be found afterwards.
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
