"""What a runner does: claim the best chunks, run them, record them, and again until its time is up.

Several chunks are open at a time, so that a new one is under way before the last requests of the
one before are answered. What they cost the database is shared among them.
"""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from jobs import conf, queueing
from jobs.choices import JobStatus
from jobs.dataplane.work import Batch
from jobs.engine import choosing, claims, recording
from jobs.engine.beginning import make_active
from jobs.engine.choosing import Best
from jobs.engine.claims import Claim
from jobs.engine.closing import close_if_ended
from jobs.engine.control_lease import owner_name
from jobs.engine.database_away import DATABASE_AWAY
from jobs.engine.following import follow, is_cut_short, wait_for_storage
from jobs.engine.job_at_hand import JobAtHand
from jobs.engine.keeper import Keeper
from jobs.engine.lines import prove_room, read_rows
from jobs.engine.open_chunks import MOST_OPEN_OF_ALL, Open, OpenChunks, chunks_open
from jobs.engine.pacing import Pacing
from jobs.engine.recording import Finished, Wish
from jobs.engine.transports import Transports
from jobs.engine.writing import Writer
from jobs.errors import StorageError, WorkStoreError, unexpected
from jobs.models import Job
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
WAKE_S = 0.2
LOOK_S = 1.0
"""A worker all of whose chunks take long looks so often whether another Region has work."""

LONG_S = 5.0
"""A chunk that is open for longer takes long: its storage is slow, or silent."""


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
        self._keeper = Keeper(stop, self._pacing.refresh)
        self._transports = Transports()
        self._writer = Writer(work)
        self._at_hand: dict[str, JobAtHand] = {}
        self._open = OpenChunks()
        self._best = Best(clock)
        self._started: set[str] = set()
        self._shaky: set[str] = set()
        self._owner = owner_name()
        self._until_s = math.inf
        self.chunks_run = 0
        self.is_interrupted = False
        """It ended although there was more to do, perhaps."""

    def run(self, until_s: float) -> None:
        self._until_s = until_s
        self._fill()
        while self._open:
            finished = self._wait()
            if self._transports.is_stuck():
                self._give_up()
            self._settle(finished)
            if self._is_over():
                self.is_interrupted = True
            else:
                self._fill()
            self._close_ended({chunk.job.pk for chunk in finished})

    def _is_over(self) -> bool:
        """Its time is up, or it is told to stop; while a chunk takes long, others go on beside it
        for some more time.
        """
        now_s = time.monotonic()
        takes_long = any(now_s - chunk.since_s > LONG_S for chunk in self._open)
        until_s = self._until_s + (9 * conf.time_box_s() if takes_long else 0)
        return self._stop.is_set() or now_s >= until_s

    def close(self) -> None:
        self._keeper.stop_all()
        self._keeper.close()
        self._transports.close()
        self._writer.close()
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
        """How many chunks of the best job may be begun.

        One more than usual where its Region has none here: a storage that answers slowly, or not
        at all, does not keep the others waiting.
        """
        if self._stop.is_set():
            return 0
        free = chunks_open(self._best.first) - len(self._open)
        if free <= 0 and self._best.first and len(self._open) < MOST_OPEN_OF_ALL:
            busy = {chunk.job.region_id for chunk in self._open}
            return int(self._best.first.region_id not in busy)
        return max(0, free)

    def _claim(self, job: Job, limit: int) -> int:
        """How many chunks of the job are under way that were not before."""
        if job.status == JobStatus.READY and job.pk not in self._started:
            make_active(job, now=self._clock())
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
            close_if_ended(job.pk, now=self._clock())
        return begun

    def _begin_all(self, job: Job, claimed: Iterable[Claim]) -> int:
        """How many of them are under way now."""
        open_before = len(self._open)
        for claim in claimed:
            self.chunks_run += 1
            with self._handing_back(job, [claim]):
                self._begin(job, claim)
        return len(self._open) - open_before

    def _begin(self, job: Job, claim: Claim) -> None:
        at_hand = self._at_hand.get(job.pk)
        if at_hand is None:
            at_hand = self._at_hand[job.pk] = JobAtHand(
                job, self._transports, self._pacing, self._clock
            )
        if job.waiting_for:
            prove_room(self._work, claim)
        rows = read_rows(self._work, claim, at_hand.manifest)
        work = at_hand.work(rows, self._keeper.add(claim))
        batch = at_hand.transport().submit(work)
        self._open.add(job, claim, self._writer.after(batch, claim, rows))

    # --- Recording

    def _wait(self) -> list[Open]:
        """Those that are finished; none if that takes long."""
        until_s = time.monotonic() + LOOK_S
        ended: list[Open] = []
        while not ended and time.monotonic() < until_s:
            if self._stop.is_set():
                self._keeper.stop_all()
            ended = self._open.take_ended(WAKE_S)
        return ended

    def _settle(self, finished: Sequence[Open]) -> None:
        ready: list[tuple[Open, Batch, Finished]] = []
        for chunk in finished:
            with self._handing_back(chunk.job, [chunk.claim]):
                batch, done = chunk.written.result()
                if is_cut_short(batch):
                    self._best.forget()  # what is left may go first
                if done:
                    ready.append((chunk, batch, done))
                else:
                    self._release([chunk.claim])
                    self._follow(chunk, batch, has_done=False)
        if ready:
            with self._handing_back(ready[0][0].job, [done.claim for _, _, done in ready]):
                self._record(ready)

    def _record(self, ready: Sequence[tuple[Open, Batch, Finished]]) -> None:
        self._keeper.drop(done.claim for _, _, done in ready)
        wish = self._wish(batch for _, batch, _ in ready)
        finished = [done for _, _, done in ready]
        recorded = recording.record_and_claim(finished, wish, now=self._clock())
        if wish and recorded.claimed is not None:
            self._go_on(wish, recorded.claimed, alone=recorded.alone)
        for claim in recorded.lost:
            logger.warning("job %s, %s: another worker took it over", claim.job_id, claim)
            # If the job has ended meanwhile, what was put for it now lies in an emptied folder.
            queueing.call("finish_job", claim.job_id)
        for chunk, batch, done in ready:
            if done.claim not in recorded.lost:
                self._follow(chunk, batch, has_done=True)

    def _wish(self, batches: Iterable[Batch]) -> Wish | None:
        """What `_fill` would claim next, if that can be said before anything is recorded. A choice
        that is old holds only while there is no other job.
        """
        job = self._best.first
        if job is None or job.waiting_for or job.pk in self._shaky or self._is_over():
            return None
        if any(batch.outage or batch.fatal for batch in batches):
            return None
        free = self._free()
        if not free:
            return None
        share = self._best.share(free)
        return Wish(job, share, self._owner, conf.lease_s(), if_alone=self._best.is_old)

    def _go_on(self, wish: Wish, claimed: Sequence[Claim], *, alone: bool) -> None:
        if alone:
            self._best.hold()
        self._best.serve(wish.limit)
        if self._begin_all(wish.job, claimed) < wish.limit:
            self._best.pass_over(wish.job)

    def _follow(self, chunk: Open, batch: Batch, *, has_done: bool) -> None:
        if batch.outage:
            self._best.pass_over(chunk.job)
            self._shaky.add(chunk.job.pk)
        follow(chunk.job, batch, has_done=has_done, now=self._clock())

    def _close_ended(self, job_ids: Iterable[str]) -> None:
        """Only jobs of which nothing is open here can have ended."""
        for job_id in set(job_ids) - {chunk.job.pk for chunk in self._open}:
            close_if_ended(job_id, now=self._clock())

    # --- Trouble

    @contextlib.contextmanager
    def _handing_back(self, job: Job, claimed: Sequence[Claim]) -> Iterator[None]:
        """Whatever goes wrong with chunks, they are free again and the job says why it waits."""
        try:
            yield
        except StorageError as error:
            self._hand_back(job, claimed, error.message)
        except WorkStoreError as error:
            self._hand_back(job, claimed, f"The work storage does not work: {error.message}")
        except DATABASE_AWAY:
            raise  # the chunks are free again when their leases end
        except Exception as error:
            # A worker that dies of it would die of the next chunk, too, and say nothing.
            logger.exception("job %s, %s", job.pk, claimed)
            self._hand_back(job, claimed, unexpected(error))

    def _give_up(self) -> None:
        """For another process to go on."""
        for chunk in self._open:
            with self._handing_back(chunk.job, [chunk.claim]):
                raise RuntimeError("the data plane hangs")
        self._open, self._until_s = OpenChunks(), -math.inf

    def _hand_back(self, job: Job, claimed: Sequence[Claim], sentence: str) -> None:
        self._release(claimed)
        self._best.pass_over(job)
        wait_for_storage(job, sentence, now=self._clock())

    def _release(self, claimed: Sequence[Claim]) -> None:
        self._keeper.drop(claimed)
        claims.release(claimed)
