"""Several targets on their way in one request, each with an outcome of its own."""

from collections.abc import Sequence
from typing import cast

from jobs.dataplane.task import Flight, Task
from jobs.operations.attempts import tried
from jobs.operations.base import DONE, BatchOperation, Outcome, outcome_of
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict, classify, is_unknown_call
from jobs.s3.parsing import Headers
from jobs.spec.target import Target

_ALL_DONE = Answer(200, "", "")


class BatchTask(Task):
    """As a Task. A target that is to be tried again is so together with the others like it. Where
    the storage has no call for many, each goes alone.
    """

    __slots__ = ("_indices", "_operation", "_targets")

    def __init__(self, flight: Flight, indices: Sequence[int], targets: Sequence[Target]) -> None:
        super().__init__(flight, indices[0], targets[0])
        self._operation = cast(BatchOperation, flight.work.operation)
        self._indices = indices
        self._targets = targets

    def _start(self) -> None:
        self._send_first(self._operation.batch_call(self._targets, self._endpoint))

    def _read(self, status: int, headers: Headers, body: bytes) -> Answer:
        if status == _ALL_DONE.http_status and self._operation.all_done(self._call, body):
            return _ALL_DONE
        return super()._read(status, headers, body)

    def _proceed(self, answer: Answer) -> None:
        if answer is _ALL_DONE:
            self._decide_all(DONE)
            return
        if is_unknown_call(answer):
            self.flight.one_by_one(self._indices)
            self._end()
            return
        if answer.code:
            self._decide_all(outcome_of(answer))
            return
        answers = self._operation.answers(self._targets, answer)
        again = [n for n, single in enumerate(answers) if _is_to_be_tried_again(single)]
        delay_s = self._delay_s(answers[again[0]]) if again else None
        postponed = set(again) if delay_s is not None else ()
        for n, single in enumerate(answers):
            if n not in postponed:
                self._decide(self._indices[n], outcome_of(single))
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
        told = self._told(outcome)
        for index in self._indices:
            self.flight.decide(index, told)
        self._end()

    def _decide(self, index: int, outcome: Outcome) -> None:
        self.flight.decide(index, self._told(outcome))

    def _told(self, outcome: Outcome) -> Outcome:
        return tried(outcome, self._attempt, self._elapsed_s()) if self._attempt > 1 else outcome


def _is_to_be_tried_again(answer: Answer) -> bool:
    if not answer.code and answer.http_status == _ALL_DONE.http_status:
        return False  # nearly always so
    return classify(answer) is Verdict.RETRY
