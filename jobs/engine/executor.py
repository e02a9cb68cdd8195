"""Runs the tasks of one chunk through boto3, which needs a thread for each request in flight.

What is around the calls (retries, stopping, what counts as an outage) is as in the data plane.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from jobs.dataplane.work import Batch, Refusal, Turns, Work
from jobs.operations.attempts import tried
from jobs.operations.base import BatchOperation, Outcome, Unit, outcome_of, units_of
from jobs.s3.calls import Answer, Call
from jobs.s3.faults import (
    Verdict,
    classify,
    is_throttled,
    is_unknown_call,
    is_unreachable,
)
from jobs.spec.target import Target

logger = logging.getLogger(__name__)

DRAIN_S = 6.0
"""After a stop, how long answers to requests in flight are waited for."""

LOOK_AGAIN_S = 0.1
"""How soon a thread sees that its job may have more in flight, or may go on."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """The final answer to a call."""

    answer: Answer
    attempts: int
    elapsed_s: float


class Executor:
    """For one chunk; `perform` sends a call and is thread-safe."""

    def __init__(
        self,
        work: Work,
        perform: Callable[[Call], Answer],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work = work
        self._perform = perform
        self._monotonic = monotonic
        self._units = units_of(work.operation, work.targets)
        self._batch = Batch([None] * len(work.targets))
        self._refusal = Refusal()
        self._next = 0
        self._running = 0
        self._began_s = self._last_answer_s = monotonic()
        self._lock = threading.Lock()

    def run(self) -> Batch:
        """Run every target; an Outcome in the list is a task that is decided without a call.

        Returns early, with rows left to run, when the work's stop is set, `begin_s` is over, the
        storage gives no answer for `patience_s`, or an answer says that nothing can succeed.
        """
        threads = [
            threading.Thread(target=self._run_units, daemon=True)
            for _ in range(min(self._work.limits.in_flight, len(self._units)))
        ]
        for thread in threads:
            thread.start()
        self._wait(threads)
        # A straggler may still answer after the drain; what it brings comes too late.
        with self._lock:
            return Batch(list(self._batch.outcomes), self._batch.outage, self._batch.fatal)

    def _wait(self, threads: Sequence[threading.Thread]) -> None:
        give_up_s: float | None = None
        for thread in threads:
            while thread.is_alive():
                thread.join(timeout=0.1)
                if self._work.stop.is_set() and give_up_s is None:
                    give_up_s = self._monotonic() + DRAIN_S
                if give_up_s is not None and self._monotonic() > give_up_s:
                    return

    # --- Which unit is next

    def _run_units(self) -> None:
        while (unit := self._take()) is not None:
            try:
                self._run_safely(unit)
            finally:
                self._leave()

    def _take(self) -> Unit | None:
        while True:
            with self._lock:
                if self._is_over():
                    return None
                if not self._refusal.answer and self._has_room():
                    self._next += 1
                    self._running += 1
                    return self._units[self._next - 1]
            self._work.stop.wait(LOOK_AGAIN_S)

    def _is_over(self) -> bool:
        return self._next >= len(self._units) or self._is_late() or self._interrupted()

    def _is_late(self) -> bool:
        return self._next > 0 and self._monotonic() - self._began_s >= self._work.limits.begin_s

    def _has_room(self) -> bool:
        pace = self._work.pace
        if pace is None:
            return True
        fits = pace.running < pace.in_flight
        pace.running += fits
        return fits

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1
            if self._work.pace:
                self._work.pace.running -= 1
            if not self._running:
                self._batch.fatal = self._batch.fatal or self._refusal.answer

    def _interrupted(self) -> bool:
        batch = self._batch
        return self._work.stop.is_set() or batch.outage is not None or batch.fatal is not None

    # --- What is done with it

    def _run_safely(self, unit: Unit) -> None:
        """A task that breaks us fails: it would break the next worker, too, and so for ever."""
        indices = [unit] if isinstance(unit, int) else unit
        try:
            self._run_unit(indices)
        except Exception as error:
            logger.exception("%s of %s", self._work.operation.name, self._work.targets[indices[0]])
            failed = Outcome(False, 500, "InternalError", f"Task failed due to {error!r}"[:1024])
            self._decide(dict.fromkeys(indices, failed))

    def _run_unit(self, indices: Sequence[int]) -> None:
        target = self._work.targets[indices[0]]
        if isinstance(target, Outcome):
            self._decide({indices[0]: target})
        elif len(indices) > 1:
            self._run_batch(list(indices))
        elif outcome := self._run_task(target):
            self._decide({indices[0]: outcome})

    def _decide(self, outcomes: dict[int, Outcome]) -> None:
        with self._lock:
            for index, outcome in outcomes.items():
                self._batch.outcomes[index] = outcome
            if any(outcome.succeeded for outcome in outcomes.values()):
                self._refusal.clear()

    def _run_task(self, target: Target) -> Outcome | None:
        """One task through all its calls; None when it has to be run again later."""
        operation, endpoint = self._work.operation, self._work.endpoint_of(target.bucket)
        step: Call | Outcome = operation.start(target, endpoint)
        while isinstance(step, Call):
            answered = self._call(step)
            if answered is None:
                return None
            step = operation.proceed(target, endpoint, step, answered.answer)
            if isinstance(step, Outcome):
                step = tried(step, answered.attempts, answered.elapsed_s)
        return step

    def _run_batch(self, indices: list[int]) -> None:
        """Targets in one request; those to be tried again are so together."""
        operation = cast(BatchOperation, self._work.operation)
        began_s, attempt = self._monotonic(), 0
        while indices:
            attempt += 1
            targets = [cast(Target, self._work.targets[index]) for index in indices]
            endpoint = self._work.endpoint_of(targets[0].bucket)
            answered = self._call(operation.batch_call(targets, endpoint))
            if answered is None:
                return
            answer = answered.answer
            if is_unknown_call(answer):
                self._run_one_by_one(indices)
                return
            answers = [answer] * len(indices) if answer.code else operation.answers(targets, answer)
            again = [n for n, a in enumerate(answers) if classify(a) is Verdict.RETRY]
            delay_s = None
            if again and not answer.code:
                delay_s = self._delay_s(answers[again[0]], attempt, began_s)
            decided = set(range(len(indices))) - (set() if delay_s is None else set(again))
            attempts, elapsed_s = attempt + answered.attempts - 1, self._monotonic() - began_s
            self._decide(
                {indices[n]: tried(outcome_of(answers[n]), attempts, elapsed_s) for n in decided}
            )
            if delay_s is None or self._interrupted() or self._work.stop.wait(delay_s):
                return
            indices = [indices[n] for n in again]

    def _run_one_by_one(self, indices: Sequence[int]) -> None:
        """Where the storage has no call for many."""
        for index in indices:
            outcome = self._run_task(cast(Target, self._work.targets[index]))
            if outcome:
                self._decide({index: outcome})
            if outcome is None or self._is_late():
                return

    def _call(self, call: Call) -> _Answered | None:
        """One call with its retries; None when it was interrupted without a final answer."""
        turns = self._work.pace.turns(call.bucket) if self._work.pace else None
        began_s = self._monotonic()
        attempt = 0
        while True:
            attempt += 1
            waited_s = self._wait_for_turn(turns) if turns else 0.0
            if waited_s is None:
                return None
            began_s += waited_s
            answer = self._perform(call)
            self._note(answer, turns)
            delay_s = None
            if classify(answer) is Verdict.RETRY:
                delay_s = self._delay_s(answer, attempt, began_s)
            if delay_s is None:
                return _Answered(answer, attempt, self._monotonic() - began_s)
            if self._interrupted() or self._work.stop.wait(delay_s):
                return None

    def _wait_for_turn(self, turns: Turns) -> float | None:
        """How long it took, in seconds; None when it was interrupted."""
        began_s = self._monotonic()
        while True:
            now_s = self._monotonic()
            with self._lock:
                wait_s = turns.wait_s(now_s)
            if not wait_s:
                return now_s - began_s
            if self._interrupted() or self._work.stop.wait(wait_s):
                return None

    def _delay_s(self, answer: Answer, attempt: int, began_s: float) -> float | None:
        """How long to wait before the next attempt; None when `answer` is final."""
        with self._lock:
            silent_s = self._monotonic() - self._last_answer_s
        return self._work.delay_s(
            answer, attempt=attempt, elapsed_s=self._monotonic() - began_s, silent_s=silent_s
        )

    def _note(self, answer: Answer, turns: Turns | None) -> None:
        with self._lock:
            now_s = self._monotonic()
            if turns and not is_unreachable(answer):
                turns.answered(throttled=is_throttled(answer))
            if not is_unreachable(answer):
                self._last_answer_s = now_s
            elif now_s - self._last_answer_s >= self._work.limits.patience_s:
                self._batch.outage = answer
            if classify(answer) is Verdict.STOP:
                self._refusal.suspect(answer)
