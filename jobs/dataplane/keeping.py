"""What a task keeps of itself, on its way to where that lies."""

from collections.abc import Callable
from typing import Any

from jobs.dataplane.flight_of_a_task import Flight
from jobs.errors import BatchConsoleError

AGAIN_S = 1.0


class Keeping:
    """Where it cannot be kept for now, because a disk is full or a bucket does not answer, the task
    waits: to fail it would blame its object for that. One of a flight's `Waits`; `tell` is given None,
    or what went wrong for good, and `abandon` is called where the wait is cut short.
    """

    __slots__ = ("_abandon", "_flight", "_put", "_tell")

    def __init__(
        self,
        flight: Flight,
        put: Callable[[], None],
        tell: Callable[[Any], None],
        abandon: Callable[[], None],
    ) -> None:
        self._flight = flight
        self._put = put
        self._tell = tell
        self._abandon = abandon

    def again(self) -> None:
        self._flight.apart(self._put, self._came)

    def interrupted(self) -> None:
        self._abandon()

    def _came(self, value: Any) -> None:
        if not (isinstance(value, BatchConsoleError) and value.retryable):
            self._tell(value)
        elif self._flight.over:
            return
        elif self._flight.interrupted:
            self._abandon()
        else:
            self._flight.wait(self, AGAIN_S)
