"""Real servers and workers for tests, as processes that end with the test run."""

import contextlib
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from django.conf import settings
from redis import Redis

from jobs.management import children, redis_server
from jobs.management.children import Child

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], T], *, within_s: float = 60, every_s: float = 0.05) -> T:
    """What `look` returns as soon as that is true; AssertionError when it is not in time."""
    until_s = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < until_s, f"still {found!r} after {within_s} s"
        time.sleep(every_s)
    return found


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
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
    folder: Path, port: int | None = None, *, copy_delay_s: float = 0
) -> Iterator[str]:
    """An empty S3 server (moto); yields its endpoint URL. Given a port, it can come back there."""
    port = port or free_port()
    command = [
        *("env", f"COPY_DELAY_S={copy_delay_s}"),
        *(sys.executable, "-m", "gunicorn", "tests.storage_app:app", "--no-control-socket"),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "16"),
        *("--graceful-timeout", "1", "--log-level", "warning"),
    ]
    with running(program(f"storage-{port}", command, folder), lambda: answers(port)):
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
