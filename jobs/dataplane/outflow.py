"""What is sent of a long body: in slices, as fast as the other side takes them, from where it lies."""

import asyncio

SLICE_BYTES = 256 * 1024


class Outflow(asyncio.Protocol):
    """The sending side of a connection. What the transport could not hand on at once makes it pause us, so
    neither it nor TLS holds more than a slice.
    """

    __slots__ = ("_is_full", "_transport", "_unsent", "has_moved")

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self.has_moved = False
        self._is_full = False
        self._unsent: memoryview | None = None

    def _follow(self, body: memoryview) -> None:
        """Send the body of a request whose head was written."""
        self._unsent = body
        self._write_more()

    def _write_more(self) -> None:
        while self._unsent is not None and not self._is_full:
            unsent = self._unsent
            self._unsent = unsent[SLICE_BYTES:] if len(unsent) > SLICE_BYTES else None
            self.has_moved = True
            self._transport.write(unsent[:SLICE_BYTES])

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if not self._transport.is_closing():
            self._write_more()
