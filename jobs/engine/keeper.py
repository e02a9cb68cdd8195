"""One thread of a runner that keeps its chunks: leases are extended, and whoever should stop is
told within a second.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from django.db import Error, connections

from jobs import conf
from jobs.engine import claims, statements
from jobs.engine.claims import Claim

logger = logging.getLogger(__name__)

TICK_S = 0.5
"""How often it is looked whether to stop: cancel and pause act within a second."""

Ceilings = Iterable[tuple[str, int | None, int | None]]
"""Of each job its requests_per_s and in_flight."""


class Keeper:
    """Two statements for all chunks together: one every tick, one every heartbeat.

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
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._thread.start()

    def add(self, claim: Claim) -> threading.Event:
        """The event is set when the work on the chunk should end: at a shutdown, when the chunk
        was given to another worker, and when its job is not Active any more.
        """
        stop = threading.Event()
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

    def _keep(self) -> None:
        try:
            while not self._ended.wait(TICK_S):
                try:
                    self._tick()
                except Error:
                    # The database may come back within the lease; a new connection finds out.
                    logger.warning("the database did not answer a heartbeat")
                    connections.close_all()
        finally:
            connections.close_all()

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
