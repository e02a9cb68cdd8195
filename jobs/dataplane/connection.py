"""One HTTP/1.1 connection that carries one request at a time and is kept alive in between."""

import asyncio
from typing import Protocol, cast

import httptools

from jobs.dataplane.exchange import Exchange, Hose
from jobs.dataplane.outflow import Outflow
from jobs.dataplane.pouring import Placing, Pouring
from jobs.s3.head import headers_of

MAX_HEAD_BYTES = 64 * 1024
LEAST_POURED_BYTES = 256 * 1024
"""With less to come, another way of receiving does not pay."""


class Owner(Protocol):
    most_body_bytes: int

    def now_s(self) -> float: ...

    def freed(self, connection: "Connection") -> None:
        """It can carry the next request."""
        ...

    def gone(self, connection: "Connection") -> None: ...


class Connection(Outflow):
    """Reads what httptools calls back (`on_...`) into the answer of `exchange`. Headers are kept as
    they came: hardly anyone asks for them.

    `has_moved` is set whenever something was sent, or a part of a body came: a head that trickles is
    silence. The owner unsets it, and keeps in `active_s` when it last did, and in `since_s` when it
    began to watch how long an answer takes, or how fast a body comes. `is_ending`: more than the white
    space has come that a storage sends while it is busy.
    """

    __slots__ = (
        "_body", "_body_bytes", "_complete", "_head", "_hose", "_is_head", "_is_paused",
        "_may_pour", "_owner", "_parser", "_poured_bytes", "_pouring", "_reusable", "_served",
        "_status", "active_s", "exchange", "is_closing", "is_ending", "since_bytes", "since_s",
    )  # fmt: skip

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self.exchange: Exchange | None = None
        self.active_s = owner.now_s()
        self.since_s, self.since_bytes = 0.0, 0
        self._owner = owner
        self._served = 0
        self._is_head = False
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._head = b""
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._complete = self._reusable = self.is_ending = False
        self._hose: Hose | None = None
        self._is_paused = False
        self._pouring: Pouring | Placing | None = None
        self._may_pour = False
        self._poured_bytes = 0

    @property
    def heard(self) -> tuple[int, bytes]:
        """The status and the head of the answer that is coming in."""
        return self._status, self._head

    def send(
        self,
        exchange: Exchange,
        request: bytes,
        is_head: bool,
        hose: Hose | None = None,
        body: memoryview | None = None,
    ) -> None:
        if self._is_head:
            # After the answer to HEAD the parser waits for the body that the headers announced.
            self._parser = httptools.HttpResponseParser(self)
        self._is_head = is_head
        self._status = self._body_bytes = self._poured_bytes = 0
        self._head = b""
        self._complete = self._reusable = self.is_ending = False
        self.since_s = 0.0
        self.exchange = exchange
        self._hose = hose
        self._may_pour = hose is not None
        self.has_moved = True
        self._transport.write(request)
        if body is not None:
            self._follow(body)

    def pause(self) -> None:
        """Nothing is read until who takes the body has caught up; that is no silence."""
        if not self._is_paused and not self._transport.is_closing():
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._is_paused and (self._pouring is None or self._pouring.has_room):
            self._is_paused = False
            self.has_moved = True
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def taken(self, taken_bytes: int) -> None:
        """Of the body, from its beginning, by whoever takes it."""
        if self._pouring is not None:
            self._pouring.taken(taken_bytes)

    def abort(self, cause: str) -> None:
        """Close at once; who waits is told `cause`."""
        self._hand_on_the_rest()
        self._unsent = None
        exchange, self.exchange = self.exchange, None
        self._transport.abort()
        self._owner.gone(self)
        if exchange:
            exchange.lost(cause)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.is_closing = transport.is_closing  # asked before each request, by no call of ours

    @property
    def is_waited_for(self) -> bool:
        """Whether it is the other side that has to move."""
        return not self._is_paused

    @property
    def handed_on_bytes(self) -> int | None:
        """So much of a body has come that is handed on; None for other answers."""
        if self._hose is None or not self._status:
            return None
        return self._pouring.came_bytes if self._pouring is not None else self._poured_bytes

    def data_received(self, data: bytes) -> None:
        if self.exchange is None:
            self.abort("closed")
            return
        if not self._status:
            self._head += data
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._reusable = False
            if not self._complete:
                self.abort("closed")
        if self._complete:
            self._finish()
        elif self.exchange is not None:
            self.has_moved = self.has_moved or bool(self._status)
            self._look_at_what_came()
            if self._may_pour and self._poured_bytes:
                self._pour()

    def _look_at_what_came(self) -> None:
        """Of an answer whose end has not come, and may never come."""
        if self._body_bytes > self._owner.most_body_bytes:
            self._finish()
        elif not self._status and len(self._head) > MAX_HEAD_BYTES:
            self.abort("closed")

    def on_message_begin(self) -> None:
        if self._complete:
            self._reusable = False  # bytes that nobody asked for

    def on_headers_complete(self) -> None:
        if self._complete:
            return
        self._status = self._parser.get_status_code()
        if not 200 <= self._status < 300:
            self._hose, self._may_pour = None, False  # the words of a refusal are collected
        if self._is_head and self._status >= 200:
            self.on_message_complete()

    def on_body(self, body: bytes) -> None:
        if self._complete:
            self._reusable = False
            return
        if self._hose is not None:
            self._poured_bytes += len(body)
            self._hose.piece(body, self)
            return
        if self._body_bytes <= self._owner.most_body_bytes:
            self._body.append(body)
        self._body_bytes += len(body)
        if not (self.is_ending or body.isspace()):
            self.is_ending, self.since_s = True, 0.0

    def _pour(self) -> None:
        """The rest of a long body needs no parser. Asked once of each body: it only gets shorter."""
        self._may_pour = False
        headers = {name.lower(): value for name, value in headers_of(self._head)}
        length = headers.get(b"content-length", b"").strip()
        left_bytes = int(length) - self._poured_bytes if length.isdigit() else 0
        if left_bytes < LEAST_POURED_BYTES or b"transfer-encoding" in headers:
            return
        self._reusable = self._parser.should_keep_alive()
        place = self._hose.place_for(left_bytes) if self._hose is not None else None
        self._pouring = (
            Pouring(self, left_bytes, self._poured_bytes)
            if place is None
            else Placing(self, place, self._poured_bytes)
        )
        self._read_by(self._pouring)

    def _read_by(self, protocol: asyncio.BaseProtocol) -> None:
        """uvloop minds a new protocol once it begins to read."""
        self._transport.set_protocol(protocol)
        if not (self._is_paused or self._transport.is_closing()):
            self._transport.pause_reading()
            self._transport.resume_reading()

    def poured(self, piece: memoryview, *, is_last: bool) -> None:
        if self.exchange is None or self._hose is None:
            self.abort("closed")
            return
        self._hose.piece(piece, self)
        if is_last:
            self._pouring = None
            self._parser = httptools.HttpResponseParser(self)
            self._complete = True
            self._read_by(self)
            self._finish()
        elif self._pouring is not None and not self._pouring.has_room:
            self.pause()

    def _hand_on_the_rest(self) -> None:
        """Of a body whose end will not come."""
        pouring, self._pouring = self._pouring, None
        rest = pouring.rest() if pouring is not None else None
        if rest is not None and self._hose is not None and self.exchange is not None:
            self._hose.piece(rest, self)

    def on_message_complete(self) -> None:
        if self._complete:
            return
        if self._status < 200:
            # 100-continue and its like: the answer is still to come.
            self._status = 0
            return
        self._complete = True
        self._reusable = self._parser.should_keep_alive()

    def _finish(self) -> None:
        exchange, self.exchange = cast(Exchange, self.exchange), None
        body = b"".join(self._body)[: self._owner.most_body_bytes + 1] if self._body else b""
        self._body, self._hose = [], None  # which may hold what it took
        self._served += 1
        # An answer that comes before all was sent is one to a part of the request.
        is_early = self._unsent is not None or self._is_full
        self._unsent = None
        if self._reusable and not is_early:
            if self._is_paused:  # by who took the body, at its last bytes
                self.resume()
            self._owner.freed(self)
        else:
            # To close would be to wait for a storage that does not read the rest of the request.
            self._transport.abort()
            self._owner.gone(self)
        if is_early and self._status < 300:
            exchange.lost("closed")  # nothing can have been done with what was not sent
        else:
            exchange.answered(self._status, self._head, body)

    def connection_lost(self, error: Exception | None) -> None:
        if self.exchange is None:
            self._owner.gone(self)
        elif error is None and self._ends_with_the_connection():
            self._finish()
        else:
            self._hand_on_the_rest()
            exchange, self.exchange = self.exchange, None
            self._owner.gone(self)
            exchange.lost("closed", untouched=self._served > 0 and not self._head)
        # The parser and we hold each other until a collection comes, which may be long.
        self._head, self._body, self._hose = b"", [], None
        self._unsent = None

    def _ends_with_the_connection(self) -> bool:
        """A body without a length, as HTTP/1.0 and some proxies send it."""
        framing = (b"content-length", b"transfer-encoding")
        headers = headers_of(self._head)
        return self._status >= 200 and not any(name.lower() in framing for name, _ in headers)
