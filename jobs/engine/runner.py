"""What a runner does: claim the best chunks, run them, record them, and again until its time is up.

Several chunks are open at a time, so that a new one is under way before the last requests of the
one before are answered. What they cost the database is shared among them.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from jobs import conf, queueing
from jobs.choices import JobStatus
from jobs.dataplane.work import Batch
from jobs.engine import choosing, claims, job_status, recording
from jobs.engine.choosing import Best
from jobs.engine.chunk_rows import is_away, prove_room, read_rows, see_room
from jobs.engine.claims import Claim
from jobs.engine.control_lease import owner_name
from jobs.engine.control_turns import leave_to_clear
from jobs.engine.handing_back import HandingBack
from jobs.engine.heartbeats import Heartbeats
from jobs.engine.open_chunks import Ended, Open, OpenChunks, Written, is_cut_short
from jobs.engine.rates.pacing import Pacing
from jobs.engine.recording import Recorded, Wish
from jobs.engine.running_job import RunningJob
from jobs.engine.transport import Transport
from jobs.errors import WorkStoreLostError
from jobs.models import Job
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
WAKE_S = 0.2
LOOK_S = 1.0
"""A worker all of whose chunks take long looks so often whether another Region has work."""


def run_chunks(*, work: WorkStore, clock: Clock, stop: threading.Event) -> int:
    """Run chunks for one time box; returns how many were worked on.

    Hands itself back to the queue when its time is up and chunks still wait.
    """
    runner = _Runner(work, clock, stop)
    try:
        runner.run(time.monotonic() + conf.time_box_s())
    finally:
        runner.close()
    if runner.is_interrupted and choosing.jobs_with_work():
        queueing.call("run_chunks")
    return runner.chunks_run


class _Runner:
    """Keeps what is costly between the chunks of a job: connections and the parsed operation."""

    def __init__(self, work: WorkStore, clock: Clock, stop: threading.Event) -> None:
        self._work = work
        self._clock = clock
        self._stop = stop
        self._pacing = Pacing()
        self._heartbeats = Heartbeats(stop, self._pacing.refresh)
        self._transport = Transport()
        self._owner = owner_name()
        self._running: dict[str, RunningJob] = {}
        self._open = OpenChunks(work, self._owner, self._transport)
        self._best = Best(clock)
        self._hand_back = HandingBack(self._heartbeats, self._open, self._best, clock)
        self._started: set[str] = set()
        self._shaky: set[str] = set()
        self._until_s = math.inf
        self.chunks_run = 0
        self.is_interrupted = False
        """It ended although there was more to do, perhaps."""

    def run(self, until_s: float) -> None:
        self._until_s = until_s
        self._fill()
        while self._open:
            ended = self._wait()
            if self._transport.is_stuck():
                self._give_up()
            self._settle(ended)
            self._open.look()
            if self._is_over():
                self.is_interrupted = True
            else:
                self._fill()
            self._close_ended({one.chunk.job.pk for one in ended if one.is_over})

    def _is_over(self) -> bool:
        """Its time is up, or it is told to stop; while a chunk takes long, others go on beside it
        for some more time.
        """
        now_s = time.monotonic()
        until_s = self._until_s + (9 * conf.time_box_s() if self._open.take_long() else 0)
        return self._stop.is_set() or now_s >= until_s

    def close(self) -> None:
        self._heartbeats.stop_all()
        self._heartbeats.close()
        self._transport.close()
        self._open.close()
        self._pacing.close()

    # --- Claiming

    def _fill(self) -> None:
        """Claim and begin chunks until enough are open, or there are none to be had."""
        fresh = self._best.renew_if_old()
        while free := self._free():
            if job := self._best.first:
                share = self._best.serve(free)
                if self._claim(job, share) < share:
                    self._best.pass_over(job)
            elif fresh:
                return
            else:
                self._best.renew()
                fresh = True

    def _free(self) -> int:
        """How many chunks may be begun of the best job that may have any."""
        return 0 if self._stop.is_set() else self._best.prefer(self._open.free)

    def _claim(self, job: Job, limit: int) -> int:
        """How many chunks of the job are under way that were not before."""
        if job.status == JobStatus.READY and job.pk not in self._started:
            job_status.make_active(job, now=self._clock())
            self._started.add(job.pk)
        if job.waiting_for:
            self._shaky.add(job.pk)
        # An object that never gets an answer must not be the first one again and again.
        found = claims.claim_chunks(
            job.pk,
            limit,
            owner=self._owner,
            lease_s=conf.lease_s(),
            least_tried=job.pk in self._shaky,
        )
        begun = self._begin_all(job, found)
        if not begun:
            job_status.close_if_ended(job.pk, now=self._clock())
        return begun

    def _begin_all(self, job: Job, claimed: Iterable[Claim]) -> int:
        """How many of them are under way now, or are done with since they are lost."""
        begun = 0
        for claim in claimed:
            self.chunks_run += 1
            with self._hand_back.if_not_begun(job, claim):
                self._begin(job, claim)
                begun += 1
        return begun

    def _begin(self, job: Job, claim: Claim) -> None:
        running = self._running.get(job.pk)
        if running is None:
            running = self._running[job.pk] = RunningJob(job, self._pacing, self._clock)
        running.heed(job)
        see_room(self._work, claim.rows + sum(len(chunk.rows) for chunk in self._open))
        if job.waiting_for:
            prove_room(self._work, claim)
        try:
            rows = read_rows(self._work, claim, running.manifest)
        except WorkStoreLostError as error:
            if is_away(self._work, job.pk):
                raise
            job_status.lose(claim, error.message, now=self._clock())
            return
        before = running.before(claim, rows, self._work)
        stop = self._heartbeats.add(claim)
        work = running.work(rows, stop, claim, before)
        batch = self._transport.plane().submit(work)
        self._open.add(Open(job, claim, rows, stop, batch, before.states, before.visit))

    # --- Recording

    def _wait(self) -> list[Ended]:
        """Those of which there is something to record; none if that takes long."""
        until_s = time.monotonic() + LOOK_S
        ended: list[Ended] = []
        while not ended and time.monotonic() < until_s:
            if self._stop.is_set():
                self._heartbeats.stop_all()
            ended = self._open.take_ended(WAKE_S)
        return ended

    def _settle(self, ended: Sequence[Ended]) -> None:
        ready: list[tuple[Ended, Written]] = []
        for one in ended:
            with self._hand_back.in_trouble(one.chunk.job, [one.chunk]):
                if written := self._look_at(one):
                    ready.append((one, written))
        if ready:
            chunks = [one.chunk for one, _ in ready]
            with self._hand_back.in_trouble(chunks[0].job, chunks):
                self._record(ready)

    def _look_at(self, one: Ended) -> Written | None:
        """None where there is nothing to record."""
        error = None if one.is_over else one.written.exception()
        if error:
            logger.warning("job %s, recorded when it is over: %s", one.chunk.job.pk, error)
            self._open.go_on(one.chunk)
            return None
        written = one.written.result()
        if is_cut_short(written.batch):
            self._best.forget()  # what is left may go first
        if one.is_over:
            self._hand_back.release(written.untouched)
            self._hand_back.release(written.begun, begun=True)
        if written.finished:
            return written
        if one.is_over:
            self._follow(one.chunk, written.batch, has_done=False)
        else:
            self._open.go_on(one.chunk)
        return None

    def _record(self, ready: Sequence[tuple[Ended, Written]]) -> None:
        finished = [part for _, written in ready for part in written.finished]
        self._heartbeats.drop(part.claim for part in finished)
        wish = self._wish(written.batch for _, written in ready)
        recorded = recording.record_and_claim(finished, wish, now=self._clock())
        for one, written in ready:
            if not one.is_over:
                self._go_on(one.chunk, written, recorded)
        if wish and recorded.claimed is not None:
            self._claim_more(wish, recorded.claimed, alone=recorded.alone)
        for claim in recorded.lost:
            logger.warning("job %s, %s: another worker took it over", claim.job_id, claim)
            # If the job has ended meanwhile, what was put for it now lies in an emptied folder.
            leave_to_clear(claim.job_id)
        for one, written in ready:
            ours = [part for part in written.finished if part.claim not in recorded.lost]
            if ours:
                self._open.forget(one.chunk, ours)
                self._follow(one.chunk, written.batch, has_done=any(part.done for part in ours))

    def _go_on(self, chunk: Open, written: Written, recorded: Recorded) -> None:
        """Some of a chunk is recorded; its rows in flight are chunks of their own, in our hand."""
        proofs = {part.claim.proof for part in written.finished}
        kept = [claim for proof in proofs for claim in recorded.kept.get(proof, ())]
        for claim in kept:
            self._heartbeats.add(claim, chunk.stop)
        if any(claim.proof in proofs for claim in recorded.lost):
            chunk.stop.set()
        self._open.go_on(chunk, recorded=proofs, kept=kept)

    def _wish(self, batches: Iterable[Batch]) -> Wish | None:
        """What `_fill` would claim next, if that can be said before anything is recorded. A choice
        that is old holds only while there is no other job.
        """
        job = self._best.first
        if job is None or job.waiting_for or job.pk in self._shaky or self._is_over():
            return None
        if any(batch.outage or batch.fatal or batch.doubt for batch in batches):
            return None
        free = self._free()
        if not free:
            return None
        share = self._best.share(free)
        return Wish(job, share, self._owner, conf.lease_s(), if_alone=self._best.is_old)

    def _claim_more(self, wish: Wish, claimed: Sequence[Claim], *, alone: bool) -> None:
        if alone:
            self._best.hold()
        self._best.serve(wish.limit)
        if self._begin_all(wish.job, claimed) < wish.limit:
            self._best.pass_over(wish.job)

    def _follow(self, chunk: Open, batch: Batch, *, has_done: bool) -> None:
        if batch.outage:
            self._best.pass_over(chunk.job)
            self._shaky.add(chunk.job.pk)
        job_status.follow(chunk.job, batch, has_done=has_done, now=self._clock())

    def _close_ended(self, job_ids: Iterable[str]) -> None:
        """Only jobs of which nothing is open here can have ended."""
        for job_id in set(job_ids) - {chunk.job.pk for chunk in self._open}:
            job_status.close_if_ended(job_id, now=self._clock())

    # --- Trouble

    def _give_up(self) -> None:
        """For another process to go on."""
        for chunk in self._open:
            with self._hand_back.in_trouble(chunk.job, [chunk]):
                raise RuntimeError("the data plane hangs")
        self._until_s = -math.inf
