"""Bytes of an object on their way: fetched into memory, hashed in a thread, and sent elsewhere.

Both ways are calls like any other, with the pace, the patience and the retries of their own
destinations. What was fetched stays until it was sent, so a retry of one side costs the other nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from jobs.dataplane.asking import Asking
from jobs.dataplane.exchange import Tap
from jobs.operations.steps import CHANGED, DIFFERS, INCOMPLETE, Relay
from jobs.s3.answers import Answer
from jobs.s3.content import Content
from jobs.s3.head import headers_of
from jobs.services.base import Upload
from jobs.services.call import Call

if TYPE_CHECKING:
    from jobs.dataplane.task import Task

SHORT_BYTES = 1024 * 1024
"""What is hashed on the loop: a CRC of so much takes a fifth of a millisecond, and a thread more."""


class Relaying:
    """A guest of the worker's room; `tell` is given the answer."""

    def __init__(self, task: "Task", step: Relay, tell: Callable[[Answer], None]) -> None:
        self.task = task
        self.flight = task.flight
        self.size_bytes = step.size_bytes
        self._step = step
        self._tell = tell

    def begin(self) -> None:
        self.flight.room.ask(self)

    @property
    def wanted(self) -> bool:
        return not self.flight.over and not self.task.has_ended

    @property
    def may_begin(self) -> bool:
        return self.wanted and not self.flight.interrupted and not self.task.is_leaving

    def interrupted(self) -> None:
        if self.wanted:
            self.task.abandon(self)

    def enter(self) -> None:
        try:
            data = self.flight.room.buffer(self.size_bytes)
            if data:
                _Fetching(self, self._step, data, partial(self._fetched, data)).send_in_turn()
            else:
                self._fetched(data, Answer(200, "", ""))
        except Exception as error:
            self.task.broke(error)

    def _fetched(self, data: bytearray, answer: Answer) -> None:
        if answer.code:
            self._end(_told_by(self._step.source, answer), data)
            return
        call = self._step.upload(data)
        sending = _Sending(self.task, call, partial(self._sent, call))
        self._apart(sending.digest, lambda _: sending.send_in_turn())

    def _sent(self, call: Call, answer: Answer) -> None:
        content: Content = call.params["Body"]
        if answer.code:
            self._end(_told_by(call, answer), content.data)
            return
        differs = partial(self._step.differs, content, answer)
        self._apart(differs, partial(self._compared, content, answer))

    def _compared(self, content: Content, answer: Answer, sentence: object) -> None:
        told = replace(answer, code=DIFFERS, message=str(sentence)) if sentence else answer
        self._end(told, content.data)

    def _apart(self, function: Callable[[], object], then: Callable[[object], None]) -> None:
        """Off the loop where that pays. An exception of it is the task's."""

        def go_on(value: object) -> None:
            if not self.wanted:
                return
            try:
                if isinstance(value, Exception):
                    raise value
                then(value)
            except Exception as error:
                self.task.broke(error)

        if self.size_bytes > SHORT_BYTES:
            self.flight.apart(function, go_on)
        else:
            go_on(function())

    def _end(self, answer: Answer, data: bytearray) -> None:
        self.flight.room.leave(self, data)
        self._tell(answer)


def _told_by(call: Call, answer: Answer) -> Answer:
    if answer.code in (CHANGED, INCOMPLETE):
        return answer
    return replace(answer, message=f"{call.action} in {call.to.name}: {answer.message}")


class _Fetching(Asking):
    """A connection's Hose too: the body goes where it is to lie."""

    __slots__ = ("_at_bytes", "_data", "_is_placed", "_is_too_long", "_step")

    def __init__(
        self, relaying: Relaying, step: Relay, data: bytearray, tell: Callable[[Answer], None]
    ) -> None:
        super().__init__(relaying.task, step.source, tell)
        self._step = step
        self._data = data
        self._at_bytes = 0
        self._is_too_long = self._is_placed = False

    def _send(self, *, fresh: bool = False) -> None:
        self._resent = fresh
        self._at_bytes, self._is_placed = 0, False
        if self._request is None:
            into = partial(self._lane.service.stream, self._call, _nothing, self._add)
            answer = self._lane.perform(self._call, lambda: self.wanted, into)
            answer.add_done_callback(self._performed)
            return
        pool = self._lane.pool(self._request.origin)
        pool.send(self, self._request.fill(), fresh=fresh, hose=self)

    def place_for(self, left_bytes: int) -> memoryview | None:
        if self._is_too_long or self._at_bytes + left_bytes != len(self._data):
            return None
        self._is_placed = True
        return memoryview(self._data)[self._at_bytes :]

    def piece(self, data: bytes | memoryview, tap: Tap) -> None:
        if self._is_placed:
            self._at_bytes += len(data)
            return
        self._add(data)
        if self._is_too_long:
            self.flight.loop.call_soon(tap.abort, "closed")
        else:
            tap.taken(self._at_bytes)

    def _add(self, data: bytes | memoryview) -> None:
        end = self._at_bytes + len(data)
        self._is_too_long = self._is_too_long or end > len(self._data)
        if not self._is_too_long:
            self._data[self._at_bytes : end] = data
            self._at_bytes = end

    def _read(self, status: int, head: bytes, body: bytes) -> Answer:
        """Of a success only the ETag counts: to read all of its head costs as much as to receive it."""
        if status in (200, 206):
            headers = {
                n.decode("latin-1").lower(): v.decode("latin-1") for n, v in headers_of(head)
            }
            if headers.get("etag") == self._step.etag:
                return Answer(status, "", "", headers=headers)
        return super()._read(status, head, body)

    def _take(self, answer: Answer) -> None:
        if self._is_too_long:
            self._end(Answer(200, INCOMPLETE, "The source sent more bytes than were asked for."))
        else:
            super()._take(answer)

    def _end(self, answer: Answer, *, refuses: bool = False) -> None:
        is_let_through = not answer.code or answer.http_status == 412
        super()._end(self._looked_at(answer) if is_let_through else answer, refuses=refuses)

    def _looked_at(self, answer: Answer) -> Answer:
        """A storage may take no notice of If-Match, or of a range."""
        is_other = answer.headers.get("etag", self._step.etag) != self._step.etag
        if answer.http_status == 412 or is_other:
            return Answer(412, CHANGED, "The object was changed while it was copied.")
        if self._at_bytes != len(self._data):
            message = f"The source sent {self._at_bytes:,} of {len(self._data):,} bytes."
            return Answer(200, INCOMPLETE, message)
        return answer


def _nothing(answer: Answer) -> None:
    return None


class _Sending(Asking):
    """Its body is sent from where it lies, as often as it takes."""

    __slots__ = ("_upload",)

    def _prepare(self) -> None:
        self._upload: Upload | None = None
        super()._prepare()

    def _make_request(self) -> Upload:
        self._upload = self._lane.service.upload(self._call)
        return self._upload

    def digest(self) -> None:
        if self._upload is not None:
            self._upload.digest()

    def _send(self, *, fresh: bool = False) -> None:
        if self._upload is None:
            super()._send(fresh=fresh)
            return
        self._resent = fresh
        pool = self._lane.pool(self._upload.origin)
        pool.send(
            self, self._upload.fill(), fresh=fresh, body=memoryview(self._upload.content.data)
        )
