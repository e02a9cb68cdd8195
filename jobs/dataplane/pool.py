"""The connections to one origin."""

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Any

from jobs.dataplane.connection import Connection
from jobs.dataplane.exchange import Exchange, Hose
from jobs.s3.parsing import MAX_BODY_BYTES
from jobs.s3.patience import LEAST_BYTES_PER_S, SPAN_S
from jobs.s3.reachable import ForbiddenAddressError, check_found, check_peer
from jobs.s3.template import Origin

IDLE_S = 60.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """`silence_s` is how long nothing may come while an answer is waited for: a copy of a large
    object sends white space until it is done, for `answer_s` at most, and its answer then comes within
    `rest_s`, as that to any call does: a storage may send what it deleted one by one. A body that is
    handed on comes with LEAST_BYTES_PER_S on average over `span_s`.
    """

    connect_s: float = 5.0
    silence_s: float = 60.0
    answer_s: float = 3600.0
    rest_s: float = 300.0
    span_s: float = SPAN_S


class Pool:
    """Grows with what is in flight at once. Belongs to its loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        origin: Origin,
        tls: ssl.SSLContext | None,
        timeouts: Timeouts,
        most_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self.now_s = loop.time
        self.most_body_bytes = most_body_bytes
        self._loop = loop
        self._origin = origin
        self._tls = tls
        self._timeouts = timeouts
        self._idle: deque[Connection] = deque()
        self.freed = self._idle.append  # no call of ours, which would cost for each request
        self._all: set[Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()

    def send(
        self,
        exchange: Exchange,
        request: bytes,
        *,
        is_head: bool = False,
        fresh: bool = False,
        hose: Hose | None = None,
        body: memoryview | None = None,
    ) -> None:
        """On a connection that is free, or a new one; with `fresh` always a new one. `hose` is given
        the body of a successful answer as it comes. `body` follows `request`.
        """
        while self._idle and not fresh:
            connection = self._idle.pop()
            if not connection.is_closing():
                connection.send(exchange, request, is_head, hose, body)
                return
        task = self._loop.create_task(self._send_on_new(exchange, request, is_head, hose, body))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _send_on_new(
        self,
        exchange: Exchange,
        request: bytes,
        is_head: bool,
        hose: Hose | None,
        body: memoryview | None,
    ) -> None:
        try:
            connection = await self._connect()
        except TimeoutError:
            exchange.lost("connect-timeout")
        except ssl.SSLError as error:
            exchange.lost("tls", error)
        except Exception as error:  # whatever it is, somebody waits for this
            exchange.lost("refused", error)
        else:
            if connection.is_closing():  # it is closed already, and will not say so again
                exchange.lost("closed")
                return
            self._all.add(connection)
            if exchange.wanted:
                connection.send(exchange, request, is_head, hose, body)
            else:
                self._idle.append(connection)

    async def _connect(self) -> Connection:
        host, port, _, name = self._origin
        try:
            async with asyncio.timeout(self._timeouts.connect_s):
                transport, connection = await self._loop.create_connection(
                    lambda: Connection(self),
                    host,
                    port,
                    ssl=self._tls,
                    server_hostname=(name or host) if self._tls else None,
                )
        except (ssl.SSLError, socket.gaierror):
            raise
        except OSError:
            await self._check_where_it_leads(host, port)
            raise
        try:
            check_peer(transport.get_extra_info("peername"))
        except ForbiddenAddressError:
            transport.abort()
            raise
        return connection

    async def _check_where_it_leads(self, host: str, port: int) -> None:
        """Raises ForbiddenAddressError where nobody answers at an address that is not allowed."""
        found: list[Any] = []
        with contextlib.suppress(OSError):  # a name that leads nowhere, or a slow name server
            async with asyncio.timeout(self._timeouts.connect_s):
                found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        check_found(found)

    def gone(self, connection: Connection) -> None:
        self._all.discard(connection)

    def sweep(self) -> None:
        """End what is silent for too long, what nobody waits for, and what is not needed."""
        now_s = self.now_s()
        for connection in list(self._all):
            if connection.has_moved or not connection.is_waited_for:
                connection.has_moved, connection.active_s = False, now_s
            exchange, silent_s = connection.exchange, now_s - connection.active_s
            if exchange is None:
                if silent_s > IDLE_S:
                    connection.abort("closed")
            elif silent_s > self._timeouts.silence_s or not exchange.wanted:
                connection.abort("timeout")
            elif not connection.since_s:
                connection.since_s, connection.since_bytes = now_s, 0
            elif self._takes_too_long(connection, now_s):
                connection.abort("timeout")

    def _takes_too_long(self, connection: Connection, now_s: float) -> bool:
        """Although something comes now and then. What its taker pauses is not the storage's time."""
        came_bytes, waited_s = connection.handed_on_bytes, now_s - connection.since_s
        if came_bytes is None:
            limits = self._timeouts
            return waited_s > (limits.rest_s if connection.is_ending else limits.answer_s)
        is_over = waited_s >= self._timeouts.span_s
        is_slow = came_bytes - connection.since_bytes < waited_s * LEAST_BYTES_PER_S
        if is_over or not connection.is_waited_for:
            connection.since_s, connection.since_bytes = now_s, came_bytes
        return is_over and is_slow and connection.is_waited_for

    def close(self) -> None:
        for task in self._connecting:
            task.cancel()
        for connection in list(self._all):
            connection.abort("closed")
