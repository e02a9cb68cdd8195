"""A PostgreSQL cluster for one test run, from the binaries of the system."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from glob import glob
from pathlib import Path

from jobs.management.children import end_with_parent

FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


class UnavailableError(Exception):
    """There is no PostgreSQL server that this run could use."""


def start() -> str:
    """Start a cluster that ends with this process; returns its URL. Raises UnavailableError."""
    binaries, account = _binaries(), _account()
    folder = Path(tempfile.mkdtemp(prefix="bc-pg-"))
    if account:
        shutil.chown(folder, account)
    data = folder / "data"
    _run(
        [
            binaries / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "postgres",
            "--no-sync",
            "-E",
            "UTF8",
        ],
        account,
    )
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", *FAST.split()],
        cwd=folder,
        user=account,
        extra_groups=[] if account else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent(os.getpid(), signal.SIGQUIT),
    )
    atexit.register(_end, server, folder)
    _await(server, folder / ".s.PGSQL.5432")
    return f"postgres://postgres@{str(folder).replace('/', '%2F')}/batchconsole"


def _binaries() -> Path:
    found = shutil.which("postgres")
    folders = [Path(found).parent] if found else []
    folders += [Path(name) for name in glob("/usr/lib/postgresql/*/bin")]
    for folder in sorted(folders, key=str, reverse=True):
        if (folder / "initdb").exists():
            return folder
    raise UnavailableError("PostgreSQL: no server binaries here, and TEST_DATABASE_URL is not set")


def _account() -> str | None:
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


def _await(server: subprocess.Popen[bytes], socket: Path) -> None:
    until_s = time.monotonic() + 20
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > until_s:
            raise UnavailableError("PostgreSQL: the throw-away cluster did not start")
        time.sleep(0.05)


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    server.send_signal(signal.SIGQUIT)
    server.wait()
    shutil.rmtree(folder, ignore_errors=True)
