"""The middle of a long body: received into buffers that are lent to whoever takes it, with no copy and
no parser on the way.
"""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.dataplane.connection import Connection

BUFFER_BYTES = 512 * 1024
BUFFERS = 2
"""One is filled while the other is taken."""


class Pouring(asyncio.BufferedProtocol):
    """In the place of a connection's protocol until `left_bytes` of its body have come; `at_bytes`
    of it had come before. Buffers are handed on full, and the last as it is.
    """

    def __init__(self, connection: "Connection", left_bytes: int, at_bytes: int) -> None:
        self._connection = connection
        self._left_bytes = left_bytes
        self._at_bytes = at_bytes
        self._filled_bytes = 0
        self._size_bytes = min(BUFFER_BYTES, left_bytes)
        self._free: list[memoryview] = []
        self._made = 0
        self._lent: deque[tuple[int, memoryview]] = deque()
        self._filling: memoryview | None = self._another()

    @property
    def has_room(self) -> bool:
        """To be asked before more may come. What was taken at once is filled again, and still near."""
        if self._filling is None:
            self._filling = self._another()
        return self._filling is not None

    @property
    def came_bytes(self) -> int:
        """Of the body, from its beginning."""
        return self._at_bytes + self._filled_bytes

    def _another(self) -> memoryview | None:
        if self._free:
            return self._free.pop()
        if self._made == BUFFERS:
            return None
        self._made += 1
        return memoryview(bytearray(self._size_bytes))

    def get_buffer(self, sizehint: int) -> memoryview:
        assert self._filling is not None  # noqa: S101 - without room it is paused
        wanted = min(self._left_bytes, self._size_bytes - self._filled_bytes)
        return self._filling[self._filled_bytes : self._filled_bytes + wanted]

    def buffer_updated(self, nbytes: int) -> None:
        self._connection.has_moved = True
        self._filled_bytes += nbytes
        self._left_bytes -= nbytes
        if self._left_bytes and self._filled_bytes < self._size_bytes:
            return
        full, self._filling = self._filling, None
        assert full is not None  # noqa: S101 - it was filled just now
        piece = full[: self._filled_bytes]
        self._at_bytes += self._filled_bytes
        self._filled_bytes = 0
        self._lent.append((self._at_bytes, full))
        self._connection.poured(piece, is_last=not self._left_bytes)

    def taken(self, taken_bytes: int) -> None:
        """So much of the body has been taken, from its beginning: those buffers are free."""
        while self._lent and self._lent[0][0] <= taken_bytes:
            self._free.append(self._lent.popleft()[1])

    def rest(self) -> memoryview | None:
        """What came into a buffer that will not be filled any more."""
        filling, filled_bytes = self._filling, self._filled_bytes
        self._filled_bytes = 0
        return filling[:filled_bytes] if filling is not None and filled_bytes else None

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.connection_lost(exc)


class Placing(asyncio.BufferedProtocol):
    """As Pouring, into the `place` where the rest of the body is to lie anyway."""

    has_room = True

    def __init__(self, connection: "Connection", place: memoryview, at_bytes: int) -> None:
        self._connection = connection
        self._place = place
        self._filled_bytes = 0
        self._at_bytes = at_bytes

    @property
    def came_bytes(self) -> int:
        """Of the body, from its beginning."""
        return self._at_bytes + self._filled_bytes

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._place[self._filled_bytes :]

    def buffer_updated(self, nbytes: int) -> None:
        self._connection.has_moved = True
        self._filled_bytes += nbytes
        if self._filled_bytes == len(self._place):
            self._connection.poured(self._place, is_last=True)

    def taken(self, taken_bytes: int) -> None:
        """Nothing was lent."""

    def rest(self) -> memoryview | None:
        """It lies where it is to lie already."""
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.connection_lost(exc)
