"""An installation for one goal: database, Redis, work storage, Regions over the stub's ports."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import django
import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from bench import stub as stubs
from bench.stub import Stub
from tests import postgres

DURABLE = "-c max_connections=50"
"""PostgreSQL's defaults: commits reach the disk before they are answered."""

ROLE = "arn:aws:iam::123456789012:role/bench"


@dataclass(frozen=True, slots=True)
class Place:
    """`counting` is a second stub that keeps count; `folder` is thrown away at the end."""

    folder: Path
    stub: Stub
    database: str
    counting: Stub | None = None

    @property
    def counted(self) -> Stub:
        if self.counting is None:
            raise RuntimeError("this goal asked for no stub that counts")
        return self.counting


@contextlib.contextmanager
def place(*, counting: bool = False) -> Iterator[Place]:
    """Everything that a goal needs; Django is set up over it. Once per process."""
    folder = Path(tempfile.mkdtemp(prefix="bc-bench-", dir=os.environ.get("BENCH_DIR")))
    folder.chmod(0o755)
    try:
        with contextlib.ExitStack() as stack:
            stub = stack.enter_context(stubs.running(folder / "stub"))
            second = stubs.running(folder / "counting", counting=True) if counting else None
            counted = stack.enter_context(second) if second else None
            database = _set_up(folder, stub)
            yield Place(folder, stub, database, counted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set_up(folder: Path, stub: Stub) -> str:
    """Name the installation to this process and those it starts; returns the database's kind."""
    kind = os.environ.get("BENCH_DATABASE", "sqlite")
    if kind == "postgres":
        postgres.FAST = DURABLE
        os.environ["DATABASE_URL"] = url = postgres.start()
        _create_database(url)
    else:
        os.environ.pop("DATABASE_URL", None)
    for name in ("WORK_DIR", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS"):
        os.environ.pop(name, None)
    os.environ |= {
        "DATA_DIR": str(folder / "data"),
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "AWS_CA_BUNDLE": str(stub.certificate),
        "LOG_LEVEL": "WARNING",
        "NO_PROXY": "127.0.0.1",
    }
    (folder / "data").mkdir()
    django.setup()
    return kind


def _create_database(url: str) -> None:
    """The one that `url` names, on a server that has none yet."""
    server, _, name = url.rpartition("/")
    with _connected(f"{server}/postgres") as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _connected(url: str) -> "psycopg.Connection[TupleRow]":
    """A server that was just started refuses for a while."""
    for _ in range(100):
        with contextlib.suppress(psycopg.OperationalError):
            return psycopg.connect(url, autocommit=True)
        time.sleep(0.1)
    return psycopg.connect(url, autocommit=True)
