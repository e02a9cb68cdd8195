"""How fast this worker may go: the storage's limits, found and shared, under each job's ceilings.

A thread of its own closes the windows and talks to Redis, so that taking a turn costs next to
nothing. While Redis is away, a worker goes on from its last share with its own answers alone.
"""

import logging
import math
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from redis.exceptions import RedisError

from jobs.engine.rates.rate_limit import (
    WINDOW_S,
    Counts,
    Demand,
    Known,
    Pacer,
    Rate,
    known_next,
    share_of,
)
from jobs.engine.rates.rate_sharing import Mine, Shared, Sharing, key_of_destination, key_of_job
from jobs.services.destination import Destination

logger = logging.getLogger(__name__)

ALONE = "alone"


class _Meter:
    """A pacer, and what this worker asked of it since the last look."""

    def __init__(self, per_s: float | None) -> None:
        self.pacer = Pacer(per_s)
        self.demand = Demand(0.0, False)
        self._seen = (0, 0)

    def look(self, span_s: float) -> None:
        taken, waits = self.pacer.taken, self.pacer.waits
        used = max(0, taken - self._seen[0])
        self.demand = Demand(used / span_s, waits > self._seen[1])
        self._seen = (taken, waits)


class BucketMeter(_Meter):
    """What one bucket bears. `rate` is that of all workers together, as far as they are known."""

    def __init__(self) -> None:
        self.rate = Rate()
        super().__init__(self.rate.per_s)
        self.answers = self.throttled = 0
        self._known: Known | None = None

    @property
    def counts(self) -> Counts:
        return Counts(self.answers, self.throttled, self.pacer.waits)

    def share(self, shared: Shared) -> None:
        self._known, self.rate = None, shared.rate or self.rate
        self._go_by(shared.others)

    def go_alone(self, now_s: float) -> None:
        """Nobody can be asked: the share that we had is all that there is."""
        counts = {ALONE: self.counts}
        if self._known is None:
            share = Rate(self.pacer.per_s or self.rate.per_s, self.rate.seeking)
            self._known = Known(share, now_s, counts)
        self._known = known_next(self._known, counts, now_s)
        self.rate = self._known.rate
        self._go_by(())

    def _go_by(self, others: Sequence[Demand]) -> None:
        self.pacer.per_s = share_of(self.rate.per_s, self.demand, others)


class JobPace:
    """Of one job in this worker: a dataplane.work.Pace. Nothing here waits for anything."""

    def __init__(self, buckets: "Buckets") -> None:
        self.in_flight: float = math.inf
        self.running = 0
        self.ceiling: int | None = None
        self.meter = _Meter(None)
        self._buckets = buckets

    def turns(self, to: Destination) -> "JobTurns":
        return JobTurns(self.meter.pacer, self._buckets(to))

    def limit(self, requests_per_s: int | None, in_flight: int | None) -> None:
        self.in_flight = in_flight or math.inf
        if requests_per_s != self.ceiling:
            self.ceiling = self.meter.pacer.per_s = requests_per_s

    def share(self, others: Sequence[Demand]) -> None:
        if self.ceiling is not None:
            self.meter.pacer.per_s = share_of(self.ceiling, self.meter.demand, others)


class JobTurns:
    """A request needs a turn of its job and one of its bucket."""

    __slots__ = ("_bucket", "_job", "_meter")

    def __init__(self, job: Pacer, meter: BucketMeter) -> None:
        self._job = job
        self._meter = meter
        self._bucket = meter.pacer

    def wait_s(self, now_s: float) -> float:
        if self._job.per_s is None:
            return self._bucket.wait_s(now_s)
        wait_s = self._job.wait_s(now_s)
        if wait_s:
            return wait_s
        wait_s = self._bucket.wait_s(now_s)
        if wait_s:
            self._job.give_back()
        return wait_s

    def answered(self, *, throttled: bool) -> None:
        self._meter.answers += 1
        if throttled:
            self._meter.throttled += 1


Buckets = Callable[[Destination], BucketMeter]


class Pacing:
    """Of a worker process, made after the fork, for as long as it runs chunks. Use it as a context
    manager, or call `close`.
    """

    def __init__(self, sharing: Sharing | None = None) -> None:
        self._sharing = sharing or Sharing(uuid.uuid4().hex[:12])
        self._meters: dict[str, BucketMeter] = {}
        self._jobs: dict[str, JobPace] = {}
        self._looked_s = time.monotonic()
        self._alone = False
        self._fresh, self._closed = threading.Event(), False
        self._thread = threading.Thread(target=self._keep, name="pacing", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def pace_of(
        self,
        job_id: str,
        *,
        requests_per_s: int | None,
        in_flight: int | None,
    ) -> JobPace:
        """The same for all chunks of a job."""
        pace = self._jobs.get(job_id)
        if pace is None:
            pace = JobPace(self._meter)
            pace.limit(requests_per_s, in_flight)
            self._jobs = {**self._jobs, job_id: pace}
            self._fresh.set()
        return pace

    def refresh(self, rows: Iterable[tuple[str, int | None, int | None]]) -> None:
        """Take over what persons changed: (job_id, requests_per_s, in_flight). From any thread."""
        for job_id, requests_per_s, in_flight in rows:
            pace = self._jobs.get(job_id)
            if pace:
                pace.limit(requests_per_s, in_flight)

    def close(self) -> None:
        self._closed = True
        self._fresh.set()
        self._thread.join()
        if not self._alone:
            try:
                self._sharing.leave([*self._meters, *map(key_of_job, self._jobs)])
            except RedisError:
                logger.info("Redis does not answer; the others find out by themselves")

    def _meter(self, to: Destination) -> BucketMeter:
        key = key_of_destination(to)
        meter = self._meters.get(key)
        if meter is None:
            # Replaced rather than changed: the other thread may be reading it.
            meter = BucketMeter()
            self._meters = {**self._meters, key: meter}
            self._fresh.set()
        return meter

    def _keep(self) -> None:
        while not self._closed:
            self._fresh.clear()
            try:
                self.look()
            except Exception:
                # Without this thread a rate would stay as it is for ever.
                logger.exception("the rates could not be looked at")
            self._fresh.wait(WINDOW_S)

    def look(self) -> None:
        """Close a window: tell the others, or decide alone."""
        meters, jobs = self._meters, {key_of_job(name): job for name, job in self._jobs.items()}
        now_s = time.monotonic()
        span_s = max(now_s - self._looked_s, 0.001)
        self._looked_s = now_s
        for meter in [*meters.values(), *(job.meter for job in jobs.values())]:
            meter.look(span_s)
        mine = {key: Mine(m.counts, m.demand, m.rate) for key, m in meters.items()}
        mine |= {key: Mine(Counts(), j.meter.demand) for key, j in jobs.items() if j.ceiling}
        shared = self._swap(mine) if mine else {}
        for key, job in jobs.items():
            if key in shared:
                job.share(shared[key].others)
        for key, bucket in meters.items():
            if key in shared:
                bucket.share(shared[key])
            else:
                bucket.go_alone(now_s)

    def _swap(self, mine: dict[str, Mine]) -> dict[str, Shared]:
        try:
            shared = self._sharing.swap(mine)
        except RedisError as error:
            if not self._alone:
                logger.warning("Redis does not answer, each worker paces itself: %s", error)
            self._alone = True
            return {}
        self._alone = False
        return shared
