"""A chunk on its way: which task starts next, which waits, and when all of it has ended."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from typing import cast

from jobs.dataplane.belief import Belief
from jobs.dataplane.fan import Fan
from jobs.dataplane.surroundings import Owner, Surroundings
from jobs.dataplane.task import Task
from jobs.dataplane.units import Units
from jobs.dataplane.waiting import Fans, Waiting, Waits
from jobs.dataplane.work import Batch, Refusal, Work
from jobs.operations.base import DONE, Outcome
from jobs.operations.checked import Checked
from jobs.s3.answers import Answer
from jobs.s3.faults import is_foreign, is_unreachable
from jobs.spec.target import Target

logger = logging.getLogger(__name__)

DRAIN_S = 6.0
"""After a stop, how long answers to requests in flight are waited for."""


class Flight(Surroundings):
    """Belongs to the loop's thread; `done` gives its Batch to whoever waits in another.

    A task that waits to be tried again keeps its place among those in flight: a storage that
    refuses is asked less. While a request waits for its turn, no further task is started.
    """

    def __init__(self, owner: Owner, work: Work) -> None:
        super().__init__(owner, work)
        self.over, self.running = False, 0
        self.done: Future[Batch] = Future()
        self.done.set_running_or_notify_cancel()  # from now on nobody can cancel it
        self._has_to_stop = work.stop.is_set
        self._share = owner.share(work.place)
        self._pace, self._trust = work.pace, work.trust
        self._in_flight, self._begin_s = work.limits.in_flight, work.limits.begin_s
        self.batch = Batch([None] * len(work.targets))
        self._refusal = Refusal()
        self._belief = Belief(self)
        self._units = Units(self)
        self._is_starting = self._late = False
        self._waiting = Waiting(self.loop, lambda: self.interrupted)
        self._fans = Fans(self._share, work)
        self._began_s = 0.0
        self._last_answer_s = self._last_own_s = self.loop.time()
        self._give_up_s: float | None = None

    def add_fan(self, fan: Fan) -> None:
        self._fans.append(fan)
        self.start()

    def forget_ways(self) -> None:
        self._owner.forget_ways()

    def drop_ways(self) -> None:
        self._units.forget_ways()

    @property
    def interrupted(self) -> bool:
        """Nothing new may start."""
        batch = self.batch
        return (
            self._has_to_stop()
            or batch.outage is not None
            or batch.fatal is not None
            or bool(batch.doubt)
        )

    # --- Starting

    def start(self) -> None:
        """Start as many tasks as may start now. One that ends at once is seen to here, and not by
        a call within its end: a list full of these would end in a deep recursion.
        """
        if self._is_starting:
            return
        self._is_starting = True
        try:
            if self._fans:
                self._fans.start(self)
            units = self._units
            while units.left and self.running < self._in_flight and self._may_start():
                if not units.begin_next():
                    break
            if self._fans:  # of what was begun right now
                self._fans.start(self)
        except Exception as error:
            self.fail(error)  # what was begun may never end
        finally:
            self._is_starting = False

    def count(self, calls: int) -> None:
        self.running += calls
        self._share.running += calls
        if self._pace is not None:
            self._pace.running += calls

    def count_parts(self, parts: int) -> None:
        self._fans.count_parts(parts)

    def add_units(self, parts: Sequence[Sequence[int]], tried_since_s: float = 0.0) -> None:
        """These targets go after all others, each part together, and have all the time for
        beginning: what showed that they must may have used it up, as it would in the next chunk.
        """
        self._late, self._began_s = False, self.loop.time()
        self._units.add(parts, tried_since_s)

    def _may_start(self) -> bool:
        # Asked for each task, so the commonest answer comes first, and without further calls.
        share, pace, batch = self._share, self._pace, self.batch
        if share.running >= share.in_flight or self.held or self.over or self._refusal.answer:
            return False
        if pace is not None and pace.running >= pace.in_flight:
            return False
        # As `interrupted`, whose own call would be counted for each task.
        if batch.outage or batch.fatal or batch.doubt or self._has_to_stop():
            return False
        if self._units.is_none_begun:
            # While others had all the room, the storage was not asked: it was not silent.
            self._began_s = self._last_answer_s = self._last_own_s = self.loop.time()
            return True
        if self.loop.time() - self._began_s >= self._begin_s:
            self._late = True
        return not self._late

    # --- What comes back

    def note(self, answer: Answer, *, is_aside: bool) -> None:
        """Nobody answers, or nobody that we know: after the patience, all wait."""
        now_s, patience_s = self.loop.time(), self.work.limits.patience_s
        if is_unreachable(answer):
            is_silent = now_s - self._last_answer_s >= patience_s
        elif is_foreign(answer):
            is_silent = now_s - self._last_own_s >= patience_s
        else:
            is_silent, self._last_answer_s = False, now_s
            if not is_aside:
                self._last_own_s = now_s
        if is_silent:
            self.batch.outage = answer

    def refuse(self, answer: Answer, *, for_job: bool = False) -> None:
        """After `answer` no other task can succeed either, it seems; with `for_job` only if none of
        the job has succeeded so far.
        """
        if not (for_job and self.work.trust.has_succeeded):
            self._refusal.suspect(answer)

    def delay_s(self, answer: Answer, *, attempt: int, elapsed_s: float) -> float | None:
        """How long to wait before the next attempt; None when `answer` is final."""
        silent_s = self.loop.time() - self._last_answer_s
        return self.work.delay_s(answer, attempt=attempt, elapsed_s=elapsed_s, silent_s=silent_s)

    def wait(self, waits: Waits, delay_s: float) -> None:
        self._waiting.add(waits, delay_s)

    def believe(self, index: int, outcome: Outcome, shape: frozenset[str]) -> None:
        """Nothing shows that it was done: one of each shape is looked at in the end."""
        self._belief.add(index, outcome, shape)

    def distrust(self, answer: Answer) -> None:
        """Whoever sent `answer`, it was not the storage: all wait."""
        self.batch.outage = answer

    def decide(self, index: int, outcome: Outcome) -> None:
        self.batch.outcomes[index] = outcome
        if outcome.succeeded:
            self._note_success()

    def decide_all(self, indices: Sequence[int], outcomes: Sequence[Outcome | None]) -> None:
        """Of one request; None is not decided yet."""
        found = self.batch.outcomes
        if isinstance(indices, range):  # nearly always so, and decided as well
            found[indices.start : indices.stop] = outcomes
        else:
            for index, outcome in zip(indices, outcomes, strict=True):
                found[index] = outcome
        if any(outcome is not None and outcome.succeeded for outcome in outcomes):
            self._note_success()

    def succeeded(self, index: int) -> None:
        """As `decide` and `ended`, for what ends as nearly all do: each call of ours counts here."""
        self.batch.outcomes[index] = DONE
        self._last_answer_s = self._last_own_s = self._trust.done_s = self.loop.time()
        if not self._refusal.has_succeeded:
            self._note_success()
        self.running -= 1
        self._share.running -= 1
        if self._pace is not None:
            self._pace.running -= 1
        self.start()
        if not self.running or self._share.running < self._share.in_flight:
            self._go_on()

    def _note_success(self) -> None:
        self._trust.done_s = self.loop.time()
        if not self._refusal.has_succeeded:
            self._trust.has_succeeded = True
            self._refusal.clear()

    def looked(self, index: int, seen: Checked) -> None:
        """What a look at a task's object showed."""
        target = cast(Target, self.work.targets[index])
        self._belief.looked(target, seen)
        self.forget_ways()  # what was learned may make more calls of one

    def ended(self, task: Task | None) -> None:
        """What was not decided of it has to be run again later; None went the short way."""
        if task is not None and task.is_alone:
            self._let_others_in(task)
        self.count(-1)
        self._go_on()

    def _let_others_in(self, task: Task) -> None:
        found = [self.batch.outcomes[index] for index in task.indices]
        has_succeeded = any(self._belief.holds(index) for index in task.indices) or any(
            outcome.succeeded for outcome in found if outcome
        )
        has_failed = not has_succeeded and any(found)
        self._belief.let_in(task, has_succeeded=has_succeeded, has_failed=has_failed)
        self._began_s = self.loop.time()

    def _go_on(self) -> None:
        """Something has ended."""
        if self._refusal.answer and not self.running:
            self.batch.fatal = self._refusal.answer
        self.start()
        if not self.running or self._share.running < self._share.in_flight:
            self.finish_if_idle()
            self._owner.pump()

    # --- The end

    def so_far(self) -> Batch | None:
        """What is decided by now, and in `begun` what is in flight; the rest is not begun here any
        more. None while tasks may still begin, and where the end is near anyway.
        """
        is_late = self._late or self.loop.time() - self._began_s >= self.work.limits.begin_s
        if self.over or self.interrupted or self._units.is_none_begun or not is_late:
            return None
        self._units.begin_no_more()
        self._late = True
        return Batch(list(self.batch.outcomes), begun=self._units.begun())

    def sweep(self) -> None:
        """Called often: minds the stop event, which nothing else tells the loop about."""
        if self._refusal.answer and len(self._waiting) == self.running:
            self.batch.fatal = self._refusal.answer
        if self.interrupted:
            self._end_those_that_wait()
        self.finish_if_idle()
        if not self.over and self.work.stop.is_set():
            now_s = self.loop.time()
            self._give_up_s = self._give_up_s or now_s + DRAIN_S
            if now_s > self._give_up_s:
                self._finish()

    def _end_those_that_wait(self) -> None:
        self._waiting.interrupt()
        for asking in self.empty_gates():
            asking.interrupted()

    def finish_if_idle(self) -> None:
        no_more = self._late or not self._units.left or self.interrupted
        if not no_more or self.running or self.over:
            return
        if self._belief.is_open and not self.interrupted:
            self._belief.confirm()
        else:
            self._finish()

    def _finish(self) -> None:
        """What still comes after this comes too late."""
        self.batch.begun = self._units.begun()
        self._leave()
        self.done.set_result(self.batch)

    def fail(self, error: Exception) -> None:
        """Nobody must wait for ever because of a mistake of ours."""
        if not self.over:
            self._leave()
            self.done.set_exception(error)

    def _leave(self) -> None:
        self.over = True
        self._waiting.forget()
        self.leave_gates()
        self._units.leave()
        self._fans.leave()
        self._belief.leave()
        self.count(-self.running)
        self._owner.left(self)
