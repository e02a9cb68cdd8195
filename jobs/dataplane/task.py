"""One task on its way: a target through the calls of its operation, each with its retries."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, cast

from jobs.dataplane.gate import Gate
from jobs.dataplane.head import Head
from jobs.dataplane.lane import Lane
from jobs.dataplane.work import Work
from jobs.operations.attempts import tried
from jobs.operations.base import Outcome
from jobs.s3.answers import TROUBLE, Answer, answer_of
from jobs.s3.calls import Call
from jobs.s3.faults import Verdict, classify, is_throttled, is_unreachable
from jobs.s3.parsing import Headers, no_answer
from jobs.s3.rehearsal import NotForUsError
from jobs.s3.requesting import Prepared
from jobs.spec.target import Target

logger = logging.getLogger(__name__)
P = ParamSpec("P")


class Flight(Protocol):
    """The chunk that a task belongs to."""

    work: Work
    loop: asyncio.AbstractEventLoop
    over: bool

    def lane(self, bucket: str) -> Lane: ...
    def gate(self, bucket: str) -> "Gate[Task] | None": ...
    def note(self, answer: Answer) -> None: ...
    def refuse(self, answer: Answer) -> None: ...
    def delay_s(self, answer: Answer, *, attempt: int, began_s: float) -> float | None: ...

    @property
    def interrupted(self) -> bool: ...
    def wait(self, task: "Task", delay_s: float) -> None: ...
    def decide(self, index: int, outcome: Outcome) -> None: ...
    def one_by_one(self, indices: Sequence[int]) -> None: ...
    def ended(self) -> None: ...
    def fail(self, error: Exception) -> None: ...


def _guarded(
    method: Callable[Concatenate["Task", P], None],
) -> Callable[Concatenate["Task", P], None]:
    """For what the loop calls, where an exception would get lost.

    A task that breaks us fails: it would break the next worker, too, and so for ever.
    """

    @wraps(method)
    def guarded(self: "Task", *args: P.args, **kwargs: P.kwargs) -> None:
        if self.flight.over or self._ended:
            return
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            logger.exception("%s of %s", self.flight.work.operation.name, self._target)
            if self._ended:
                self.flight.fail(error)
            else:
                message = f"Task failed due to {error!r}"[:1024]
                self._fail(Outcome(False, 500, "InternalError", message))

    return cast(Callable[Concatenate["Task", P], None], guarded)


class Task:
    __slots__ = (
        "_attempt", "_began_s", "_call", "_clock_was_set", "_gate", "_index", "_lane", "_prepared",
        "_resent", "_target", "_ended", "_endpoint", "_unsendable", "flight",
    )  # fmt: skip

    def __init__(self, flight: Flight, index: int, target: Target) -> None:
        self.flight = flight
        self._index = index
        self._target = target
        self._attempt = 1
        self._clock_was_set = False
        self._ended = False

    @property
    def wanted(self) -> bool:
        return not self.flight.over

    @_guarded
    def begin(self) -> None:
        self._endpoint = self.flight.work.endpoint_of(self._target.bucket)
        self._start()

    def _start(self) -> None:
        self._go_on(self.flight.work.operation.start(self._target, self._endpoint))

    def _go_on(self, step: Call | Outcome) -> None:
        if isinstance(step, Outcome):
            self.flight.decide(self._index, step)
            self._end()
            return
        self._send_first(step)

    def _fail(self, outcome: Outcome) -> None:
        self.flight.decide(self._index, outcome)
        self._end()

    def _end(self) -> None:
        self._ended = True
        self.flight.ended()

    @_guarded
    def take_over(self, began_s: float) -> None:
        """The first request, that was sent `began_s` without us (see short_way); what came of it
        is told at once.
        """
        self._endpoint = self.flight.work.endpoint_of(self._target.bucket)
        call = self.flight.work.operation.start(self._target, self._endpoint)
        self._open(call)
        self._began_s = began_s
        self._resent = False

    def _open(self, call: Call) -> None:
        self._lane = self.flight.lane(call.bucket)
        self._gate = self.flight.gate(call.bucket)
        self._attempt = 1
        self._began_s = self.flight.loop.time()
        self._prepare(call)

    def _send_first(self, call: Call) -> None:
        self._open(call)
        self._send_in_turn()

    def _prepare(self, call: Call) -> None:
        self._call = call
        self._prepared: Prepared | None = None
        self._unsendable: Answer | None = None
        try:
            self._prepared = self._lane.requests.prepare(call)
        except NotForUsError as reason:
            logger.info("%s goes through boto3: %s", call.action, reason)
        except TROUBLE as error:
            self._unsendable = answer_of(error)

    @_guarded
    def again(self) -> None:
        """The next attempt of the present call."""
        self._attempt += 1
        self._send_in_turn()

    def _send_in_turn(self) -> None:
        if self._unsendable is not None:
            self._take(self._unsendable)
        elif self._gate is None or self._gate.lets_pass(self):
            self._send()

    @_guarded
    def sent_after(self, waited_s: float) -> None:
        # To wait for a turn is not to be refused: it uses up no deadline.
        self._began_s += waited_s
        self._send()

    def _send(self, *, fresh: bool = False) -> None:
        self._resent = fresh
        if self._prepared is None:
            self._send_through_boto3()
            return
        template, values = self._prepared
        request = template.fill(values, self._lane.signer)
        pool = self._lane.pool(template.origin)
        pool.send(self, request, is_head=template.method == "HEAD", fresh=fresh)

    def _send_through_boto3(self) -> None:
        answer = self.flight.loop.run_in_executor(None, self._perform, self._call)
        answer.add_done_callback(self._performed)

    def _perform(self, call: Call) -> Answer | None:
        """In a thread, for which it may have waited until nobody wants the answer."""
        return self._lane.perform(call) if self.wanted else None

    @_guarded
    def _performed(self, done: asyncio.Future[Answer | None]) -> None:
        answer = done.result()
        if answer is not None:
            self._take(answer)

    @_guarded
    def answered(self, status: int, head: bytes, body: bytes) -> None:
        headers = Head(head)
        answer = self._read(status, headers, body)
        if answer.code == "RequestTimeTooSkewed" and self._set_clock(headers):
            self._send()
            return
        self._take(answer)

    def _read(self, status: int, headers: Headers, body: bytes) -> Answer:
        return self._lane.reader.read(self._call.action, status, headers, body)

    @_guarded
    def lost(self, cause: str, detail: object = "", *, untouched: bool = False) -> None:
        assert self._prepared is not None  # noqa: S101 - only what was sent gets lost
        template, values = self._prepared
        if untouched and not self._resent and template.method != "POST":
            self._send(fresh=True)
            return
        self._take(no_answer(cause, template.url(values), detail))

    def _set_clock(self, headers: Headers) -> bool:
        """Once for each task, by the Date header; False when that can not help (any more)."""
        date = next((value for name, value in headers if name.lower() == b"date"), None)
        if self._clock_was_set or date is None:
            return False
        self._clock_was_set = True
        try:
            self._lane.signer.set_clock(parsedate_to_datetime(date.decode("latin-1")).timestamp())
        except (ValueError, OverflowError):
            return False
        logger.warning("clock of the storage: %.0f s ahead", self._lane.signer.offset_s)
        return True

    @_guarded
    def _take(self, answer: Answer) -> None:
        self.flight.note(answer)
        if self._gate is not None and not is_unreachable(answer):
            self._gate.answered(throttled=is_throttled(answer))
        verdict = classify(answer)
        if verdict is Verdict.RETRY and (delay_s := self._delay_s(answer)) is not None:
            if self.flight.interrupted:
                self._end()
            else:
                self.flight.wait(self, delay_s)
            return
        if verdict is Verdict.STOP:
            self.flight.refuse(answer)
        self._proceed(answer)

    def _delay_s(self, answer: Answer) -> float | None:
        return self.flight.delay_s(answer, attempt=self._attempt, began_s=self._began_s)

    def _proceed(self, answer: Answer) -> None:
        """Go on with the final answer to the present call."""
        operation = self.flight.work.operation
        step = operation.proceed(self._target, self._endpoint, self._call, answer)
        if isinstance(step, Outcome) and self._attempt > 1:
            step = tried(step, self._attempt, self._elapsed_s())
        self._go_on(step)

    def _elapsed_s(self) -> float:
        return self.flight.loop.time() - self._began_s
