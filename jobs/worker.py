"""The RQ worker that we run."""

import contextlib
import ctypes
import gc
import logging
import os
import signal
from collections.abc import Set
from typing import Any

import psutil
from redis.exceptions import RedisError
from rq import Worker
from rq.executions import Execution
from rq.job import Job as Message
from rq.queue import Queue
from rq.serializers import JSONSerializer

from jobs import orphans, queueing

# Takes half a second to import: once here, instead of in every process that is forked for a call.
from jobs.engine import control, runner  # noqa: F401
from jobs.s3.clients import warm_up

logger = logging.getLogger(__name__)

YOUNG = 10_000
"""New objects from which on garbage collection looks at them: more than the tasks of all chunks
that are open, which end by themselves and leave no cycles behind.
"""


def settle() -> None:
    """To be called when all is imported, and before a fork: garbage collection leaves alone what
    there is by now, and looks at what comes after less often. What importing and reading left free
    goes back to the system, some 3 MB.

    Else the first collection in a forked process writes to all that it shares with us, and so makes
    20 MB its own; and each later one goes through half of what the process has, for nothing.
    """
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # glibc's alone
        ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()
    gc.set_threshold(YOUNG)


class ForwardingWorker(Worker):
    """Passes a warm shutdown on to the running background call.

    RQ's own lets the call run to its end, as its process is in a group of its own and hears
    nothing. Our calls stop at the next object and hand the rest back (`background.stop_on_term`). A second
    SIGTERM, more than a second later, kills the call, as with any RQ worker. A call whose worker was
    killed ends soon after it.

    It is heard of every few seconds, busy or not, by its main thread alone: who is frozen is silent.

    Messages are JSON, since one that is pickled may run anything when it is read, and name a
    function of `functions`. Others are dropped: where one was ours, the sweep repeats it.
    """

    functions: Set[str] = queueing.FUNCTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Whatever the command line says: its default is pickle.
        super().__init__(*args, **kwargs | {"serializer": JSONSerializer})

    def work(self, *args: Any, **kwargs: Any) -> bool:
        self.worker_ttl = queueing.REMEMBERED_S - 60  # RQ adds these
        self.job_monitoring_interval = queueing.BEAT_S
        warm_up()
        settle()
        return super().work(*args, **kwargs)

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        if self.horse_pid:
            # Not to its group: right after the fork that is still ours.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    @property
    def dequeue_timeout(self) -> int:
        return queueing.BEAT_S

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """For the same time, whoever calls it: by what is left of that it is told how long it is
        silent (see `queueing.workers_seen`).
        """
        super().heartbeat(queueing.REMEMBERED_S, pipeline)

    def maintain_heartbeats(self, job: Message, execution: Execution) -> None:
        """Not while its call is frozen: nothing is done then, whoever watches it."""
        if not _is_frozen(self.horse_pid):
            super().maintain_heartbeats(job, execution)

    def execute_job(self, job: Message, queue: Queue) -> None:
        if queueing.names_one_of(job, self.functions):
            super().execute_job(job, queue)
            return
        logger.warning("A message that is none of this version was dropped: %s", job.id)
        job.delete()
        self.connection.lrem(queue.intermediate_queue_key, 1, job.id)

    def fork_work_horse(self, job: Message, queue: Queue) -> None:
        super().fork_work_horse(job, queue)
        # Nobody would wait for the call where this raised.
        with contextlib.suppress(RedisError):
            queueing.note_call(self, self.horse_pid)

    def main_work_horse(self, job: Message, queue: Queue) -> None:
        try:
            orphans.end_soon_after(self.pid or 0)
        except RuntimeError:  # no thread can be started
            os._exit(1)
        super().main_work_horse(job, queue)


def _is_frozen(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    return False
