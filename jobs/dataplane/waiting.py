"""What of a chunk waits: for a time, or for room beside what is in flight."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from jobs.dataplane.fan import Fan


class Waits(Protocol):
    """What waits for a time in a flight."""

    def again(self) -> None: ...
    def interrupted(self) -> None:
        """It has to go on, and nothing may begin any more."""
        ...


class Waiting:
    """For a time. `is_interrupted` says whether something whose time has come may go on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, is_interrupted: Callable[[], bool]) -> None:
        self._loop = loop
        self._is_interrupted = is_interrupted
        self._timers: dict[Waits, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._timers)

    def add(self, waits: Waits, delay_s: float) -> None:
        self._timers[waits] = self._loop.call_later(delay_s, self._resume, waits)

    def _resume(self, waits: Waits) -> None:
        del self._timers[waits]
        if self._is_interrupted():
            waits.interrupted()
        else:
            waits.again()

    def interrupt(self) -> None:
        for waits, timer in list(self._timers.items()):
            # What ended of one may have ended another.
            if self._timers.pop(waits, None):
                timer.cancel()
                waits.interrupted()

    def forget(self) -> None:
        """The flight is over, and not to be kept by what it keeps."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers = {}
        self._is_interrupted = lambda: True


class Fans(deque[Fan]):
    """Of tasks that have more calls to begin."""

    def start(self, has_room: Callable[[], bool]) -> None:
        for fan in list(self):
            while fan.may_start and has_room():
                fan.start_one()
            if fan.is_over:
                self.remove(fan)
