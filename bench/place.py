"""An installation for one goal: database, Redis, work storage, Regions over the stub's ports."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import django

from bench import stub as stubs
from bench.stub import Stub
from tests import postgres

DURABLE = ("-c", "max_connections=50")
"""PostgreSQL's defaults: commits reach the disk before they are answered."""

FOREIGN = ("DATABASE_URL", "WORK_DIR", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")
"""Variables of another installation."""

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
            database = _set_up(folder, stub, stack)
            yield Place(folder, stub, database, counted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def variables(folder: Path, stub: Stub) -> dict[str, str]:
    """They name an installation over `folder`/data to the processes that belong to it."""
    return {
        "DATA_DIR": str(folder / "data"),
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "AWS_CA_BUNDLE": str(stub.certificate),
        "LOG_LEVEL": "WARNING",
        "NO_PROXY": "127.0.0.1",
    }


def _set_up(folder: Path, stub: Stub, stack: contextlib.ExitStack) -> str:
    """Name the installation to this process and those it starts; returns the database's kind."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    kind = os.environ.get("BENCH_DATABASE", "sqlite")
    if kind == "postgres":
        os.environ["DATABASE_URL"] = stack.enter_context(_postgres())
    os.environ |= variables(folder, stub)
    (folder / "data").mkdir()
    django.setup()
    return kind


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    """The URL of an empty database on a server of its own."""
    cluster = postgres.make()
    try:
        cluster.start(DURABLE)
        cluster.create_database()
        yield cluster.url
    finally:
        cluster.remove()
