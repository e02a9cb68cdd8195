"""An S3 server of a test's own making: it writes down what it is sent and answers as it is told."""

import asyncio
import contextlib
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape, unescape

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from jobs.operations.probing import NAME
from jobs.s3.endpoints import Credentials, Endpoint

SSE = "x-amz-server-side-encryption"
COPIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/'
    b'2006-03-01/"><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;ab&quot;</ETag>'
    b"</CopyObjectResult>"
)
TAGS = (
    b'<?xml version="1.0"?><Tagging><TagSet><Tag><Key>old</Key><Value>a b&amp;c</Value></Tag>'
    b"</TagSet></Tagging>"
)
NO_GRANTS = (
    b"<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList/></AccessControlPolicy>"
)


@dataclass(frozen=True)
class Received:
    """`connection` counts connections from 0; names of headers are in small letters."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Reply:
    """`data` as it goes over the wire, `delay_s` after it was asked for, and not before `until` is
    true; a `delay_s` of None is an answer that never comes. With `bytewise` what follows on the first
    `whole_bytes` comes byte by byte, each after `pause_s`.
    """

    data: bytes
    close: bool = False
    delay_s: float | None = 0
    bytewise: bool = False
    whole_bytes: int = 0
    pause_s: float = 0.001
    until: Callable[[], bool] = lambda: True


def reply(status: int = 200, body: bytes = b"", headers: str = "", *, close: bool = False) -> Reply:
    """An answer with the headers that S3 sends with all."""
    head = (
        f"HTTP/1.1 {status} Whatever\r\nx-amz-request-id: R1\r\nx-amz-id-2: H1\r\n"
        f"Date: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Length: {len(body)}\r\n{headers}"
    )
    if body and "content-type" not in headers.lower():
        head += "Content-Type: application/xml\r\n"
    return Reply(f"{head}\r\n".encode() + body, close=close)


def error(status: int, code: str, message: str = "Some words.", headers: str = "") -> Reply:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return reply(status, body.encode(), headers)


def tagging(tags: list[tuple[str, str]]) -> bytes:
    items = "".join(
        f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>" for key, value in tags
    )
    return f"<Tagging><TagSet>{items}</TagSet></Tagging>".encode()


class _Memory:
    """What was put and deleted at the doubles of this process, for who reads it back."""

    def __init__(self) -> None:
        self.tags: dict[str, bytes] = {}
        self.gone: set[str] = set()

    def clear(self) -> None:
        self.__init__()

    def copied(self, received: Received) -> None:
        source = "/" + received.headers["x-amz-copy-source"].partition("?")[0].lstrip("/")
        is_new = received.headers.get("x-amz-tagging-directive") == "REPLACE"
        given = parse_qsl(received.headers.get("x-amz-tagging", ""), keep_blank_values=True)
        self.tags[received.path] = tagging(given) if is_new else self.tags.get(source, TAGS)
        self.gone.discard(received.path)


_memory = _Memory()


def forget() -> None:
    """What was put and deleted."""
    _memory.clear()


def plausible(received: Received) -> Reply:
    """What a storage where all is well would answer."""
    path = received.path
    if "x-amz-copy-source" in received.headers:
        _memory.copied(received)
        return reply(200, COPIED, "x-amz-version-id: v9\r\n" + _encrypted(received))
    if received.method == "PUT" and "tagging" in received.target:
        _memory.tags[path] = received.body
    if received.method == "DELETE" and received.target.endswith(("?tagging", "&tagging")):
        _memory.tags[path] = tagging([])
        return reply(204)
    if received.method == "GET" and "tagging" in received.target:
        return reply(200, _memory.tags.get(path, TAGS))
    if received.method == "PUT" and "encryption" in received.target and NAME in path:
        return error(404, "NoSuchKey")
    if received.method == "GET" and "acl" in received.target:
        return reply(200, NO_GRANTS)
    if received.method == "HEAD":
        return reply(404) if path in _memory.gone else described()
    if received.method == "DELETE":
        _memory.gone.add(path)
        return reply(204)
    if received.method == "POST" and received.target.endswith("?delete"):
        keys = re.findall(rb"<Key>(.*?)</Key>", received.body, re.DOTALL)
        _memory.gone |= {f"{path}/{quote(unescape(key.decode()), safe='/~')}" for key in keys}
        return reply(200, deleted(received.body))
    return reply()


def _encrypted(received: Received) -> str:
    """A storage says how it encrypted what it was asked to."""
    asked = received.headers.get(SSE)
    return f"{SSE}: {asked}\r\n" if asked else ""


LONG_AGO = "Wed, 01 Jan 2020 00:00:00 GMT"


def described(changed: str = LONG_AGO, headers: str = "") -> Reply:
    """The answer to HeadObject of an object that is there."""
    return reply(200, b"", f'ETag: "ab"\r\nLast-Modified: {changed}\r\n{headers}')


def deleted(asked: bytes) -> bytes:
    """The answer to a request for many deletions that all went well."""
    items = re.findall(rb"<Object>(.*?)</Object>", asked, re.DOTALL)
    done = b"".join(b"<Deleted>" + item + b"</Deleted>" for item in items)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult>' + done + b"</DeleteResult>"


@dataclass
class Double:
    """`answer` decides; `received` grows. Of use from any thread."""

    port: int = 0
    answer: Callable[[Received], Reply] = plausible
    received: list[Received] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    tls: ssl.SSLContext | None = None
    connections: int = 0

    @property
    def endpoint(self) -> Endpoint:
        scheme = "https" if self.tls else "http"
        return Endpoint(f"{scheme}://127.0.0.1:{self.port}", "us-east-1", "path")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.connections = self.connections, self.connections + 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._serve_one(number, reader, writer):
                pass
        writer.close()

    async def _serve_one(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:-2])}
        if "expect" in headers:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = head[0].split(" ")
        received = Received(number, method, target, headers, body)
        self.received.append(received)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._answer(self.answer(received), reader, writer)
        finally:
            self.in_flight -= 1

    async def _answer(
        self, answer: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if answer.delay_s is None:
            await reader.read()  # until the client gives up
            return False
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        while not answer.until():
            await asyncio.sleep(0.005)
        whole = answer.whole_bytes if answer.bytewise else len(answer.data)
        for piece in [answer.data[:whole], *(bytes([b]) for b in answer.data[whole:])]:
            writer.write(piece)
            await writer.drain()
            if answer.bytewise:
                await asyncio.sleep(answer.pause_s)
        return not answer.close


@contextlib.contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[Double]:
    """A double on a free port, in a thread."""
    forget()
    double, ready, stops = Double(tls=tls), threading.Event(), []

    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        server = await asyncio.start_server(double.serve, "127.0.0.1", 0, ssl=tls)
        double.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()

    # Whatever loop the test's own thread has (Playwright leaves one) is not met in another thread.
    thread = threading.Thread(target=asyncio.run, args=[serve()], daemon=True)
    thread.start()
    if not ready.wait(60):
        raise RuntimeError("The double did not start.")
    try:
        yield double
    finally:
        stops[0]()
        thread.join()


def signature_holds(received: Received, credentials: Credentials) -> bool:
    """Whether botocore would have signed just what was received, at the moment that it names."""
    given = received.headers["authorization"]
    signed = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    made = {"host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}
    request = AWSRequest(
        method=received.method,
        url=f"http://{received.headers['host']}{received.target}",
        headers={name: received.headers[name] for name in signed if name not in made},
        data=received.body,
    )
    if received.headers.get("x-amz-content-sha256") == "UNSIGNED-PAYLOAD":
        request.context["client_config"] = SimpleNamespace(s3={"payload_signing_enabled": False})
    moment = datetime.strptime(received.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    keys = BotoCredentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    with patch("botocore.auth.get_current_datetime", return_value=moment):
        S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    return bool(request.headers["Authorization"] == given)
