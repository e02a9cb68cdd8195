"""Several targets on their way in one request, each with an outcome of its own."""

from collections.abc import Sequence
from typing import cast

from jobs.dataplane.task import Flight, Task
from jobs.operations.attempts import tried
from jobs.operations.base import BatchOperation, Outcome, outcome_of
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict, classify
from jobs.spec.target import Target


class BatchTask(Task):
    """As a Task. A target that is to be tried again is so together with the others like it."""

    __slots__ = ("_indices", "_operation", "_targets")

    def __init__(self, flight: Flight, indices: Sequence[int], targets: Sequence[Target]) -> None:
        super().__init__(flight, indices[0], targets[0])
        self._operation = cast(BatchOperation, flight.work.operation)
        self._indices = indices
        self._targets = targets

    def _start(self) -> None:
        self._send_first(self._operation.batch_call(self._targets, self._endpoint))

    def _proceed(self, answer: Answer) -> None:
        if answer.code:
            self._decide_all(outcome_of(answer))
            return
        answers = self._operation.answers(self._targets, answer)
        again = [
            n
            for n, single in enumerate(answers)
            if (single.code or single.http_status != 200) and classify(single) is Verdict.RETRY
        ]
        delay_s = self._delay_s(answers[again[0]]) if again else None
        postponed = set(again) if delay_s is not None else ()
        for n, single in enumerate(answers):
            if n not in postponed:
                self._decide(n, outcome_of(single))
        if delay_s is None or self.flight.interrupted:
            self._end()
            return
        self._indices = [self._indices[n] for n in again]
        self._targets = [self._targets[n] for n in again]
        self._prepare(self._operation.batch_call(self._targets, self._endpoint))
        self.flight.wait(self, delay_s)

    def _fail(self, outcome: Outcome) -> None:
        self._decide_all(outcome)

    def _decide_all(self, outcome: Outcome) -> None:
        for n in range(len(self._indices)):
            self._decide(n, outcome)
        self._end()

    def _decide(self, n: int, outcome: Outcome) -> None:
        if self._attempt > 1:
            outcome = tried(outcome, self._attempt, self._elapsed_s())
        self.flight.decide(self._indices[n], outcome)
