"""Runs the tasks of one chunk with bounded concurrency.

Here each request in flight is a thread with a boto3 call in it. What is around it (the
interface, retries, stopping, what counts as an outage) does not depend on that.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jobs.dataplane.work import Batch, Limits, Pace, Turns
from jobs.engine import retry
from jobs.operations.attempts import tried
from jobs.operations.base import Operation, Outcome
from jobs.s3.calls import Answer, Call
from jobs.s3.endpoints import Endpoint
from jobs.s3.faults import Verdict, classify, is_throttled, is_unreachable
from jobs.spec.target import Target

logger = logging.getLogger(__name__)

DRAIN_S = 6.0
"""After a stop, how long answers to requests in flight are waited for."""

LOOK_AGAIN_S = 0.1
"""How soon a thread sees that its job may have more in flight."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """The final answer to a call."""

    answer: Answer
    attempts: int
    elapsed_s: float


@dataclass(slots=True)
class Executor:
    """`perform` sends a call, `endpoint_of` says where a bucket lies; both are thread-safe."""

    operation: Operation
    perform: Callable[[Call], Answer]
    endpoint_of: Callable[[str], Endpoint]
    limits: Limits
    stop: threading.Event
    monotonic: Callable[[], float] = time.monotonic
    pace: Pace | None = None
    _next: int = 0
    _began_s: float = 0.0
    _last_answer_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, targets: Sequence[Target | Outcome]) -> Batch:
        """Run every target; an Outcome in the list is a task that is decided without a call.

        Returns early, with rows left to run, when `stop` is set, `begin_s` is over, the storage
        gives no answer for `patience_s`, or an answer says that nothing can succeed.
        """
        batch = Batch([None] * len(targets))
        self._next = 0
        self._began_s = self._last_answer_s = self.monotonic()
        threads = [
            threading.Thread(target=self._work, args=(targets, batch), daemon=True)
            for _ in range(min(self.limits.in_flight, len(targets)))
        ]
        for thread in threads:
            thread.start()
        self._wait(threads)
        # A straggler may still answer after the drain; what it brings comes too late.
        with self._lock:
            return Batch(list(batch.outcomes), batch.outage, batch.fatal)

    def _wait(self, threads: Sequence[threading.Thread]) -> None:
        give_up_s: float | None = None
        for thread in threads:
            while thread.is_alive():
                thread.join(timeout=0.1)
                if self.stop.is_set() and give_up_s is None:
                    give_up_s = self.monotonic() + DRAIN_S
                if give_up_s is not None and self.monotonic() > give_up_s:
                    return

    def _work(self, targets: Sequence[Target | Outcome], batch: Batch) -> None:
        rng = random.Random()  # noqa: S311 - spreads retries, guards nothing
        while (index := self._take(len(targets), batch)) is not None:
            target = targets[index]
            outcome = target if isinstance(target, Outcome) else self._safely(target, batch, rng)
            with self._lock:
                batch.outcomes[index] = outcome
                if self.pace:
                    self.pace.running -= 1

    def _take(self, rows: int, batch: Batch) -> int | None:
        while True:
            with self._lock:
                over = self._next > 0 and self.monotonic() - self._began_s >= self.limits.begin_s
                if self._next >= rows or over or self._interrupted(batch):
                    return None
                if self._has_room():
                    self._next += 1
                    return self._next - 1
            self.stop.wait(LOOK_AGAIN_S)

    def _has_room(self) -> bool:
        if self.pace is None:
            return True
        fits = self.pace.running < self.pace.in_flight
        self.pace.running += fits
        return fits

    def _wait_for_turn(self, turns: Turns, batch: Batch) -> float | None:
        """How long it took, in seconds; None when it was interrupted."""
        began_s = self.monotonic()
        while True:
            now_s = self.monotonic()
            with self._lock:
                wait_s = turns.wait_s(now_s)
            if not wait_s:
                return now_s - began_s
            if self._interrupted(batch) or self.stop.wait(wait_s):
                return None

    def _interrupted(self, batch: Batch) -> bool:
        return self.stop.is_set() or batch.outage is not None or batch.fatal is not None

    def _safely(self, target: Target, batch: Batch, rng: random.Random) -> Outcome | None:
        """A task that breaks us fails: it would break the next worker, too, and so for ever."""
        try:
            return self._task(target, batch, rng)
        except Exception as error:
            logger.exception("%s of %s", self.operation.name, target)
            return Outcome(False, 500, "InternalError", f"Task failed due to {error!r}"[:1024])

    def _task(self, target: Target, batch: Batch, rng: random.Random) -> Outcome | None:
        """One task through all its calls; None when it has to be run again later."""
        endpoint = self.endpoint_of(target.bucket)
        step: Call | Outcome = self.operation.start(target, endpoint)
        while isinstance(step, Call):
            answered = self._call(step, batch, rng)
            if answered is None:
                return None
            if classify(answered.answer) is Verdict.STOP:
                batch.fatal = answered.answer
            step = self.operation.proceed(target, endpoint, step, answered.answer)
            if isinstance(step, Outcome):
                step = tried(step, answered.attempts, answered.elapsed_s)
        return step

    def _call(self, call: Call, batch: Batch, rng: random.Random) -> "_Answered | None":
        """One call with its retries; None when it was interrupted without a final answer."""
        turns = self.pace.turns(call.bucket) if self.pace else None
        began_s = self.monotonic()
        attempt = 0
        while True:
            attempt += 1
            waited_s = self._wait_for_turn(turns, batch) if turns else 0.0
            if waited_s is None:
                return None
            began_s += waited_s
            answer = self.perform(call)
            self._note(answer, batch, turns)
            if classify(answer) is not Verdict.RETRY:
                return _Answered(answer, attempt, self.monotonic() - began_s)
            decision = retry.decide(
                attempt=attempt,
                elapsed_s=self.monotonic() - began_s,
                deadline_s=self.limits.task_deadline_s,
                answered=not is_unreachable(answer),
                rng=rng,
                retry_after_s=answer.retry_after_s,
            )
            if decision is None:
                return _Answered(answer, attempt, self.monotonic() - began_s)
            if self._interrupted(batch) or self.stop.wait(decision.delay_s):
                return None

    def _note(self, answer: Answer, batch: Batch, turns: Turns | None) -> None:
        with self._lock:
            now_s = self.monotonic()
            if turns and not is_unreachable(answer):
                turns.answered(throttled=is_throttled(answer))
            if not is_unreachable(answer):
                self._last_answer_s = now_s
            elif now_s - self._last_answer_s >= self.limits.patience_s:
                batch.outage = answer
