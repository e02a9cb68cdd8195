"""A call whose answer's body is handed on as it comes, and never held whole."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from jobs.dataplane.asking import Asking
from jobs.operations.steps import Stream
from jobs.s3.answers import Answer

if TYPE_CHECKING:
    from jobs.dataplane.task import Task

MOST_WAITING_BYTES = 1024 * 1024
"""Received and not taken yet; above it nothing more is read from the connection."""


class Tap(Protocol):
    """The connection that a body comes from."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def abort(self, cause: str) -> None: ...


class Streaming(Asking):
    """As an Asking. What is taken runs in threads, one piece after the other."""

    __slots__ = ("_answer", "_error", "_has_begun", "_into", "_is_taking", "_tap", "_taken_bytes",
                 "_came_bytes", "_pieces")  # fmt: skip

    def __init__(self, task: "Task", step: Stream, tell: Callable[[Answer], None]) -> None:
        super().__init__(task, step.call, tell)
        self._into = step.into
        self._pieces: deque[bytes] = deque()
        self._came_bytes = self._taken_bytes = 0
        self._is_taking = self._has_begun = False
        self._tap: Tap | None = None
        self._answer: Answer | None = None
        self._error: Exception | None = None

    def _send(self, *, fresh: bool = False) -> None:
        self._resent = fresh
        if self._request is None:
            raise TypeError(f"{self._call.action} can be streamed by our own requests only")
        pool = self._lane.pool(self._request.origin)
        pool.send(self, self._request.fill(), fresh=fresh, hose=self)

    # --- On the loop

    def piece(self, data: bytes, tap: Tap) -> None:
        self._has_begun = True
        self._tap = tap
        self._pieces.append(data)
        self._came_bytes += len(data)
        if self._came_bytes - self._taken_bytes > MOST_WAITING_BYTES:
            tap.pause()
        if not self._is_taking:
            self._take_pieces()

    def _take_pieces(self) -> None:
        self._is_taking = True
        self.flight.apart(self._drain, self._drained)

    def _drained(self, error: object) -> None:
        self._is_taking = False
        if isinstance(error, Exception):
            self._error = error
            if self._tap is not None and self._answer is None:
                self._tap.abort("closed")
            elif self.wanted:
                self.task.broke(error)
            return
        if self._pieces:
            self._take_pieces()
        elif self._answer is not None:
            self._conclude(self._answer)
        if self._tap is not None and self._answer is None:
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
        elif self._is_taking or self._pieces:
            self._answer = answer
        else:
            super()._take(answer)

    # --- In a thread

    def _drain(self) -> None:
        while self._pieces:
            data = self._pieces.popleft()
            self._into(data)
            self._taken_bytes += len(data)
