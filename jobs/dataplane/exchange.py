"""Who sends a request on a connection, and who takes what comes back."""

from typing import Protocol


class Tap(Protocol):
    """The connection that a body comes from; `heard` is the status and the head of its answer."""

    @property
    def heard(self) -> tuple[int, bytes]: ...
    def taken(self, taken_bytes: int) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def abort(self, cause: str) -> None: ...


class Exchange(Protocol):
    """Who waits for an answer: one of the two methods is called, once for each sending."""

    @property
    def wanted(self) -> bool:
        """False when nobody waits any more; then nothing is sent."""
        ...

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        """`head` is what was received up to the end of the headers, and perhaps some more.
        `body` has at most MAX_BODY_BYTES and one; with more it was cut.
        """
        ...

    def lost(self, cause: str, detail: object = "", *, untouched: bool = False) -> None:
        """No answer came; `cause` is one of parsing.NO_ANSWER. `untouched` means that the
        connection had served before and ended without one byte of an answer, as happens when a
        storage closes it just then.
        """
        ...


class Hose(Protocol):
    """Who takes the body of a successful answer as it comes."""

    def piece(self, data: bytes | memoryview, tap: Tap) -> None:
        """A view is lent, until `tap.taken` is told that it was taken."""
        ...

    def place_for(self, left_bytes: int) -> memoryview | None:
        """Where the rest of a body may be received, all of it as one piece; None for pieces that are lent."""
        ...
