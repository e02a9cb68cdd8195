"""PostgreSQL clusters for tests, from the binaries of the system."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import LiteralString

import psycopg

from jobs.orphans import end_with_parent

# What a process that is killed leaves behind is whole all the same: the machine goes on.
FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
FORGETFUL = (*FAST, "-c", "synchronous_commit=off")
"""For a server that is never killed: it may lose what it committed last."""


class UnavailableError(Exception):
    """There is no PostgreSQL server that this run could use."""


@dataclass
class Cluster:
    """A cluster in a folder of its own; its server ends with this process."""

    folder: Path
    account: str | None
    server: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"postgres://postgres@{str(self.folder).replace('/', '%2F')}/batchconsole"

    def start(self, options: tuple[str, ...] = FAST) -> None:
        """Raises UnavailableError."""
        data = self.folder / "data"
        command = [binaries() / "postgres", "-D", data, "-k", self.folder]
        self.server = subprocess.Popen(
            [*command, "-c", "listen_addresses=", *options],
            cwd=self.folder,
            user=self.account,
            extra_groups=[] if self.account else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent(os.getpid(), signal.SIGQUIT),
        )
        until_s = time.monotonic() + 120
        while not self._accepts():
            if self.server.poll() is not None or time.monotonic() > until_s:
                raise UnavailableError("PostgreSQL: the throw-away cluster did not start")
            time.sleep(0.05)

    def _accepts(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self._connection():
            return True
        return False

    def _connection(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(host=str(self.folder), user="postgres", autocommit=True)

    def create_database(self, name: LiteralString = "batchconsole") -> None:
        with self._connection() as server:
            server.execute(f"CREATE DATABASE {name}")

    def drop_database(self, name: LiteralString) -> None:
        with self._connection() as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT ends it at once, as a crash would; SIGINT after throwing everyone out."""
        if self.server:
            self.server.send_signal(number)
            self.server.wait()
            self.server = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def make() -> Cluster:
    """A cluster that is not started yet. Raises UnavailableError."""
    programs, account = binaries(), system_account()
    folder = Path(tempfile.mkdtemp(prefix="bc-pg-"))
    if account:
        shutil.chown(folder, account)
    command = [programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres"]
    _run([*command, "--no-sync", "-E", "UTF8"], account)
    return Cluster(folder, account)


def start() -> str:
    """Start a cluster that ends with this process; returns its URL. Raises UnavailableError."""
    cluster = make()
    atexit.register(cluster.remove)
    cluster.start(FORGETFUL)
    return cluster.url


def binaries() -> Path:
    """The folder of its programs. Raises UnavailableError."""
    found = shutil.which("postgres")
    folders = [Path(found).parent] if found else []
    folders += [Path(name) for name in glob("/usr/lib/postgresql/*/bin")]
    for folder in sorted(folders, key=str, reverse=True):
        if (folder / "initdb").exists() and (folder / "pg_isready").exists():
            return folder
    raise UnavailableError("PostgreSQL: no server binaries here, and TEST_DATABASE_URL is not set")


def system_account() -> str | None:
    """The account to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    if subprocess.run(["id", "postgres"], capture_output=True).returncode:
        raise UnavailableError("PostgreSQL: it does not run as root, and there is no other account")
    return "postgres"


def _run(command: list[str | Path], account: str | None) -> None:
    done = subprocess.run(
        command,
        cwd="/",
        user=account,
        extra_groups=[] if account else None,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise UnavailableError(f"PostgreSQL: {done.stderr.strip() or done.stdout.strip()}")
