"""A chunk on its way: which task starts next, which waits, and when all of it has ended."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, cast

from jobs.dataplane.batch_task import BatchTask
from jobs.dataplane.gate import Gate
from jobs.dataplane.lane import Lane
from jobs.dataplane.short_way import ShortWay, call_for_any
from jobs.dataplane.task import Task
from jobs.dataplane.work import Batch, Refusal, Work
from jobs.operations.base import DONE, Outcome, Unit, units_of
from jobs.s3.answers import Answer
from jobs.s3.faults import is_unreachable
from jobs.spec.target import Target

logger = logging.getLogger(__name__)

DRAIN_S = 6.0
"""After a stop, how long answers to requests in flight are waited for."""


@dataclass(slots=True)
class Share:
    """What the flights to one place have in flight together, and may have."""

    in_flight: int
    running: int = 0


class Owner(Protocol):
    """What the flights of a worker share."""

    loop: asyncio.AbstractEventLoop

    def take_lane(self, work: Work, bucket: str) -> Lane: ...
    def share(self, place: str) -> Share: ...
    def pump(self) -> None:
        """Start what can be started, of any flight."""
        ...

    def left(self, flight: "Flight") -> None:
        """`flight` is over."""
        ...


class Flight:
    """Belongs to the loop's thread; `done` gives its Batch to whoever waits in another.

    A task that waits to be tried again keeps its place among those in flight: a storage that
    refuses is asked less. While a request waits for its turn, no further task is started.
    """

    def __init__(self, owner: Owner, work: Work, lanes: dict[str, Lane]) -> None:
        self.work = work
        self.lanes = lanes
        self.loop = owner.loop
        self.over = False
        self.running = 0
        self.held = 0
        self.done: Future[Batch] = Future()
        self.done.set_running_or_notify_cancel()  # from now on nobody can cancel it
        self._owner = owner
        self._share = owner.share(work.place)
        self._batch = Batch([None] * len(work.targets))
        self._refusal = Refusal()
        self._units = units_of(work.operation, work.targets)
        self._next = 0
        self._is_starting = False
        self._waiting: dict[Task, asyncio.TimerHandle] = {}
        self._gates: dict[str, Gate[Task]] = {}
        self._ways: dict[tuple[str, bool], ShortWay | None] = {}
        self._began_s = 0.0
        self._late = False
        self._last_answer_s = self.loop.time()
        self._give_up_s: float | None = None

    def lane(self, bucket: str) -> Lane:
        lane = self.lanes.get(bucket)
        if lane is None:
            lane = self.lanes[bucket] = self._owner.take_lane(self.work, bucket)
        return lane

    def gate(self, bucket: str) -> Gate[Task] | None:
        """None where nobody minds how fast it goes."""
        gate = self._gates.get(bucket)
        if gate is None and self.work.pace is not None:
            gate = self._gates[bucket] = Gate(self, self.work.pace.turns(bucket))
        return gate

    def let_go(self) -> None:
        self._owner.pump()

    @property
    def interrupted(self) -> bool:
        """Nothing new may start."""
        batch = self._batch
        return self.work.stop.is_set() or batch.outage is not None or batch.fatal is not None

    def start(self) -> None:
        """Start as many tasks as may start now. One that ends at once is seen to here, and not by
        a call within its end: a list full of these would end in a deep recursion.
        """
        if self._is_starting:
            return
        self._is_starting = True
        try:
            while self._next < len(self._units) and self._may_start():
                unit, self._next = self._units[self._next], self._next + 1
                self._begin(unit)
        except Exception as error:
            self.fail(error)  # what was begun may never end
        finally:
            self._is_starting = False

    def _begin(self, unit: Unit) -> None:
        targets = self.work.targets
        if not isinstance(unit, int):
            self._count(1)
            BatchTask(self, unit, [cast(Target, targets[index]) for index in unit]).begin()
            return
        target = targets[unit]
        if isinstance(target, Outcome):
            self.decide(unit, target)
            return
        self._count(1)
        way = self._way(target)
        if way is None or not way.send(unit, target):
            Task(self, unit, target).begin()

    def _way(self, target: Target) -> ShortWay | None:
        name = (target.bucket, bool(target.version_id))
        if name not in self._ways:
            try:
                self._ways[name] = self._make_way(*name)
            except Exception:
                logger.info("no short way to %s", target.bucket, exc_info=True)
                self._ways[name] = None  # a Task finds out, too, and can say so
        return self._ways[name]

    def _make_way(self, bucket: str, with_version: bool) -> ShortWay | None:
        call = call_for_any(self.work, bucket, with_version=with_version)
        if call is None:
            return None
        lane = self.lane(call.bucket)
        stencil = lane.requests.stencil(call)
        if stencil is None:
            return None
        return ShortWay(self, stencil, lane.pool(stencil.origin), self.gate(call.bucket))

    def _count(self, tasks: int) -> None:
        self.running += tasks
        self._share.running += tasks
        if self.work.pace is not None:
            self.work.pace.running += tasks

    def one_by_one(self, indices: Sequence[int]) -> None:
        """These targets go each alone, after all others, and have all the time for beginning: what
        showed that they must may have used it up, as it would in the next chunk.
        """
        self._late, self._began_s = False, self.loop.time()
        self._units = [*self._units, *indices]

    def _may_start(self) -> bool:
        if self.over or self.held or self._refusal.answer or self.interrupted or not self._has_room:
            return False
        if self._next == 0:
            # While others had all the room, the storage was not asked: it was not silent.
            self._began_s = self._last_answer_s = self.loop.time()
            return True
        if self.loop.time() - self._began_s >= self.work.limits.begin_s:
            self._late = True
        return not self._late

    @property
    def _has_room(self) -> bool:
        pace, share = self.work.pace, self._share
        if share.running >= share.in_flight or self.running >= self.work.limits.in_flight:
            return False
        return pace is None or pace.running < pace.in_flight

    def note(self, answer: Answer) -> None:
        now_s = self.loop.time()
        if not is_unreachable(answer):
            self._last_answer_s = now_s
        elif now_s - self._last_answer_s >= self.work.limits.patience_s:
            self._batch.outage = answer

    def refuse(self, answer: Answer) -> None:
        """After `answer` no other task can succeed either, it seems."""
        self._refusal.suspect(answer)

    def delay_s(self, answer: Answer, *, attempt: int, began_s: float) -> float | None:
        """How long to wait before the next attempt; None when `answer` is final."""
        now_s = self.loop.time()
        return self.work.delay_s(
            answer,
            attempt=attempt,
            elapsed_s=now_s - began_s,
            silent_s=now_s - self._last_answer_s,
        )

    def wait(self, task: Task, delay_s: float) -> None:
        self._waiting[task] = self.loop.call_later(delay_s, self._resume, task)

    def _resume(self, task: Task) -> None:
        del self._waiting[task]
        if self.interrupted:
            self.ended()
        else:
            task.again()

    def decide(self, index: int, outcome: Outcome) -> None:
        self._batch.outcomes[index] = outcome
        if outcome.succeeded and not self._refusal.has_succeeded:
            self._refusal.clear()

    def succeeded(self, index: int) -> None:
        self._batch.outcomes[index] = DONE
        if not self._refusal.has_succeeded:
            self._refusal.clear()
        self._last_answer_s = self.loop.time()
        self.ended()

    def ended(self) -> None:
        """A task: what was not decided of it has to be run again later."""
        self._count(-1)
        if self._refusal.answer and not self.running:
            self._batch.fatal = self._refusal.answer
        self.start()
        if not self.running or self._share.running < self._share.in_flight:
            self.finish_if_idle()
            self._owner.pump()

    def sweep(self) -> None:
        """Called often: minds the stop event, which nothing else tells the loop about."""
        if self._refusal.answer and len(self._waiting) == self.running:
            self._batch.fatal = self._refusal.answer
        if self.interrupted:
            self._end_those_that_wait()
        self.finish_if_idle()
        if not self.over and self.work.stop.is_set():
            now_s = self.loop.time()
            self._give_up_s = self._give_up_s or now_s + DRAIN_S
            if now_s > self._give_up_s:
                self._finish()

    def _end_those_that_wait(self) -> None:
        for task, timer in list(self._waiting.items()):
            timer.cancel()
            del self._waiting[task]
            self.ended()
        for gate in self._gates.values():
            for _ in gate.empty():
                self.ended()

    def finish_if_idle(self) -> None:
        no_more = self._late or self._next >= len(self._units) or self.interrupted
        if no_more and not self.running and not self.over:
            self._finish()

    def _finish(self) -> None:
        """What still comes after this comes too late."""
        self._leave()
        self.done.set_result(self._batch)

    def fail(self, error: Exception) -> None:
        """Nobody must wait for ever because of a mistake of ours."""
        if not self.over:
            self._leave()
            self.done.set_exception(error)

    def _leave(self) -> None:
        self.over = True
        for timer in self._waiting.values():
            timer.cancel()
        for gate in self._gates.values():
            gate.empty()
        # They know the flight: all of the chunk would wait for the garbage collector.
        self._gates, self._ways = {}, {}
        self._count(-self.running)
        self._owner.left(self)
