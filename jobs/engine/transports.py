"""What carries the calls of a chunk: the data plane, and boto3 where that can not."""

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from jobs import conf
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.dataplane.support import supports
from jobs.dataplane.work import Batch, Work
from jobs.engine.executor import Executor
from jobs.engine.performer import Performer
from jobs.engine.places import Places
from jobs.s3.calls import Answer, Call

logger = logging.getLogger(__name__)

CLOSE_S = 10.0
LOOK_S = 1.0
STUCK_LOOKS = 60
"""So many looks after it was asked to, the data plane's loop has not come round. Looks and not
seconds: a machine that slept for an hour is given time.
"""


class Transport(Protocol):
    def submit(self, work: Work) -> Future[Batch]:
        """Begin to run the targets. What comes back has rows left to run when the work's stop was
        set, its `begin_s` was over, the storage gave no answer for its patience, or an answer said
        that nothing can succeed. Raises StorageError where an endpoint can not be used.
        """
        ...

    def close(self) -> None: ...


class Threads:
    """boto3 in threads. One chunk after the other: each has all the threads while it runs."""

    def __init__(self) -> None:
        self._performer = Performer(
            max_connections=conf.threads_in_flight(), read_timeout_s=conf.answer_timeout_s()
        )
        self._turn = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chunks")

    def submit(self, work: Work) -> Future[Batch]:
        for bucket in work.buckets():
            self._performer.client(work.endpoint_of(bucket), work.credentials_of(bucket))
        return self._turn.submit(self._run, work)

    def _run(self, work: Work) -> Batch:
        def perform(call: Call) -> Answer:
            place = work.endpoint_of(call.bucket), work.credentials_of(call.bucket)
            return self._performer.perform(*place, call)

        return Executor(work, perform).run()

    def close(self) -> None:
        self._turn.shutdown(wait=False, cancel_futures=True)


class Transports:
    """Those of a worker process, each made when it is first needed and thus after the fork."""

    def __init__(self) -> None:
        self._plane: DataPlane | None = None
        self._threads: dict[str, Threads] = {}
        self._came_round = threading.Event()
        self._came_round.set()
        self._looked_s = time.monotonic()
        self._looks = 0

    def plane(self) -> DataPlane:
        if self._plane is None:
            self._plane = DataPlane(
                in_flight=conf.in_flight(), timeouts=Timeouts(silence_s=conf.answer_timeout_s())
            )
        return self._plane

    def threads(self, job_id: str) -> Threads:
        """A job's own, so that none waits for the storage of another."""
        return self._threads.setdefault(job_id, Threads())

    def is_stuck(self) -> bool:
        """Whether the data plane's thread hangs, to be asked again and again. Its chunks would never
        end, and their leases be kept for ever.
        """
        now_s = time.monotonic()
        if self._plane and now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._looks += 1
            if self._came_round.is_set():
                self._came_round.clear()
                self._looks = 0
                self._plane.loop.call_soon_threadsafe(self._came_round.set)
        return self._looks >= STUCK_LOOKS

    def close(self) -> None:
        for threads in self._threads.values():
            threads.close()
        if self._plane:
            # In a thread, since it waits for the loop: a worker that waited for ever for one that
            # hangs would take no work again.
            closing = threading.Thread(target=self._plane.close, name="closing", daemon=True)
            closing.start()
            closing.join(CLOSE_S)
            if closing.is_alive():
                logger.error("the data plane hangs; it ends with this process")


def why_not_plane(places: Places) -> str:
    """Empty when the data plane can reach all that a job needs, otherwise a sentence why not."""
    if not conf.data_plane():
        return "The data plane is switched off, so boto3 makes the requests."
    for endpoint, credentials in places.all():
        if why := supports(endpoint, credentials):
            return f"boto3 makes the requests to {endpoint.url}, slower than the data plane: {why}."
    return ""
