"""How long pages wait for storages, and how many of them do so at once.

A storage that trickles or hangs would else hold one thread of the web server after the other, until
nobody can even sign in.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar

from jobs import conf
from jobs.errors import StorageUnavailableError
from jobs.s3.patience import Patience

PAGE_S = 5.0
"""All that one page may wait for storages, however many calls it makes."""

TURN_S = 0.25
"""How long a page waits for others to end."""

BUSY = "StoragesBusy"

_PATIENCE: ContextVar[Patience | None] = ContextVar("patience", default=None)


_turns = threading.BoundedSemaphore(conf.WEB_THREADS // 4)


@contextlib.contextmanager
def page_turn(seconds: float = PAGE_S) -> Iterator[None]:
    """Storages are asked inside, with `page_patience`, for so many seconds together. One inside
    another is a part of it.

    Raises StorageUnavailableError where a quarter of this process's threads wait already.
    """
    if _PATIENCE.get() is not None:
        yield
        return
    if not _turns.acquire(timeout=TURN_S):
        raise StorageUnavailableError(
            BUSY, "Other pages wait for slow storages just now. Try again in a few seconds."
        )
    token = _PATIENCE.set(Patience(until_s=time.monotonic() + seconds))
    try:
        yield
    finally:
        _PATIENCE.reset(token)
        _turns.release()


def page_patience() -> Patience:
    """Of the page that is made. Raises RuntimeError outside of `page_turn`."""
    patience = _PATIENCE.get()
    if patience is None:
        raise RuntimeError("a page asks a storage, and has no turn")
    return patience
