"""Real servers and workers for tests, as processes that end with the test run."""

import contextlib
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import boto3
import psutil
from botocore.config import Config
from django.conf import settings
from redis import Redis

from jobs.management import children, redis_server
from jobs.management.children import Child

T = TypeVar("T")


PORTS = range(12_000, 32_000)
"""Below those that the system takes for outgoing calls: such a call could have the port of a
server that is about to start or to come back, and one to nobody's port may even meet itself.
"""


def free_port() -> int:
    while True:
        port = secrets.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def eventually(look: Callable[[], T], *, within_s: float = 60, every_s: float = 0.05) -> T:
    """What `look` returns as soon as that is true; AssertionError when it is not in time."""
    until_s = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < until_s, f"still {found!r} after {within_s} s"
        time.sleep(every_s)
    return found


def listens(child: Child, port: int) -> bool:
    """Whether it is `child` itself that does, not whoever else took the port."""
    with contextlib.suppress(psutil.Error):
        found = psutil.Process(child.process.pid if child.process else 0).net_connections("inet")
        return any(one.laddr[1:] == (port,) and one.status == "LISTEN" for one in found)
    return False


@contextlib.contextmanager
def running(child: Child, ready: Callable[[], object], *, grace_s: float = 3) -> Iterator[Child]:
    """`child`, started and ready, until the block ends."""
    child.start()
    try:
        eventually(lambda: ready() or not child.runs)
        assert child.runs, child.log and child.log.read_text()[-3000:]
        yield child
    finally:
        children.stop([child], grace_s=grace_s)


def program(name: str, command: list[str], folder: Path) -> Child:
    return Child(name, command, folder / f"{name}.log", settings.BASE_DIR)


@contextlib.contextmanager
def redis_running(folder: Path, path: Path) -> Iterator[str]:
    """A Redis server on the Unix socket `path`; yields its URL."""

    def ready() -> bool:
        with contextlib.suppress(Exception):
            return bool(Redis(unix_socket_path=str(path)).ping())
        return False

    folder.mkdir(parents=True, exist_ok=True)
    with running(program("redis", redis_server.command(path, folder), folder), ready):
        yield f"unix://{path}"


@contextlib.contextmanager
def storage_running(
    folder: Path, port: int | None = None, *, copy_delay_s: float = 0, copy_gate: Path | None = None
) -> Iterator[str]:
    """An empty S3 server (moto); yields its endpoint URL. Given a port, it can come back there.

    The file `copy_gate` says how many copies may be made; the next ones wait until it says more.
    """
    port = port or free_port()
    command = [
        *("env", f"COPY_DELAY_S={copy_delay_s}", f"COPY_GATE={copy_gate or ''}"),
        *(sys.executable, "-m", "gunicorn", "tests.storage_app:app", "--no-control-socket"),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "16"),
        *("--graceful-timeout", "1", "--log-level", "warning"),
    ]
    child = program(f"storage-{port}", command, folder)
    with running(child, lambda: listens(child, port)):
        yield f"http://127.0.0.1:{port}"


def s3_client(url: str) -> Any:
    """A boto3 client of the S3 server at `url`."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=32),
    )
