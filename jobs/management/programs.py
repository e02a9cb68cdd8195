"""The programs of an installation, and how each is started."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings

from jobs import conf
from jobs.management import redis_server
from jobs.management.children import Child

PARTS = ("web", "worker", "control", "scheduler")
"""What `manage.py up --only` may start, in containers of its own."""

WEB_WORKERS = 2
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_OWN = (*LOOPBACK, "[::1]")


def parts(names: Sequence[str], *, to_logs: bool) -> list[Child]:
    """The children of some of PARTS, each with a log of its own, or writing where we write."""
    children = [child for name in names for child in _programs(name)]
    return children if to_logs else [replace(child, log=None) for child in children]


def _programs(part: str) -> list[Child]:
    match part:
        case "web":
            return [_web()]
        case "worker":
            count = settings.BATCHCONSOLE_WORKERS
            return [_child(f"worker-{number + 1}", _worker("run")) for number in range(count)]
        case "control":
            count = conf.control_workers()
            return [_child(f"control-{number + 1}", _worker("control")) for number in range(count)]
        case _:
            return [_child("scheduler", _manage("scheduler"))]


def redis() -> Child:
    """The embedded Redis server. Raises NoRedisError."""
    socket = cast(Path, settings.BATCHCONSOLE_REDIS_SOCKET)
    return _child("redis", redis_server.command(socket, settings.DATA_DIR / "redis"))


def demo_storage(port: int) -> Child:
    """The demo's S3 server: one process, as its memory is the storage."""
    command = _gunicorn("jobs.management.demo_storage:app", f"127.0.0.1:{port}", 1)
    return _child("demo-storage", command, port=port)


def reachable_host() -> str:
    """Where this machine reaches the web server: "all addresses" is none to connect to."""
    host: str = settings.BATCHCONSOLE_BIND
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def address() -> str:
    """Of the console, for a person's browser: what was set for it, else that on this machine."""
    origins = [origin for origin in settings.CSRF_TRUSTED_ORIGINS if "*" not in origin]
    if origins:
        return f"{origins[0].rstrip('/')}/"
    names = [name for name in settings.ALLOWED_HOSTS if name not in _OWN and name[0] not in "*."]
    name = names[0] if names else _own_address()
    # Whoever speaks https, or reaches out for a console on loopback, is a proxy with a port of its own.
    through_proxy = settings.HTTPS or (names and settings.BATCHCONSOLE_BIND in LOOPBACK)
    port = "" if through_proxy else f":{settings.BATCHCONSOLE_PORT}"
    return f"{'https' if settings.HTTPS else 'http'}://{name}{port}/"


def is_for_this_machine_alone(address: str) -> bool:
    """Whether a browser elsewhere needs another name than that of `address`."""
    is_open = settings.BATCHCONSOLE_BIND not in LOOPBACK
    return is_open and urlsplit(address).hostname in LOOPBACK


def _own_address() -> str:
    host = reachable_host()
    return f"[{host}]" if ":" in host else host


def _web() -> Child:
    host, port = settings.BATCHCONSOLE_BIND, settings.BATCHCONSOLE_PORT
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = _gunicorn("batchconsole.wsgi", bind, WEB_WORKERS)
    command += ["--config", "python:jobs.management.web_server"]
    return _child("web", command, host=reachable_host(), port=port)


def _child(name: str, command: list[str], *, host: str = "127.0.0.1", port: int = 0) -> Child:
    log: Path = settings.DATA_DIR / "logs" / f"{name}.log"
    return Child(name, command, log, settings.BASE_DIR, host, port)


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, "-u", "manage.py", *arguments]


def _worker(queue: str) -> list[str]:
    # Django's checks look at code, and import the whole console for it: 15 MB in each worker.
    return _manage(
        "rqworker", queue, "--skip-checks", "--worker-class", "jobs.worker.ForwardingWorker"
    )


def _gunicorn(application: str, bind: str, workers: int) -> list[str]:
    return [
        *(sys.executable, "-u", "-m", "gunicorn", application),
        *("--bind", bind, "--worker-class", "gthread"),
        *("--workers", str(workers), "--threads", str(conf.WEB_THREADS)),
        *("--graceful-timeout", "3", "--no-control-socket", "--log-level", "warning"),
    ]
