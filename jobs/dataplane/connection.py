"""One HTTP/1.1 connection that carries one request at a time and is kept alive in between."""

import asyncio
from typing import Protocol, cast

import httptools

from jobs.s3.parsing import MAX_BODY_BYTES, Headers

MAX_HEAD_BYTES = 64 * 1024


class Exchange(Protocol):
    """Who waits for an answer: one of the two methods is called, once for each sending."""

    @property
    def wanted(self) -> bool:
        """False when nobody waits any more; then nothing is sent."""
        ...

    def answered(self, status: int, headers: Headers, body: bytes) -> None:
        """`body` has at most MAX_BODY_BYTES and one; with more it was cut."""
        ...

    def lost(self, cause: str, detail: object = "", *, untouched: bool = False) -> None:
        """No answer came; `cause` is one of parsing.NO_ANSWER. `untouched` means that the
        connection had served before and ended without one byte of an answer, as happens when a
        storage closes it just then.
        """
        ...


class Owner(Protocol):
    def now_s(self) -> float: ...

    def freed(self, connection: "Connection") -> None:
        """It can carry the next request."""
        ...

    def gone(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """Reads what httptools calls back (`on_...`) into the answer of `exchange`.

    `active_s` is when something was last sent or received, on the owner's clock.
    """

    def __init__(self, owner: Owner) -> None:
        self.exchange: Exchange | None = None
        self.active_s = owner.now_s()
        self._owner = owner
        self._served = 0
        self._is_head = False
        self._parser = httptools.HttpResponseParser(self)
        self._clear()

    def _clear(self) -> None:
        self._status = 0
        self._head_bytes = 0
        self._body_bytes = 0
        self._complete = False
        self._reusable = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    @property
    def usable(self) -> bool:
        return not self._transport.is_closing()

    def send(self, exchange: Exchange, request: bytes, *, is_head: bool) -> None:
        if self._is_head:
            # After the answer to HEAD the parser waits for the body that the headers announced.
            self._parser = httptools.HttpResponseParser(self)
        self._is_head = is_head
        self._clear()
        self.exchange = exchange
        self.active_s = self._owner.now_s()
        self._transport.write(request)

    def abort(self, cause: str) -> None:
        """Close at once; who waits is told `cause`."""
        exchange, self.exchange = self.exchange, None
        self._transport.abort()
        self._owner.gone(self)
        if exchange:
            exchange.lost(cause)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.active_s = self._owner.now_s()
        if self.exchange is None:
            self.abort("closed")
            return
        if not self._status:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._reusable = False
            if not self._complete:
                self.abort("closed")
        if self._complete:
            self._finish()
        elif not self._status and self._head_bytes > MAX_HEAD_BYTES:
            self.abort("closed")

    def on_message_begin(self) -> None:
        if self._complete:
            self._reusable = False  # bytes that nobody asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._complete:
            return
        self._status = self._parser.get_status_code()
        if self._is_head and self._status >= 200:
            self._end_message()

    def on_body(self, body: bytes) -> None:
        if self._complete:
            self._reusable = False
            return
        if self._body_bytes <= MAX_BODY_BYTES:
            self._body.append(body)
        self._body_bytes += len(body)

    def on_message_complete(self) -> None:
        if self._complete:
            return
        if self._status < 200:
            # 100-continue and its like: the answer is still to come.
            self._status = 0
            self._headers = []
            return
        self._end_message()

    def _end_message(self) -> None:
        self._complete = True
        self._reusable = self._parser.should_keep_alive()

    def _finish(self) -> None:
        exchange, self.exchange = cast(Exchange, self.exchange), None
        status, headers = self._status, self._headers
        body = b"".join(self._body)[: MAX_BODY_BYTES + 1]
        self._served += 1
        if self._reusable:
            self._owner.freed(self)
        else:
            self._transport.close()
            self._owner.gone(self)
        exchange.answered(status, headers, body)

    def connection_lost(self, error: Exception | None) -> None:
        if self.exchange is None:
            self._owner.gone(self)
        elif error is None and self._ends_with_the_connection():
            self._finish()
        else:
            exchange, self.exchange = self.exchange, None
            self._owner.gone(self)
            exchange.lost("closed", untouched=self._served > 0 and not self._head_bytes)

    def _ends_with_the_connection(self) -> bool:
        """A body without a length, as HTTP/1.0 and some proxies send it."""
        framing = (b"content-length", b"transfer-encoding")
        return self._status >= 200 and not any(n.lower() in framing for n, _ in self._headers)
