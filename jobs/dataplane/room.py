"""How many bytes of objects a worker holds on their way from one storage to another: one budget for all
tasks, so that memory depends neither on how many there are nor on how long objects are.
"""

from collections import deque
from typing import Protocol

ROOM_BYTES = 64 * 1024 * 1024


MOST_SPARE = 64


class Guest(Protocol):
    """Who holds bytes, or waits for room and holds none."""

    size_bytes: int

    @property
    def wanted(self) -> bool:
        """False when nobody waits any more for what comes of it."""
        ...

    @property
    def may_begin(self) -> bool: ...
    def enter(self) -> None:
        """There is room, and it is taken."""
        ...

    def interrupted(self) -> None:
        """It waited, and nothing may begin any more."""
        ...


class Room:
    """First come, first served: one that needs much is not passed by for ever. Belongs to the loop's
    thread; `most_held_bytes` is what was held at once so far.
    """

    def __init__(self, room_bytes: int) -> None:
        self._room_bytes = room_bytes
        self._inside: set[Guest] = set()
        self._waiting: deque[Guest] = deque()
        self._turned_away: list[Guest] = []
        self._is_serving = False
        self._spare: list[bytearray] = []
        self.held_bytes = self.most_held_bytes = 0

    def ask(self, guest: Guest) -> None:
        """Lets it enter, now or later. One that needs more than there is enters alone."""
        self._waiting.append(guest)
        self._serve()

    def buffer(self, size_bytes: int) -> bytearray:
        """What a guest inside puts its bytes into; new memory costs as much as to receive into it."""
        for number, spare in enumerate(self._spare):
            if len(spare) == size_bytes:
                return self._spare.pop(number)
        return bytearray(size_bytes)

    def leave(self, guest: Guest, spare: bytearray | None = None) -> None:
        """It holds nothing any more; may be said twice. `spare` is a buffer that nobody knows any more."""
        if guest in self._inside:
            self._inside.remove(guest)
            self.held_bytes -= guest.size_bytes
            if spare and len(self._spare) < MOST_SPARE:
                self._spare.append(spare)
            self._serve()

    def _serve(self) -> None:
        """Who enters may leave at once: that is served here too, and not in a recursion."""
        if self._is_serving:
            return
        self._is_serving = True
        try:
            while self._waiting and self._has_room_for(self._waiting[0]):
                guest = self._waiting.popleft()
                if guest.may_begin:
                    self._let_in(guest)
                else:
                    self._turned_away.append(guest)
        finally:
            self._is_serving = False

    def _has_room_for(self, guest: Guest) -> bool:
        return not self._inside or self.held_bytes + guest.size_bytes <= self._room_bytes

    def _let_in(self, guest: Guest) -> None:
        self._inside.add(guest)
        self._make_room(guest.size_bytes)
        self.held_bytes += guest.size_bytes
        self.most_held_bytes = max(self.most_held_bytes, self.held_bytes)
        guest.enter()

    def _make_room(self, wanted_bytes: int) -> None:
        """Spare buffers of another size count as held."""
        if not any(len(spare) == wanted_bytes for spare in self._spare):
            while self._spare and self._used_bytes + wanted_bytes > self._room_bytes:
                self._spare.pop()

    @property
    def _used_bytes(self) -> int:
        return self.held_bytes + sum(map(len, self._spare))

    def sweep(self) -> None:
        """Called often: who is not wanted any more says nothing, and leaves. Who may not begin is told here and
        not when it asks, since it may be about to wait for others of its kind.
        """
        for guest in [guest for guest in self._inside if not guest.wanted]:
            self.leave(guest)
        for guest in [guest for guest in self._waiting if not guest.may_begin]:
            self._waiting.remove(guest)
            self._turned_away.append(guest)
        if not self._inside:
            self._spare = []
        told, self._turned_away = self._turned_away, []
        for guest in told:
            guest.interrupted()
        self._serve()
