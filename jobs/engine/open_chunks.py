"""The chunks that a runner has under way, until what came of them is written.

A chunk is recorded when its tasks have ended. Where some of them take long, those that are done are
recorded before, and the chunk goes on with what is in flight, under claims of its own.
"""

import contextlib
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import NamedTuple

from jobs import conf
from jobs.dataplane.work import Batch
from jobs.engine.chunk_rows import part_of, put_results
from jobs.engine.claims import Claim, Proof
from jobs.engine.recording import Finished
from jobs.engine.settlements import Hold
from jobs.engine.task_states import TaskStates
from jobs.engine.transport import Transport
from jobs.engine.waiting_rows import Visit, parted
from jobs.lifecycle import precedence
from jobs.manifests.frozen_list import Rows
from jobs.models import Job
from jobs.operations import registry
from jobs.operations.base import DONE
from jobs.workstore.store import WorkStore

MOST_OPEN = precedence.AT_ONCE
"""Of one Region."""

MOST_OPEN_OF_ALL = 2 * MOST_OPEN

MOST_LATE = 32
"""So many chunks that go on with a few slow tasks are open besides: each has its list in memory."""

LONG_S = 5.0
"""A chunk that goes on for so long after it could begin tasks takes long, and so often it is recorded
in part then. Nearly all are over before, in one transaction.
"""

SLOW_S = 1.0
"""A chunk that is open for longer belongs to a slow storage: it is not counted against quick ones."""

WRITERS = 2


def chunks_open(job: Job | None) -> int:
    """Two, so that connections never drain between chunks, and more where there are so many
    requests in flight that a chunk is over before the next one is there, or a chunk is one request,
    or begins with one that all others wait for (the listing of a dry run); what is open is repeated
    after a kill, so never more than four.
    """
    if job and (job.dry_run or job.operation in registry.BATCHED):
        return MOST_OPEN
    return min(MOST_OPEN, 2 + (conf.in_flight() - 1) // 128)


def is_cut_short(batch: Batch) -> bool:
    """Whether tasks are left to run."""
    # `in` asks each outcome whether it is None; to count those that are the usual one is at once.
    return batch.outcomes.count(DONE) < len(batch.outcomes) and None in batch.outcomes


class Open:
    """A chunk on its way. `claims` are what is in hand of it: the whole at first, and once some of
    it was recorded (`is_late`) the rows that were in flight then. `stop` ends it.
    """

    def __init__(
        self,
        job: Job,
        claim: Claim,
        rows: Rows,
        stop: threading.Event,
        batch: Future[Batch],
        states: TaskStates | None = None,
        visit: Visit | None = None,
    ) -> None:
        self.states = states
        self.job = job
        self.claims = [claim]
        self.rows = rows
        self.stop = stop
        self.batch = batch
        self.visit = visit
        self.position = claim.position
        self.since_s = time.monotonic()
        self.look_s = self.since_s + conf.record_every_s() + LONG_S
        self.is_late = False
        self.is_over = False
        self.is_being_written = False
        """From then on until it goes on, `claims` are what they are."""


class Written(NamedTuple):
    """`batch` is what came of the chunk, `finished` its parts of which there is something to record:
    their rows of the report are in work storage. Of the other parts those `begun` may have been
    tried.
    """

    batch: Batch
    finished: list[Finished]
    begun: list[Claim]
    untouched: list[Claim]


class Ended(NamedTuple):
    """What came of a chunk, in `is_over`, or until now. `written` raises WorkStoreError, and
    whatever ended the chunk.
    """

    chunk: Open
    written: Future[Written]
    is_over: bool


class OpenChunks:
    """To be used by one thread. What ends is written by others, and tells so by itself: it costs less
    than to look at all. To be closed.
    """

    def __init__(self, work: WorkStore, owner: str, transport: Transport) -> None:
        self._work = work
        self._owner = owner
        self._transport = transport
        self._chunks: list[Open] = []
        self._ended: SimpleQueue[Ended] = SimpleQueue()
        self._lock = threading.Lock()
        # To wait for the disk is most of it, and the next chunks need not wait.
        self._threads = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")

    def __len__(self) -> int:
        return len(self._chunks)

    def __iter__(self) -> Iterator[Open]:
        return iter(list(self._chunks))

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def add(self, chunk: Open) -> None:
        self._chunks.append(chunk)
        # By what the batch itself knows: with the chunk it would be a circle of references.
        chunk.batch.add_done_callback(self._end)

    def drop(self, chunks: Iterable[Open]) -> None:
        """Whatever comes of these, nobody minds."""
        dropped = list(chunks)
        self._chunks = [chunk for chunk in self._chunks if chunk not in dropped]
        for chunk in dropped:
            chunk.stop.set()

    def free(self, job: Job | None) -> int:
        """How many chunks of `job`, the next to be served, may be begun. Those that go on with a few
        slow tasks are not counted, unless there are very many.

        A storage that answers slowly, or not at all, does not keep the others waiting: one more than
        usual where the job's Region has none here, and its usual ones beside those that are slow.
        """
        late = [chunk for chunk in self._chunks if chunk.is_late]
        counted = [chunk for chunk in self._chunks if not chunk.is_late] + late[MOST_LATE:]
        free = chunks_open(job) - len(counted)
        if free <= 0 and job:
            free = self._free_beside_others(job, counted)
        return max(0, free)

    def _free_beside_others(self, job: Job, counted: Sequence[Open]) -> int:
        """May be below 0. The last place of all is for a Region that has none."""
        ours = [chunk for chunk in counted if chunk.job.region_id == job.region_id]
        left = MOST_OPEN_OF_ALL - len(counted)
        if not ours:
            return min(1, left)
        slow_s = time.monotonic() - SLOW_S
        quick = [chunk for chunk in counted if chunk.since_s > slow_s]
        are_quick = all(chunk in quick for chunk in ours)
        return min(chunks_open(job) - len(quick), left - 1) if are_quick else 0

    def take_long(self) -> bool:
        """Whether a storage is slow, or silent."""
        now_s = time.monotonic()
        return any(now_s - chunk.since_s > LONG_S for chunk in self._chunks)

    def take_ended(self, within_s: float) -> list[Ended]:
        """Those that have ended, which are open no more, and those that take long and of which
        something was written; none if that takes longer.
        """
        ended = []
        with contextlib.suppress(Empty):
            ended.append(self._ended.get(timeout=within_s))
            while True:
                ended.append(self._ended.get_nowait())
        found = [one for one in ended if one.chunk in self._chunks]
        over = [one.chunk for one in found if one.is_over]
        if over:
            self._chunks = [chunk for chunk in self._chunks if chunk not in over]
        return found

    def look(self) -> None:
        """To be called often: has written what was done so far of chunks that take long."""
        now_s = time.monotonic()
        for chunk in self._chunks:
            if now_s >= chunk.look_s:
                chunk.look_s = now_s + LONG_S
                asked = self._transport.plane().so_far(chunk.batch)
                asked.add_done_callback(partial(self._came, chunk))

    def go_on(
        self, chunk: Open, *, recorded: Collection[Proof] = (), kept: Sequence[Claim] = ()
    ) -> None:
        """What was written of a chunk that is not over is recorded, or not: instead of the claims
        that were `recorded` those `kept` are in hand now.
        """
        with self._lock:
            chunk.claims = [one for one in chunk.claims if one.proof not in recorded] + [*kept]
            chunk.is_late = chunk.is_late or bool(recorded)
            chunk.is_being_written = is_over = chunk.is_over
        if is_over:
            self._write(chunk, None)

    def forget(self, chunk: Open, recorded: Iterable[Finished]) -> None:
        """What tasks kept that are of no use any more, since their success is recorded."""
        if chunk.states is None or not registry.get(chunk.job.operation).forgets_when_done:
            return
        done: list[int] = []
        for part in recorded:
            failed = {result.index for result in part.failed}
            first = part.claim.position - chunk.position
            done += [first + index for index in part.done if index not in failed]
        with contextlib.suppress(RuntimeError):  # no thread can be started: they stay
            self._threads.submit(chunk.states.forget, done)

    # --- In other threads

    def _came(self, chunk: Open, asked: Future[Batch | None]) -> None:
        batch = asked.result()
        with self._lock:
            if batch is None or chunk.is_being_written:
                return
            chunk.is_being_written = True
        self._write(chunk, batch)

    def _end(self, batch: Future[Batch]) -> None:
        for chunk in self._chunks:
            if chunk.batch is batch:
                with self._lock:
                    chunk.is_over = True
                    was_written, chunk.is_being_written = chunk.is_being_written, True
                if not was_written:
                    self._write(chunk, None)

    def _write(self, chunk: Open, so_far: Batch | None) -> None:
        """`so_far` is None when the chunk is over."""
        written: Future[Written] = Future()

        def write() -> None:
            try:
                written.set_result(self._written(chunk, so_far))
            except BaseException as error:
                # The runner's to deal with, whatever it is: it waits for this.
                written.set_exception(error)
            self._ended.put(Ended(chunk, written, so_far is None))

        try:
            self._threads.submit(write)
        except RuntimeError as error:
            # No thread can be started. Said nowhere else: the runner would wait for ever, and
            # keep the chunk's lease.
            written.set_exception(error)
            self._ended.put(Ended(chunk, written, so_far is None))

    def _written(self, chunk: Open, so_far: Batch | None) -> Written:
        batch = so_far or chunk.batch.result()
        written = Written(batch, [], [], [])
        for claim in chunk.claims:
            rows, part = part_of(chunk.rows, batch, claim.position - chunk.position, claim.rows)
            part, postponed = parted(part, chunk.visit, is_over=so_far is None)
            finished = put_results(
                *(self._work, claim, rows, part.outcomes),
                freeze=chunk.job.dry_run,
                buckets=chunk.job.buckets,
            )
            if finished is None and postponed and postponed.rows:
                finished = Finished(claim, (), (), "")
            if finished is None and so_far and 0 < len(part.begun) < claim.rows:
                finished = Finished(claim, (), (), "")  # what is not begun is given away
            if finished is None:
                (written.begun if part.begun else written.untouched).append(claim)
            elif so_far:
                hold = Hold(part.begun, self._owner, conf.lease_s()) if part.begun else None
                written.finished.append(replace(finished, hold=hold, postponed=postponed))
            else:
                finished = replace(finished, begun=part.begun, postponed=postponed)
                written.finished.append(finished)
        return written
