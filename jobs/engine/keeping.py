"""Keeps a lease while the work that it covers goes on, from a thread of its own."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator

from django.db import Error, connections

from jobs import conf

logger = logging.getLogger(__name__)

TICK_S = 0.5
"""How often it is looked whether to stop: cancel and pause act within a second."""


@contextlib.contextmanager
def kept(
    *, beat: Callable[[], bool], may_go_on: Callable[[], bool], stop: threading.Event
) -> Iterator[threading.Event]:
    """An event that is set when the work under the lease should end.

    That is when `stop` is set, `beat` (called every heartbeat, extends the lease) or `may_go_on`
    (called every tick) returns False. Both run in another thread than the caller's.
    """
    inner_stop, ended = threading.Event(), threading.Event()

    def keep() -> None:
        beaten_s = time.monotonic()
        try:
            while not ended.wait(TICK_S):
                due = time.monotonic() - beaten_s >= conf.heartbeat_s()
                try:
                    going_on = not stop.is_set() and (not due or beat()) and may_go_on()
                except Error:
                    # The database may come back within the lease; a new connection finds out.
                    logger.warning("the database did not answer a heartbeat")
                    connections.close_all()
                    continue
                if not going_on:
                    inner_stop.set()
                beaten_s = time.monotonic() if due else beaten_s
        finally:
            connections.close_all()

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield inner_stop
    finally:
        ended.set()
        keeper.join()
