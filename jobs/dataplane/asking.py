"""One call of a task on its way, with its retries."""

import asyncio
import logging
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

from jobs.operations.steps import Later
from jobs.s3.answers import TROUBLE, Answer, answer_of
from jobs.s3.faults import (
    Verdict,
    is_foreign,
    is_never_cut_short,
    is_unreachable,
    may_have_been_done,
)
from jobs.s3.parsing import no_answer
from jobs.s3.proof import Proof
from jobs.s3.rehearsal import NotForUsError
from jobs.services.base import Request
from jobs.services.call import Call

if TYPE_CHECKING:
    from jobs.dataplane.task import Task

logger = logging.getLogger(__name__)
P = ParamSpec("P")

READS = ("Get", "List")

FEW_TRIES = 5
"""A task whose call gets the same 5xx again and again ends after so many while others succeed: it is
the object's, and a list of such objects must not take a minute for each.
"""

FOREIGN_S = 10.0
"""A task that is answered by something that is no S3 storage fails after so long, if others were
answered by the storage meanwhile; if none was, all wait.
"""

MOST_CORRECTIONS = 3
"""A clock and a header that the endpoint does not take, and one in case."""


def guarded(
    method: Callable[Concatenate["Asking", P], None],
) -> Callable[Concatenate["Asking", P], None]:
    """For what the loop calls, where an exception would get lost."""

    @wraps(method)
    def call(self: "Asking", *args: P.args, **kwargs: P.kwargs) -> None:
        if self.flight.over or self.task.has_ended:
            return
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            self.task.broke(error)

    return cast(Callable[Concatenate["Asking", P], None], call)


class Asking:
    """A connection's Exchange; `tell` is given the final answer."""

    __slots__ = (
        "_attempt", "_began_s", "_call", "_corrections", "_gate", "_lane", "_last", "_request",
        "_resent", "_same", "_tell", "_trouble_s", "_unsendable", "flight", "task",
    )  # fmt: skip

    def __init__(self, task: "Task", call: Call, tell: Callable[[Answer], None]) -> None:
        self.task = task
        self.flight = task.flight
        self._call = call
        self._tell = tell
        self._lane = self.flight.lane(call.to)
        self._gate = self.flight.gate(call.to)
        self._attempt = 1
        self._corrections = 0
        self._same = 0
        self._last: tuple[int, str] | None = None
        self._trouble_s: float | None = None
        self._began_s = self.flight.loop.time()
        self._resent = False
        if not call.once:
            task.may_be_done = True
        self._prepare()

    @property
    def wanted(self) -> bool:
        return not self.flight.over and not self.task.has_ended

    def _prepare(self) -> None:
        self._request: Request | None = None
        self._unsendable: Answer | None = None
        if self._lane.service.only_performs:
            return
        try:
            self._request = self._make_request()
        except NotForUsError as reason:
            logger.info("%s goes through boto3: %s", self._call.action, reason)
        except TROUBLE as error:
            self._unsendable = answer_of(error)

    def _make_request(self) -> Request:
        return self._lane.service.request(self._call)

    # --- Sending

    def was_sent(self, began_s: float) -> None:
        """By the short way, without us; what came of it is told at once."""
        self._began_s = began_s

    def send_in_turn(self) -> None:
        if self._unsendable is not None:
            self._tell(self._unsendable)
        elif self._gate is None or self._gate.lets_pass(self):
            self._send()

    @guarded
    def again(self) -> None:
        """The wait before the next attempt is over."""
        self._attempt += 1
        self.task.tries += 1
        self.send_in_turn()

    @guarded
    def sent_after(self, waited_s: float) -> None:
        # To wait for a turn is not to be refused: it uses up no deadline.
        self._began_s += waited_s
        self.task.budget.waited(waited_s)
        self._send()

    def interrupted(self) -> None:
        """Nothing new may be begun. After a stop, a look goes out all the same and waits for no turn:
        else what it is to be a proof of would be done again.
        """
        if self._call.is_look and self.flight.work.stop.is_set():
            self._send()
        else:
            self.task.abandon(self)

    def _send(self, *, fresh: bool = False) -> None:
        self._resent = fresh
        if self._request is None:
            answer = self._lane.perform(self._call, lambda: self.wanted)
            answer.add_done_callback(self._performed)
            return
        pool = self._lane.pool(self._request.origin)
        is_head = self._request.method == "HEAD"
        pool.send(self, self._request.fill(), is_head=is_head, fresh=fresh)

    # --- What came of it

    @guarded
    def _performed(self, done: asyncio.Future[Answer | None]) -> None:
        answer = done.result()
        if answer is not None:
            self._take(answer)

    @guarded
    def answered(self, status: int, head: bytes, body: bytes) -> None:
        self._take(self._read(status, head, body))

    def _read(self, status: int, head: bytes, body: bytes) -> Answer:
        return self._lane.service.read(self._call, status, head, body)

    @guarded
    def lost(self, cause: str, detail: object = "", *, untouched: bool = False) -> None:
        assert self._request is not None  # noqa: S101 - only what was sent gets lost
        # One that must not be sent twice may have been heard, though it hardly ever was.
        may_repeat = self._request.method != "POST" and not self._call.once
        if untouched and not self._resent and may_repeat:
            self._send(fresh=True)
            return
        self._take(no_answer(cause, self._request.url(), detail))

    def _take(self, answer: Answer) -> None:
        service = self._lane.service
        if self._corrections < MOST_CORRECTIONS and service.corrects(self._call, answer):
            self._corrections += 1
            self.flight.forget_ways()
            self._prepare()
            self.send_in_turn()
            return
        answer = self.task.as_told(self._call, answer)
        if not answer.code and self._call.action.startswith(READS):
            service.learn(self._call, answer)
        if self._call.once and (not answer.code or may_have_been_done(answer)):
            self.task.may_be_done = True
        judged = self._judge(answer)
        if not (self._call.is_look and is_foreign(answer)):
            self.flight.note(answer, is_aside=self._call.is_aside)
        if self._gate is not None and not is_unreachable(answer):
            throttled = judged is None and service.is_throttled(answer)
            self._gate.answered(throttled=throttled)
        verdict = service.classify(answer) if judged is None else judged
        if isinstance(verdict, Later):
            self._retry(answer, verdict.delay_s)
        elif verdict is Verdict.RETRY and not self._is_for_the_operation(answer):
            self._retry(answer, None)
        else:
            self._end(answer, refuses=verdict is Verdict.STOP)

    def _judge(self, answer: Answer) -> Verdict | Later | None:
        if not answer.code or is_unreachable(answer):
            return None
        return self.flight.work.operation.judge(self._call, answer)

    def _is_for_the_operation(self, answer: Answer) -> bool:
        """It may have been done, and must not be done twice."""
        return self._call.once and may_have_been_done(answer)

    def _retry(self, answer: Answer, delay_s: float | None) -> None:
        now_s = self.flight.loop.time()
        if self._trouble_s is None:
            self._trouble_s = self._began_s
            self.task.budget.begin_trouble(self._began_s)
        this = (answer.http_status, answer.code)
        self._same = self._same + 1 if this == self._last else 1
        self._last = this
        wait_s = None
        if not self._is_given_up(answer, now_s):
            wait_s = self._delay_s(answer, now_s, delay_s)
        if wait_s is None:
            self._end(answer)
        elif self.flight.interrupted:
            self.task.abandon(self)
        else:
            self.flight.wait(self, wait_s)

    def _delay_s(self, answer: Answer, now_s: float, asked_s: float | None) -> float | None:
        elapsed_s = self.task.budget.elapsed_s(now_s)
        if asked_s is not None:
            deadline_s = self.flight.work.limits.task_deadline_s
            return asked_s if elapsed_s + asked_s < deadline_s else None
        return self.flight.delay_s(answer, attempt=self._attempt, elapsed_s=elapsed_s)

    def _is_given_up(self, answer: Answer, now_s: float) -> bool:
        """While others succeed, it is not the storage's trouble but the object's."""
        assert self._trouble_s is not None  # noqa: S101 - `_retry` has set it
        if self._call.is_look and self._attempt >= FEW_TRIES:
            return not is_unreachable(answer)
        done_s = self.flight.work.trust.done_s
        if is_unreachable(answer) or done_s <= self._trouble_s:
            return False
        if is_foreign(answer):
            return now_s - self._trouble_s >= FOREIGN_S and now_s - done_s < FOREIGN_S
        is_same = self._same >= FEW_TRIES and answer.http_status >= 500
        return is_same and not is_never_cut_short(answer)

    def _end(self, answer: Answer, *, refuses: bool = False) -> None:
        if self._trouble_s is None and self._is_for_the_operation(answer):
            self._trouble_s = self._began_s
            self.task.budget.begin_trouble(self._began_s)
        if self._trouble_s is not None:
            self.task.budget.end_trouble(self.flight.loop.time())
        if refuses and answer.proof is Proof.PROVEN:
            self.flight.refuse(answer)
        self._tell(answer)
