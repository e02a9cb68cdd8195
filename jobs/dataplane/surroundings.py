"""What is around the tasks of a chunk: connections, turns, what is known of storages, and time."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from jobs.dataplane.asking import Asking
from jobs.dataplane.gate import Gate
from jobs.dataplane.lane import Lane
from jobs.dataplane.room import Room
from jobs.dataplane.work import Share, Work
from jobs.operations.context import Context
from jobs.services.destination import Destination
from jobs.services.habits import Habits

if TYPE_CHECKING:
    from jobs.dataplane.flight import Flight


class Owner(Protocol):
    """What the flights of a worker share."""

    loop: asyncio.AbstractEventLoop
    room: Room

    def take_lane(self, to: Destination) -> Lane: ...
    def habits(self, to: Destination) -> Habits: ...
    def apart(self, function: Callable[[], Any], tell: Callable[[Any], None]) -> None: ...
    def share(self, place: str) -> Share: ...
    def pump(self) -> None:
        """Start what can be started, of any flight."""
        ...

    def forget_ways(self) -> None:
        """Of all flights: how requests are written has changed."""
        ...

    def left(self, flight: "Flight") -> None:
        """`flight` is over."""
        ...


class Surroundings(ABC):
    """Of one chunk; what its tasks ask for is made when it is first asked for. `held` counts the
    requests that wait for their turn.
    """

    def __init__(self, owner: Owner, work: Work) -> None:
        self.work = work
        self.loop, self.room = owner.loop, owner.room
        self.held = 0
        self._owner = owner
        self._lanes: dict[Destination, Lane] = {}
        self._gates: dict[Destination, Gate[Asking]] = {}
        self._tally: Counter[str] = Counter()
        self._seen_before: dict[tuple[str, str], Any] = {}

    def lane(self, to: Destination) -> Lane:
        lane = self._lanes.get(to)
        if lane is None:
            lane = self._lanes[to] = self._owner.take_lane(to)
        return lane

    def lanes(self) -> list[Lane]:
        return list(self._lanes.values())

    def gate(self, to: Destination) -> Gate[Asking] | None:
        """None where nobody minds how fast it goes."""
        gate = self._gates.get(to)
        if gate is None and self.work.pace is not None:
            gate = self._gates[to] = Gate(self, self.work.pace.turns(to))
        return gate

    def let_go(self) -> None:
        self._owner.pump()

    def habits(self, to: Destination) -> Habits:
        self.lane(to)
        return self._owner.habits(to)

    def context(self, index: int, tried_since_s: float = 0.0) -> Context:
        work = self.work
        return Context(
            work.places,
            self.habits,
            time.time,
            tried_since_s or work.tried_since_s,
            work.kept.get(index, b""),
            tally=self._tally,
            seen_before=self._seen_before,
            job_id=work.job_id,
            row=work.first_row + index,
            waits=work.waits,
        )

    def apart(self, function: Callable[[], Any], tell: Callable[[Any], None]) -> None:
        self._owner.apart(function, tell)

    @abstractmethod
    def fail(self, error: Exception) -> None:
        """Nobody must wait for ever because of a mistake of ours."""

    def empty_gates(self) -> list[Asking]:
        """Those that waited for their turn, who are not told any more."""
        return [asking for gate in self._gates.values() for asking in gate.empty()]

    def leave_gates(self) -> None:
        """They know the flight: all of the chunk would wait for the garbage collector."""
        self.empty_gates()
        self._gates = {}
