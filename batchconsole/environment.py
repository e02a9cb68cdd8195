"""Readers of the environment, for settings alone.

A secret NAME may come from the file that NAME_FILE names. An odd value stops the start with a
sentence.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

_REDIS_URL = r"rediss?://([^/?#]*@)?([^:/@?#\[\]]+|\[[^\]]+\])(:\d+)?([/?].*)?|unix://.+"


def envstr(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def envbool(name: str, default: bool) -> bool:
    """Raises ImproperlyConfigured for anything but true, false, yes, no, 1, 0."""
    text = envstr(name, str(default)).lower()
    if text in {"true", "yes", "1"}:
        return True
    if text in {"false", "no", "0"}:
        return False
    raise ImproperlyConfigured(f'{name} must be true or false, not "{text}".')


def envint(name: str, default: int, *, low: int, high: int) -> int:
    """Raises ImproperlyConfigured for anything but a whole number from `low` to `high`."""
    text = envstr(name, str(default))
    if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
        raise ImproperlyConfigured(
            f'{name} must be a whole number from {low} to {high}, not "{text}".'
        )
    return int(text)


def envlist(name: str, default: str = "") -> list[str]:
    """Values parted by commas."""
    return [part.strip() for part in envstr(name, default).split(",") if part.strip()]


def envnetworks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks (10.0.0.0/8), parted by commas. Raises ImproperlyConfigured."""
    try:
        return [ip_network(part) for part in envlist(name)]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be networks such as 10.0.0.0/8, parted by commas: {error}."
        ) from error


def envzone(name: str) -> str:
    """A zone such as Europe/Madrid. Raises ImproperlyConfigured."""
    text = envstr(name, "UTC")
    try:
        ZoneInfo(text)
    except (ValueError, OSError) as error:
        said = f'{name} must be a time zone such as Europe/Madrid, not "{text}".'
        raise ImproperlyConfigured(said) from error
    return text


def envsecret(name: str) -> str:
    """A secret from NAME, or from the file that NAME_FILE names; empty when there is neither."""
    path = envstr(f"{name}_FILE")
    if not path:
        return envstr(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read.") from error


def envfolder(name: str, default: Path) -> Path:
    """An absolute path; `~` is this account's home. Raises ImproperlyConfigured."""
    text = envstr(name, str(default))
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise ImproperlyConfigured(f'{name} must be a folder, not "{text}".') from error


def envdatabase(name: str, file: Path) -> dict[str, Any]:
    """Django's settings of a database on PostgreSQL or SQLite; without a URL SQLite in `file`.

    Raises ImproperlyConfigured, which does not show the URL: it has a password.
    """
    url = envsecret(name)
    if not url:  # a path with # or ? in it would be another one within a URL
        return {**dj_database_url.parse("sqlite://"), "NAME": str(file)}
    if not re.match(r"(sqlite|postgres|postgresql|pgsql)://", url):
        raise ImproperlyConfigured(
            f"{name} must begin with postgres:// or sqlite://, as in postgres://user:password@host/name."
        )
    try:
        return {**dj_database_url.parse(url)}
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} is no URL such as postgres://user:password@host/name. Signs such as @ / : # in"
            " a password are written as %40 %2F %3A %23."
        ) from error


def envredis(name: str) -> str:
    """The URL of a Redis server, or nothing. Raises ImproperlyConfigured, which does not show it."""
    url = envsecret(name)
    if url and not re.fullmatch(_REDIS_URL, url):
        raise ImproperlyConfigured(
            f"{name} must look like redis://:password@host:6379/0, with rediss for TLS. Signs such as"
            " @ / : # in a password are written as %40 %2F %3A %23."
        )
    return url


def kept(path: Path, make: Callable[[], str]) -> str:
    """What stands in the file `path`; made there, for this user alone, at the first call.

    Raises ImproperlyConfigured where that cannot be done.
    """
    with _in_words(path):
        if not path.exists():
            _keep(path, make())
        return path.read_text().strip()


def short_socket(folder: Path) -> Path:
    """Where a Unix socket may lie: in `folder` where its path is short enough for that, else in a
    folder that is named there.
    """
    path = folder / "redis.sock"
    if len(os.fsencode(path)) < 104:  # sun_path holds 108 bytes on Linux, 104 on macOS
        return path
    note = folder / "redis-socket-folder"
    with _in_words(note):
        if note.exists() and not Path(note.read_text()).is_dir():
            note.unlink()
    return Path(kept(note, lambda: tempfile.mkdtemp(prefix="batchconsole-"))) / "redis.sock"


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    try:
        # Not a rename: of several processes that start together, the first one's file stays.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(fresh)


@contextlib.contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be written and read ({error.strerror}). Set DATA_DIR to a folder that"
            " this account may write to."
        ) from error
