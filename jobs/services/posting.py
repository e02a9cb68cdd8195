"""Requests with JSON that are no S3: how one is written, and how one is sent without the loop."""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import httptools

from jobs.errors import StorageError
from jobs.s3.head import headers_of
from jobs.s3.reachable import check_peer
from jobs.s3.template import USER_AGENT, Origin

JSON = "application/json"
MAX_HEAD_BYTES = 64 * 1024
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Post:
    """A POST that is signed anew whenever it is sent: `make` returns all of its bytes."""

    origin: Origin
    shown_url: str
    make: Callable[[], bytes]
    method: str = "POST"

    def fill(self) -> bytes:
        return self.make()

    def url(self) -> str:
        return self.shown_url


@dataclass(frozen=True, slots=True)
class Place:
    """The parts of an address: `netloc` as the header Host has it, `path` and `query` as they are
    sent.
    """

    origin: Origin
    netloc: str
    path: str
    query: str


def place_of(url: str) -> Place:
    """Raises StorageError for what is no address of http or https."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in _PORTS or "@" in parts.netloc:
        raise StorageError("InvalidEndpoint", "Write the address as https://host/path.")
    origin = Origin(host, port or _PORTS[parts.scheme], parts.scheme == "https")
    netloc = parts.netloc.lower()
    if port == _PORTS[parts.scheme]:
        netloc = netloc.rpartition(":")[0]
    path, query = (quote(text, safe="/%:=&?+,;@!$'()*~-._") for text in (parts.path, parts.query))
    return Place(origin, netloc, path, query)


def tls_of(url: str, ca_certificate: str) -> ssl.SSLContext | None:
    """That verifies always: with `ca_certificate` (PEM) against that authority alone. None for http.
    Raises StorageError where it cannot be read.
    """
    if not url.lower().startswith("https:"):
        return None
    try:
        return ssl.create_default_context(cadata=ca_certificate or None)
    except (ssl.SSLError, ValueError) as error:
        raise StorageError(
            "InvalidEndpoint", f"The CA certificate cannot be used: {error}."
        ) from error


def head_of(target: str, netloc: str, headers: str) -> str:
    """The head of a POST with JSON, up to where Content-Length follows; `headers` are lines."""
    return (
        f"POST {target} HTTP/1.1\r\nhost: {netloc}\r\nuser-agent: {USER_AGENT}\r\n"
        f"accept-encoding: identity\r\ncontent-type: {JSON}\r\n{headers}content-length: "
    )


def header_of(head: bytes, name: bytes) -> str:
    """Of an answer as it came; empty where it has none. `name` is in small letters. Looks at the
    bytes first: hardly an answer has what is asked for.
    """
    if name not in head.lower():
        return ""
    found = (value for known, value in headers_of(head) if known.lower() == name)
    return next(found, b"").decode("latin-1").strip()


def send_once(
    request: Post, tls: ssl.SSLContext | None, *, within_s: float, most_bytes: int
) -> tuple[int, bytes, bytes]:
    """Status, head and body of the answer to one request, sent in this thread. Raises OSError, a
    TimeoutError where it does not come to its end `within_s`. At most `most_bytes` and one of the
    body are read.
    """
    until_s = time.monotonic() + within_s
    origin = request.origin
    with contextlib.ExitStack() as open_ones:
        line = open_ones.enter_context(socket.create_connection(origin[:2], within_s))
        check_peer(line.getpeername())
        if tls:
            name = origin.name or origin.host
            line = open_ones.enter_context(tls.wrap_socket(line, server_hostname=name))
        line.sendall(request.fill())
        coming = _Coming(most_bytes)
        while not coming.is_complete:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("The answer did not come to its end in time.")
            line.settimeout(left_s)
            coming.feed(line.recv(64 * 1024))
        return coming.http_status, bytes(coming.head), bytes(coming.body[: most_bytes + 1])


class _Coming:
    """An answer that comes in."""

    def __init__(self, most_bytes: int) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._most_bytes = most_bytes
        self.http_status = 0
        self.head, self.body = bytearray(), bytearray()
        self.is_complete = False

    def feed(self, data: bytes) -> None:
        """Raises ConnectionError for what is no answer, and for one that broke off."""
        if not data and not (self.http_status and self._ends_with_the_connection()):
            raise ConnectionError("The connection was closed before the answer came to its end.")
        if not data:
            self.is_complete = True
            return
        if not self.http_status:
            self.head += data
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.is_complete:
                raise ConnectionError(f"This is no answer of HTTP: {error}") from error
        if not self.http_status and len(self.head) > MAX_HEAD_BYTES:
            raise ConnectionError("The head of the answer does not end.")

    def _ends_with_the_connection(self) -> bool:
        framing = (b"content-length", b"transfer-encoding")
        return not any(name.lower() in framing for name, _ in headers_of(bytes(self.head)))

    def on_headers_complete(self) -> None:
        self.http_status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self.body += body
        self.is_complete = self.is_complete or len(self.body) > self._most_bytes

    def on_message_complete(self) -> None:
        if self.http_status < 200:  # the answer is still to come
            self.http_status = 0
        else:
            self.is_complete = True
