"""Readers of the environment, for settings alone.

A secret NAME may come from the file that NAME_FILE names. An odd value stops the start with a
sentence.
"""

import os
import tempfile
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


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


def envsecret(name: str) -> str:
    """A secret from NAME, or from the file that NAME_FILE names; empty when there is neither."""
    path = envstr(f"{name}_FILE")
    if not path:
        return envstr(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read.") from error


def kept(path: Path, make: Callable[[], str]) -> str:
    """What stands in the file `path`; made there, for this user alone, at the first call."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w") as file:
            file.write(make())
        try:
            # Not a rename: of several processes that start together, the first one's file stays.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(fresh)
    return path.read_text().strip()
