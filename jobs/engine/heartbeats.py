"""Heartbeats: leases are extended while the work that they cover goes on, and whoever should stop
is told within a second.
"""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from django.db import Error, connections

from jobs import conf
from jobs.engine import claims, statements
from jobs.engine.claims import Claim

logger = logging.getLogger(__name__)

TICK_S = 0.5
"""How often it is looked whether to stop: cancel and pause act within a second."""

HANGS_S = 10.0
"""Work that was told to end has done so long before, unless it hangs in something that hears nothing."""

Ceilings = Iterable[tuple[str, int | None, int | None]]
"""Of each job its requests_per_s and in_flight."""


class Heartbeats:
    """Those of a runner's chunks, from one thread. Two statements for all chunks together: one
    every tick, one every heartbeat.

    `refresh` hears every tick how fast the jobs may go. To be closed by the thread that made it.
    """

    def __init__(self, stop: threading.Event, refresh: Callable[[Ceilings], None]) -> None:
        self._stop = stop
        self._refresh = refresh
        self._ended = threading.Event()
        self._kept: dict[int, tuple[Claim, threading.Event]] = {}
        # Held while leases are extended, which locks rows: nobody records these meanwhile.
        self._lock = threading.Lock()
        self._beaten_s = time.monotonic()
        self._thread = _ticking(self._tick, self._ended)

    def add(self, claim: Claim, stop: threading.Event | None = None) -> threading.Event:
        """The event is set when the work on the chunk should end: at a shutdown, when the chunk
        was given to another worker, and when its job is not Active any more. Chunks may share one.
        """
        stop = stop or threading.Event()
        with self._lock:
            if before := self._kept.get(claim.chunk_id):
                before[1].set()  # it was lost, and claimed anew
            self._kept[claim.chunk_id] = (claim, stop)
        return stop

    def drop(self, dropped: Iterable[Claim]) -> None:
        """Before they are recorded or released; their leases hold for a while without us."""
        with self._lock:
            for claim in dropped:
                kept = self._kept.get(claim.chunk_id)
                if kept and kept[0].fence == claim.fence:
                    del self._kept[claim.chunk_id]

    def stop_all(self) -> None:
        for _, stop in list(self._kept.values()):
            stop.set()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _tick(self) -> None:
        if self._stop.is_set():
            self.stop_all()
        with self._lock:
            if not self._kept:
                return
            if time.monotonic() - self._beaten_s >= conf.heartbeat_s():
                self._beat()
            kept = list(self._kept.values())
        with statements.cursor() as cursor:
            rows = statements.ceilings(cursor, sorted({claim.job_id for claim, _ in kept}))
        active = {pk for pk, _, _ in rows}
        self._refresh(rows)
        for claim, stop in kept:
            if claim.job_id not in active:
                stop.set()

    def _beat(self) -> None:
        held = claims.beat([claim for claim, _ in self._kept.values()], lease_s=conf.lease_s())
        self._beaten_s = time.monotonic()
        for chunk_id, (_, stop) in self._kept.items():
            if chunk_id not in held:
                stop.set()


@contextlib.contextmanager
def kept(
    *,
    beat: Callable[[], bool],
    may_go_on: Callable[[], bool],
    hangs: Callable[[], None],
    stop: threading.Event,
) -> Iterator[threading.Event]:
    """An event that is set when the work under the lease should end.

    That is when `stop` is set, `beat` (called every heartbeat, extends the lease) or `may_go_on`
    (called every tick) returns False. `hangs` is called where the work has not ended long after
    that. All run in another thread than the caller's.
    """
    inner_stop, ended = threading.Event(), threading.Event()
    beaten_s = time.monotonic()
    stopped_s = math.inf

    def tick() -> None:
        nonlocal beaten_s, stopped_s
        due = time.monotonic() - beaten_s >= conf.heartbeat_s()
        if stop.is_set() or (due and not beat()) or not may_go_on():
            inner_stop.set()
            stopped_s = min(stopped_s, time.monotonic())
        beaten_s = time.monotonic() if due else beaten_s
        if time.monotonic() - stopped_s > HANGS_S:
            hangs()

    thread = _ticking(tick, ended)
    try:
        yield inner_stop
    finally:
        ended.set()
        thread.join()


def _ticking(tick: Callable[[], None], ended: threading.Event) -> threading.Thread:
    """A thread, started, that calls `tick` again and again until `ended` is set."""

    def go() -> None:
        try:
            while not ended.wait(TICK_S):
                try:
                    tick()
                except Error:
                    # The database may come back within the lease; a new connection finds out.
                    logger.warning("the database did not answer a heartbeat")
                    connections.close_all()
        finally:
            connections.close_all()

    thread = threading.Thread(target=go, name="heartbeats", daemon=True)
    thread.start()
    return thread
