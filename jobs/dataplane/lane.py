"""What the calls to one endpoint under one key pair share, for as long as a worker lives."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from jobs.dataplane.pool import Pool, Timeouts
from jobs.s3.answers import Answer
from jobs.s3.template import Origin
from jobs.services.base import Service
from jobs.services.call import Call


class Lane:
    """Belongs to the loop's thread once it is made. `users` counts the flights that may use it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        service: Service,
        timeouts: Timeouts,
        *,
        most_threads: int,
    ) -> None:
        self.service = service
        self.users = 0
        self._loop = loop
        patience_s = service.patience_s
        self._timeouts = timeouts if patience_s is None else replace(timeouts, silence_s=patience_s)
        self._most_threads = most_threads
        self._pools: dict[Origin, Pool] = {}
        self._threads: ThreadPoolExecutor | None = None

    def pool(self, origin: Origin) -> Pool:
        """Buckets may have hosts of their own."""
        pool = self._pools.get(origin)
        if pool is None:
            tls = self.service.tls if origin.tls else None
            pool = self._pools[origin] = Pool(
                self._loop, origin, tls, self._timeouts, self.service.most_body_bytes
            )
        return pool

    def perform(
        self, call: Call, is_wanted: Callable[[], bool], how: Callable[[], Answer] | None = None
    ) -> asyncio.Future[Answer | None]:
        """In a thread of this lane's own, for which the call may wait until nobody wants its answer
        any more: then it is not sent, and None comes back. `how` sends it, where that is not the
        service's plain `perform`.
        """
        send = how or partial(self.service.perform, call)
        if self._threads is None:
            # Not shared: one endpoint that answers nobody must not hold up another.
            self._threads = ThreadPoolExecutor(self._most_threads, thread_name_prefix="calls")
        return self._loop.run_in_executor(self._threads, lambda: send() if is_wanted() else None)

    def sweep(self) -> None:
        for pool in list(self._pools.values()):  # what ends of it may begin something elsewhere
            pool.sweep()

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
