"""A call whose answer's body is handed on as it comes, and never held whole."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from jobs.dataplane.asking import Asking
from jobs.dataplane.exchange import Tap
from jobs.dataplane.pouring import BUFFER_BYTES
from jobs.operations.steps import Stream
from jobs.s3.answers import Answer

if TYPE_CHECKING:
    from jobs.dataplane.task import Task

MOST_WAITING_BYTES = 1024 * 1024
"""Received and not taken yet; above it nothing more is read from the connection."""


class Streaming(Asking):
    """As an Asking. What is taken runs in threads, one piece after the other; a body that is short
    is taken on the loop, once it has come as a whole and is believed.
    """

    __slots__ = (
        "_answer", "_came_bytes", "_error", "_has_begun", "_is_taking", "_least_bytes", "_pieces",
        "_step", "_taken_bytes", "_tap",
    )  # fmt: skip

    def __init__(self, task: "Task", step: Stream, tell: Callable[[Answer], None]) -> None:
        super().__init__(task, step.call, tell)
        self._step = step
        self._least_bytes = min(max(1, step.gathered_bytes), BUFFER_BYTES)
        self._pieces: deque[bytes | memoryview] = deque()
        self._came_bytes = self._taken_bytes = 0
        self._is_taking = self._has_begun = False
        self._tap: Tap | None = None
        self._answer: Answer | None = None
        self._error: Exception | None = None

    def _send(self, *, fresh: bool = False) -> None:
        self._resent = fresh
        self._drop()  # of an answer that was lost before anything of it was handed on
        if self._request is None:
            into = partial(self._lane.service.stream, self._call, self._begin, self._take_piece)
            answer = self._lane.perform(self._call, lambda: self.wanted, into)
            answer.add_done_callback(self._performed)
            return
        pool = self._lane.pool(self._request.origin)
        pool.send(self, self._request.fill(), fresh=fresh, hose=self)

    def _drop(self) -> None:
        self._pieces.clear()
        self._came_bytes = self._taken_bytes = 0

    # --- On the loop

    def piece(self, data: bytes | memoryview, tap: Tap) -> None:
        if self._error is not None:
            return
        self._pieces.append(data)
        self._came_bytes += len(data)
        waiting_bytes = self._came_bytes - self._taken_bytes
        if waiting_bytes < self._least_bytes:
            return
        if not self._has_begun:
            self._tap = tap
            self._begin(self._lane.service.read(self._call, *tap.heard, b""))
        if waiting_bytes > MOST_WAITING_BYTES:
            tap.pause()
        if not self._is_taking:
            self._take_pieces()

    def place_for(self, left_bytes: int) -> memoryview | None:
        return None

    def _take_pieces(self) -> None:
        self._is_taking = True
        if not self._step.is_quick:
            self.flight.apart(self._drain, self._drained)
            return
        try:
            self._drain()
        except Exception as error:
            # Later: the connection is in the midst of handing on a piece.
            self.flight.loop.call_soon(self._drained, error)
        else:
            self._drained(None)

    def _drained(self, error: object) -> None:
        self._is_taking = False
        if isinstance(error, Exception):
            self._error = error
            if self._tap is not None and self._answer is None:
                self._tap.abort("closed")
            elif self.wanted:
                self.task.broke(error)
            return
        if self._answer is not None:
            if self._pieces:
                self._take_pieces()
            else:
                self._conclude(self._answer)
            return
        if self._came_bytes - self._taken_bytes >= self._least_bytes:
            self._take_pieces()
        if self._tap is not None:
            self._tap.taken(self._taken_bytes)
            self._tap.resume()

    def _is_for_the_operation(self, answer: Answer) -> bool:
        return self._has_begun or super()._is_for_the_operation(answer)

    def _conclude(self, answer: Answer) -> None:
        try:
            super()._take(answer)
        except Exception as error:
            self.task.broke(error)

    def _take(self, answer: Answer) -> None:
        """What is still to be taken comes first."""
        if self._error is not None:
            self.task.broke(self._error)
        elif self._has_begun and (self._is_taking or self._pieces):
            self._answer = answer
            if not self._is_taking:
                self._take_pieces()
        else:
            super()._take(answer)

    def _end(self, answer: Answer, *, refuses: bool = False) -> None:
        if not (self._has_begun or answer.code) and self._pieces:
            self._begin(answer)
            self._drain()
        super()._end(answer, refuses=refuses)

    # --- On the loop or in a thread

    def _begin(self, answer: Answer) -> None:
        self._has_begun = True
        if self._step.began is not None:
            self._step.began(answer)

    def _take_piece(self, data: bytes | memoryview) -> None:
        self._step.into(data)

    def _drain(self) -> None:
        while self._pieces:
            data = self._pieces.popleft()
            self._step.into(data)
            self._taken_bytes += len(data)
