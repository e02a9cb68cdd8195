"""Several tasks in one invocation, each with a result of its own in the answer."""

from collections.abc import Generator, Sequence
from typing import Any

from jobs.operations.base import Outcome
from jobs.operations.batch import Ended
from jobs.operations.context import Context
from jobs.operations.invocations.invocation_answer import Code, Results, results_of
from jobs.operations.invocations.invocation_event import id_of_many, task_id_of
from jobs.operations.invocations.invoking import (
    TOO_LARGE,
    Invoked,
    again_after,
    is_lost,
    outcome_for,
)
from jobs.operations.steps import Interrupted, Later, Step
from jobs.s3.answers import Answer
from jobs.s3.faults import may_have_been_done
from jobs.services.lambda_answers import MOST_BYTES, PAYLOAD
from jobs.spec.target import Target

Indices = Sequence[int]


def run_many(
    invoked: Invoked, targets: Sequence[Target], context: Context
) -> Generator[Step, Any, Ended]:
    """Those that fail for now are invoked again together. After an invocation without an answer each
    goes on alone, as one whose invocation was lost.
    """
    many = _Many(invoked, targets, context)
    try:
        return (yield from many.run())
    except Interrupted:
        return Ended(many.outcomes)


class _Many:
    def __init__(self, invoked: Invoked, targets: Sequence[Target], context: Context) -> None:
        self._invoked, self._targets, self._context = invoked, targets, context
        self._ids = [task_id_of(context.job_id, row) for row in context.rows]
        self.outcomes: list[Outcome | None] = [None] * len(targets)

    def run(self) -> Generator[Step, Any, Ended]:
        left: Indices = range(len(self._targets))
        while left:
            some = [(self._ids[n], self._targets[n]) for n in left]
            payload = self._invoked.event.about(some, job_id=self._context.job_id)
            if len(payload) > MOST_BYTES:
                return self._in_halves(left)
            answer = yield self._invoked.call(payload, id_of_many([one for one, _ in some]))
            if is_lost(answer):
                return Ended(self.outcomes, [[n] for n in left], self._context.now_s())
            left = yield from self._read(answer, left)
        return Ended(self.outcomes)

    def _read(self, answer: Answer, asked: Indices) -> Generator[Step, Any, Indices]:
        """Which of the tasks are to be invoked once more."""
        results = None if answer.code else results_of(answer.data[PAYLOAD])
        left = asked if may_have_been_done(answer) else self._for_now(results, asked)
        self._decide(answer, results, [n for n in asked if n not in left])
        if not left:
            return ()
        again = again_after(answer, None) or Later()
        if (yield again):
            return left
        self._decide(answer, results, left)
        return ()

    def _for_now(self, results: Results | None, asked: Indices) -> Indices:
        """Which have failed, but may not fail later."""
        if results is None:
            return ()
        return [n for n in asked if results.of(self._ids[n]).code is Code.TEMPORARY]

    def _decide(self, answer: Answer, results: Results | None, some: Indices) -> None:
        for n in some:
            result = results.of(self._ids[n]) if results else None
            self.outcomes[n] = outcome_for(self._invoked, answer, result)

    def _in_halves(self, left: Indices) -> Ended:
        if len(left) == 1:
            self.outcomes[left[0]] = TOO_LARGE
            return Ended(self.outcomes)
        half = len(left) // 2
        return Ended(self.outcomes, [left[:half], left[half:]])
