"""The installation that is ill-treated: `manage.py up` as a person runs it, over a disk, a database
and a storage that can be taken away.
"""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from redis import Redis

from jobs.orphans import end_with_parent
from tests.counting_storage import CountingStorage
from tests.faults import Family, kill, with_variable
from tests.postgres import Cluster

DISK = "64m"
ROOT = Path(__file__).parent.parent.parent
_HOLD = 'mount -t tmpfs -o size="$1" bc "$0" && echo there && exec sleep infinity'


class Disk:
    """A small disk of its own for the work storage, where this account may mount one in a mount
    namespace (`holder` keeps that alive); else the folder as it is, which cannot be filled.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        own = ["--mount", *(["--map-root-user"] if os.geteuid() else [])]
        self._holder = subprocess.Popen(
            ["unshare", *own, "sh", "-c", _HOLD, folder, DISK],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent(os.getpid(), signal.SIGKILL),
        )
        assert self._holder.stdout
        self.is_own = self._holder.stdout.readline() == b"there\n"

    @property
    def inside(self) -> list[str]:
        """A command that executes what follows it where the disk can be seen."""
        if not self.is_own:
            return []
        user = ["--user", "--preserve-credentials"] if os.geteuid() else []
        return ["nsenter", "--target", str(self._holder.pid), *user, "--mount"]

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        filler = Path(f"/proc/{self._holder.pid}/root") / self.folder.relative_to("/") / "filler"
        try:
            with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))
            yield
        finally:
            filler.unlink(missing_ok=True)

    def end(self) -> None:
        self._holder.kill()
        self._holder.wait()


class Installation:
    """`folder` is its DATA_DIR. Without a `cluster` its database is SQLite."""

    def __init__(self, folder: Path, port: int, cluster: Cluster | None) -> None:
        self.folder, self.cluster = folder, cluster
        self.disk = Disk(folder / "work")
        self.storage = CountingStorage()
        self.storage.start()
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = os.environ | {"PORT": str(port)}

    @property
    def family(self) -> Family:
        assert self._process
        return Family(self._process.pid)

    @property
    def said(self) -> str:
        return (self.folder / "up.log").read_text()

    def redis(self) -> Redis:
        return Redis(unix_socket_path=str(settings.BATCHCONSOLE_REDIS_SOCKET))

    def start(self) -> None:
        with (self.folder / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self.disk.inside, sys.executable, "-u", ROOT / "manage.py", "up"],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent(os.getpid(), signal.SIGTERM),
            )

    def kill_all(self) -> None:
        """As when the machine loses its power; and then it is started again."""
        kill(*self._everyone())
        self.start()

    def _everyone(self) -> list[psutil.Process]:
        """But for the disk and the database, which are no part of it."""
        return [p for p in with_variable("DATA_DIR", str(self.folder)) if _is_part(p)]

    @contextlib.contextmanager
    def database_away(self, *, at_once: bool) -> Iterator[None]:
        """PostgreSQL is shut down; SQLite is locked by somebody else."""
        if self.cluster:
            self.cluster.stop(signal.SIGQUIT if at_once else signal.SIGINT)
            try:
                yield
            finally:
                self.cluster.start()
            return
        path = self.folder / "batchconsole.sqlite3"
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.rollback()

    def end(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(15)
        kill(*self._everyone())
        self.storage.end()
        self.disk.end()
        if self.cluster:
            self.cluster.remove()


def _is_part(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        runs = {"manage.py", "gunicorn"} & {Path(word).name for word in process.cmdline()}
        return bool(runs) or process.name() == "redis-server"
    return False


def wait_until(look: Any, *, within_s: float, what: str) -> Any:
    """What `look` returns as soon as that is true. Raises TimeoutError."""
    until_s = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > until_s:
            raise TimeoutError(f"{what}: not after {within_s:.0f} s")
        time.sleep(0.1)
    return found
