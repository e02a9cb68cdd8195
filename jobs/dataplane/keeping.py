"""What a task keeps of itself, on its way to where that lies."""

from collections.abc import Callable
from typing import Any

from jobs.dataplane.flight_of_a_task import Flight
from jobs.errors import BatchConsoleError
from jobs.operations.steps import Keep

AGAIN_S = 1.0


class Keeping:
    """Where it cannot be kept for now, because a disk is full or a bucket does not answer, the task
    waits: to fail it would blame its object for that. One of a flight's `Waits`; `tell` is given None,
    or what went wrong for good, and `abandon` is called where the wait is cut short, and where
    somebody else has taken over.
    """

    __slots__ = ("_abandon", "_flight", "_index", "_step", "_tell")

    def __init__(
        self,
        flight: Flight,
        index: int,
        step: Keep,
        tell: Callable[[Any], None],
        abandon: Callable[[], None],
    ) -> None:
        self._flight = flight
        self._index = index
        self._step = step
        self._tell = tell
        self._abandon = abandon

    def again(self) -> None:
        self._flight.apart(self._put, self._came)

    def interrupted(self) -> None:
        self._abandon()

    def _put(self) -> bool:
        """False where something lies there that is not to be replaced."""
        states, step = self._flight.work.states, self._step
        if states is None:
            raise TypeError("this work has no place for the states of its tasks")
        if step.instead_of is not None:
            return states.swap(self._index, step.instead_of, step.state)
        states.put(self._index, step.state)
        return True

    def _came(self, value: Any) -> None:
        is_refused = isinstance(value, BatchConsoleError) and value.retryable
        if not is_refused and value is not False:
            self._tell(None if value is True else value)
        elif self._flight.over:
            return
        elif self._flight.interrupted or value is False:
            self._abandon()
        else:
            self._flight.wait(self, AGAIN_S)
