"""Where requests wait for their turn when a bucket, or a job, may be asked only so fast."""

import asyncio
from collections import deque
from typing import Generic, Protocol, TypeVar

from jobs.dataplane.work import Turns


class Waiting(Protocol):
    def sent_after(self, waited_s: float) -> None:
        """The turn has come."""
        ...


W = TypeVar("W", bound=Waiting)


class Owner(Protocol):
    """`held` counts the requests that wait at any gate of the owner."""

    loop: asyncio.AbstractEventLoop
    held: int

    def let_go(self) -> None:
        """Nobody waits at the gate any more."""
        ...

    def fail(self, error: Exception) -> None:
        """Those who wait will not be told."""
        ...


class Gate(Generic[W]):
    """For one bucket of a chunk; a single timer, however many wait. Belongs to the loop's thread."""

    __slots__ = ("_owner", "_queue", "_timer", "turns")

    def __init__(self, owner: Owner, turns: Turns) -> None:
        self._owner = owner
        self.turns = turns
        self._queue: deque[tuple[W, float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def admits(self, now_s: float) -> bool:
        """Whether a request may go out now, which it then does."""
        return not self._queue and not self.turns.wait_s(now_s)

    def lets_pass(self, task: W) -> bool:
        """Whether a request may go out now; if not, `task` is told when."""
        now_s = self._owner.loop.time()
        if not self._queue:
            wait_s = self.turns.wait_s(now_s)
            if not wait_s:
                return True
            self._wait(wait_s)
        self._queue.append((task, now_s))
        self._owner.held += 1
        return False

    def answered(self, *, throttled: bool) -> None:
        self.turns.answered(throttled=throttled)

    def _wait(self, wait_s: float) -> None:
        if self._timer is None:
            self._timer = self._owner.loop.call_later(wait_s, self._open)

    def _open(self) -> None:
        self._timer = None
        try:
            self._let_pass_in_turn()
        except Exception as error:
            self._owner.fail(error)  # the loop would lose it

    def _let_pass_in_turn(self) -> None:
        while self._queue:
            now_s = self._owner.loop.time()
            wait_s = self.turns.wait_s(now_s)
            if wait_s:
                self._wait(wait_s)
                return
            task, since_s = self._queue.popleft()
            self._owner.held -= 1
            task.sent_after(now_s - since_s)
        self._owner.let_go()

    def empty(self) -> list[W]:
        """Those that waited, who are not told any more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        tasks = [task for task, _ in self._queue]
        self._queue.clear()
        self._owner.held -= len(tasks)
        return tasks
