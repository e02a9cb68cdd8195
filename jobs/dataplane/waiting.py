"""What of a chunk waits: for a time, or for room beside what is in flight."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from jobs.dataplane.fan import Fan
from jobs.dataplane.work import Share, Work


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


class Flying(Protocol):
    running: int

    @property
    def interrupted(self) -> bool: ...


class Fans(deque[Fan]):
    """Of tasks that have more calls to begin. They are served in turn, and together they leave a
    quarter of the places to other rows: a few large objects would keep thousands of small ones waiting.
    """

    def __init__(self, share: Share, work: Work) -> None:
        super().__init__()
        self._share, self._in_flight, self._pace = share, work.limits.in_flight, work.pace
        self._parts = 0

    def count_parts(self, parts: int) -> None:
        self._parts += parts
        self._share.parts += parts

    def start(self, flight: Flying) -> None:
        began = True
        while began:
            began = False
            for fan in list(self):
                if fan.may_start and self._have_room(flight) and not flight.interrupted:
                    fan.start_one()
                    began = True
                if fan.is_over:
                    self.remove(fan)

    def leave(self) -> None:
        """The flight is over."""
        self.clear()
        self.count_parts(-self._parts)

    def _have_room(self, flight: Flying) -> bool:
        share, pace, parts = self._share, self._pace, self._parts
        return (
            _is_room(share.in_flight, share.running, share.parts)
            and _is_room(self._in_flight, flight.running, parts)
            and (pace is None or _is_room(pace.in_flight, pace.running, parts))
        )


def _is_room(in_flight: float, running: int, parts: int) -> bool:
    """For one more part. The last place of all is a row's."""
    return running < in_flight and parts < in_flight - max(1, in_flight // 4)
