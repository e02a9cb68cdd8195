"""How long an answer to boto3 may take and how large it may be: the one place where reading ends.

A timeout of a socket is one of a single read, so a byte a second goes on for ever. Here what is
waited for is looked at several times a second, whatever it is that trickles.
"""

import contextlib
import io
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from jobs.s3.reachable import ForbiddenAddressError, addresses_of, check_found, check_peer

POLL_S = 0.25
"""How soon a stop is heard."""

LEAST_BYTES_PER_S = 8 * 1024
"""Of an object, and of what is sent, on average over SPAN_S that were waited for it."""

SPAN_S = 20.0
ANSWER_BYTES = 16 * 1024 * 1024
"""The largest answer that is no object. A thousand listed keys of the longest kind are 4 MiB."""


def _never() -> bool:
    return False


class Heard(BaseException):
    """Whoever waits was told to stop. Not an Exception, since botocore would try again."""


class TooLarge(BaseException):
    """An answer that is no object is larger than ANSWER_BYTES. Nor would trying again help here."""

    code = "AnswerTooLarge"

    def __init__(self) -> None:
        super().__init__(f"The storage's answer is larger than {ANSWER_BYTES // 1024**2} MiB.")


@dataclass(frozen=True, slots=True)
class Patience:
    """`silence_s` is how long nothing at all may come, `answer_s` how long an answer may take in
    all, or the head of an object. Nothing is waited for after `until_s` (time.monotonic).
    `is_stopped` is asked several times a second, from any thread.
    """

    silence_s: float = 60.0
    answer_s: float = 120.0
    until_s: float = math.inf
    is_stopped: Callable[[], bool] = _never

    def left_s(self) -> float:
        """Until `until_s`. Raises Heard, and TimeoutError when there is no time left."""
        if self.is_stopped():
            raise Heard
        left_s = self.until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("no time is left")
        return left_s


@dataclass(slots=True)
class _Waiting:
    """For one request and its answer. `waited_s` and `bytes` are those of the present span."""

    patience: Patience
    began_s: float
    is_body: bool = False
    silent_s: float = 0.0
    waited_s: float = 0.0
    bytes: int = 0

    def check(self) -> None:
        """Raises as `Patience.left_s`, and TimeoutError for what is too slow."""
        self.patience.left_s()
        if self.silent_s >= self.patience.silence_s:
            raise TimeoutError("nothing came")
        if self.is_body:
            self._check_rate()
        elif time.monotonic() - self.began_s >= self.patience.answer_s:
            raise TimeoutError("the answer takes too long")

    def _check_rate(self) -> None:
        if self.waited_s < SPAN_S:
            return
        if self.bytes < LEAST_BYTES_PER_S * self.waited_s:
            raise TimeoutError("what comes is too little")
        self.waited_s, self.bytes = 0.0, 0

    def waited(self, since_s: float, moved_bytes: int) -> None:
        """Raises TooLarge."""
        waited_s = time.monotonic() - since_s
        self.waited_s += waited_s
        self.silent_s = 0.0 if moved_bytes else self.silent_s + waited_s
        self.bytes += moved_bytes
        if not self.is_body and self.bytes > ANSWER_BYTES:
            raise TooLarge


class _Socket:
    """As the socket inside it, but reading and writing wait with patience."""

    def __init__(self, inner: Any, patience: Patience) -> None:
        self._inner = inner
        self._patience = patience
        inner.settimeout(POLL_S)
        self.begin(is_body=True)

    def begin(self, *, is_body: bool) -> None:
        """What comes, or is sent, from now on: an answer, or a body of any size."""
        self._waiting = _Waiting(self._patience, time.monotonic(), is_body)

    def settimeout(self, timeout_s: float | None) -> None:
        """Nobody else's timeouts."""

    def makefile(self, mode: str, buffering: int = -1) -> io.RawIOBase | io.BufferedReader:
        raw = _Raw(self, self._inner.makefile(mode, buffering=0))
        return raw if buffering == 0 else io.BufferedReader(raw)

    def recv_into(self, buffer: Any) -> int:
        return self._patiently(lambda: self._inner.recv_into(buffer))

    def sendall(self, data: Any) -> None:
        rest = memoryview(data).cast("B")
        while rest:
            sent = self._patiently(partial(self._inner.send, rest))
            rest = rest[sent:]

    def _patiently(self, move: Callable[[], int]) -> int:
        while True:
            self._waiting.check()
            since_s, moved_bytes, has_ended = time.monotonic(), 0, False
            with contextlib.suppress(TimeoutError):
                moved_bytes, has_ended = move(), True
            self._waiting.waited(since_s, moved_bytes)
            if has_ended:
                return moved_bytes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Raw(io.RawIOBase):
    """`held` is the socket's own file, which keeps it open while it is read."""

    def __init__(self, source: _Socket, held: io.RawIOBase) -> None:
        self._source = source
        self._held = held

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._source.recv_into(buffer)

    def close(self) -> None:
        self._held.close()
        super().close()


_CALL = threading.local()


class _Patient:
    """For a connection of botocore's, which makes its socket in `connect`. Where that leads is looked
    at before anything is sent.
    """

    sock: Any
    timeout: Any
    port: int
    _dns_host: str

    def __init__(self, *args: Any, patience: Patience, **options: Any) -> None:
        super().__init__(*args, **options)
        self._patience = patience

    def _new_conn(self) -> Any:
        try:
            return self._allowed_conn()
        except ForbiddenAddressError as error:
            raise NewConnectionError(cast(Any, self), str(error)) from error

    def _allowed_conn(self) -> Any:
        """Raises ForbiddenAddressError, also where nothing listens there."""
        try:
            found = super()._new_conn()  # type: ignore[misc]
        except NameResolutionError:
            raise
        except (NewConnectionError, ConnectTimeoutError):
            check_found(addresses_of(self._dns_host, self.port))
            raise
        try:
            check_peer(found.getpeername())
        except ForbiddenAddressError:
            found.close()
            raise
        return found

    def connect(self) -> None:
        self.timeout = min(self.timeout, self._patience.left_s())
        super().connect()  # type: ignore[misc]
        self.sock = _Socket(self.sock, self._patience)

    def request(self, *args: Any, **options: Any) -> Any:
        if self.sock is not None:
            self.sock.begin(is_body=True)
        return super().request(*args, **options)  # type: ignore[misc]

    def getresponse(self) -> Any:
        sock = self.sock
        sock.begin(is_body=False)
        response = super().getresponse()  # type: ignore[misc]
        if getattr(_CALL, "asks_for_object", False) and 200 <= response.status < 300:
            sock.begin(is_body=True)
        return response


class _Http(_Patient, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _Https(_Patient, AWSHTTPSConnection):  # type: ignore[misc]
    pass


def bound(client: Any, patience: Patience) -> None:
    """From now on `client` reads and sends with `patience`."""
    client.meta.events.register("before-call.s3", _note_kind)
    # botocore has no public way to its connections; tests see that this one leads there.
    client._endpoint.http_session._pool_classes_by_scheme.update(  # noqa: SLF001
        http=partial(_pool, AWSHTTPConnectionPool, _Http, patience),
        https=partial(_pool, AWSHTTPSConnectionPool, _Https, patience),
    )


def _note_kind(model: Any, **_: Any) -> None:
    # The thread that calls is the one that sends.
    _CALL.asks_for_object = model.has_streaming_output


def _pool(kind: Any, connection: Any, patience: Patience, *args: Any, **options: Any) -> Any:
    pool = kind(*args, **options)
    pool.ConnectionCls = partial(connection, patience=patience)
    return pool
