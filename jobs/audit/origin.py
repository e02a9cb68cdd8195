"""Where what is going on comes from: which door, who, from which address, in which request.

Set around a request by its door's middleware; whatever nobody asked for comes from the system.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Origin:
    """`who` and `access_key` are asked when somebody wants to know: they show during a request."""

    door: str = SYSTEM
    source_ip: str = ""
    request_id: str = ""
    who: Callable[[], str] = lambda: SYSTEM
    access_key: Callable[[], str] = lambda: ""


_NOBODY = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=_NOBODY)


def current() -> Origin:
    return _current.get()


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
