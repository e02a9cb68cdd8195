"""What tasks of an ending job left behind that kept a state and will not be run again: cleared away
by their operation, before the states go with the rest of the job's work storage.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, TimeoutError
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from jobs import conf
from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Batch, Limits, Work
from jobs.engine.database import DATABASE_AWAY
from jobs.engine.rates.pacing import Pacing
from jobs.engine.running_job import Before, RunningJob
from jobs.engine.task_states import Left, TaskStates, states_left
from jobs.engine.transport import Transport
from jobs.errors import BatchConsoleError
from jobs.lifecycle.notes import note_left_behind
from jobs.manifests.frozen_list import Rows
from jobs.models import Job
from jobs.operations import registry
from jobs.operations.giving_up import GivingUp
from jobs.spec.target import Target
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

WITHIN_S = 60.0
"""A job's end waits for no more; what is left then is said in its activity."""

HANGS_S = 20.0
"""A work that was told to stop has ended long before."""

NO_TIME = "there was no time left for it."
AT_A_TIME = 500
IN_FLIGHT = 16
LOOK_S = 0.2


def give_up_tasks(
    job: Job, *, work: WorkStore, clock: Callable[[], datetime], stop: threading.Event
) -> bool:
    """Clear away what tasks of the job left behind, once and for a minute at most. False where
    `stop` was set before the end: then it is to be called again.

    Whatever goes wrong is said in the job's activity, and is in nobody's way.
    """
    kind = registry.find(job.operation)
    if kind is None or not kind.keeps_state:
        return True
    giving_up = _GivingUp(job, work, clock, stop, time.monotonic() + WITHIN_S)
    try:
        giving_up.run()
    except DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("job %s", job.pk)
        giving_up.trouble = _in_words(error)
    if stop.is_set():
        return False
    if sentence := giving_up.sentence():
        note_left_behind(job.pk, sentence, now=clock())
    return True


def _in_words(error: Exception) -> str:
    if isinstance(error, BatchConsoleError):
        return error.message
    return f"something unexpected went wrong ({type(error).__name__})."


@dataclass(slots=True)
class _GivingUp:
    """`first` is one of the targets where something stayed, and `why`; `trouble` is why some states
    were not even looked at.
    """

    job: Job
    work: WorkStore
    clock: Callable[[], datetime]
    stop: threading.Event
    until_s: float
    first: Target | None = None
    why: str = ""
    trouble: str = ""

    def run(self) -> None:
        every = states_left(self.work, self.job.pk)
        some = list(islice(every, AT_A_TIME))
        if not some:
            return
        transport = Transport()
        try:
            with Pacing() as pacing:
                running = RunningJob(self.job, pacing, self.clock)
                while some and not self._is_over():
                    self._run_some(some, running, transport)
                    some = list(islice(every, AT_A_TIME))
        finally:
            transport.close()
        for left in some:
            self._note_failed(left.target, NO_TIME)

    def sentence(self) -> str:
        """Empty where all is well."""
        sentences = []
        if self.first:
            place = f"s3://{self.first.bucket}/{self.first.key}"
            sentences.append(
                "Not all that tasks left behind in the storage could be cleared away; the worker's"
                f" log says where. The first was {place}: {self.why}"
            )
        if self.trouble:
            sentences.append(f"What tasks left behind was not looked at: {self.trouble}")
        return " ".join(sentences)

    def _is_over(self) -> bool:
        return self.stop.is_set() or time.monotonic() >= self.until_s

    def _run_some(self, some: Sequence[Left], running: RunningJob, transport: Transport) -> None:
        over = threading.Event()
        states = TaskStates(
            self.work, self.job.pk, [left.row for left in some], [left.target for left in some]
        )
        work = _work_of(some, running, states, over)
        batch = self._wait(transport.plane().submit(work), over)
        answer = batch.fatal or batch.outage if batch else None
        outcomes = batch.outcomes if batch else [None] * len(some)
        for index, outcome in enumerate(outcomes):
            if outcome and outcome.succeeded:
                states.put(index, b"")
            else:
                said = outcome or answer
                self._note_failed(some[index].target, said.message if said else NO_TIME)

    def _wait(self, batch: Future[Batch], over: threading.Event) -> Batch | None:
        """None where it does not end at all."""
        while time.monotonic() < self.until_s + HANGS_S:
            if self._is_over():
                over.set()
            with suppress(TimeoutError):
                return batch.result(LOOK_S)
        return None

    def _note_failed(self, target: Target, why: str) -> None:
        if self.stop.is_set():
            return  # it is tried again
        logger.warning("job %s left something at %s: %s", self.job.pk, target, why)
        if self.first is None:
            self.first, self.why = target, why


def _work_of(
    some: Sequence[Left], running: RunningJob, states: TaskStates, over: threading.Event
) -> Work:
    targets = [left.target for left in some]
    keys = [target.key for target in targets]
    buckets = [target.bucket for target in targets]
    rows = Rows(buckets, keys, keys, [target.version_id for target in targets])
    kept = {index: left.state for index, left in enumerate(some)}
    work = running.work(rows, over, before=Before(kept, states))
    limits = Limits(IN_FLIGHT, conf.task_deadline_s(), conf.storage_patience_s())
    # What was found out about the job's own calls is none of these calls' business.
    return replace(work, operation=GivingUp(work.operation), limits=limits, trust=Trust())
