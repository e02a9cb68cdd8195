"""An S3 server for tests of faults: fast, one process with the test, and it counts what it was asked.

Objects that are put are kept. Objects that a job is about need not be: every key is there until it
is deleted, save those below `gone/`. Signatures are not looked at. It goes away and comes back at
the same port.
"""

import asyncio
import contextlib
import hashlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import cast
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape, unescape

import httptools
import uvloop

from tests.counting_calls import LOCK, CallsOfObjects
from tests.every_object import GONE, LONG_AGO, NO_TAGS, EveryObject, Place
from tests.servers import free_port

__all__ = ["GONE", "OPERATIONS", "CountingStorage", "running"]

OPERATIONS = frozenset(
    {
        "S3PutObjectCopy",
        "S3PutObjectTagging",
        "S3MergeObjectTagging",
        "S3DeleteObjectTagging",
        "S3PutObjectAcl",
        "S3UpdateObjectEncryption",
        "S3InitiateRestoreObject",
        "S3PutObjectRetention",
        "S3PutObjectLegalHold",
        "S3ComputeObjectChecksum",
        "S3DeleteObject",
    }
)
"""Whose plainest tasks it can do; `calls repeated` counts what changes an object, or reads all of it."""


TRICKLE_S = 0.1
"""Between two bytes of what trickles."""

XML = (("Content-Type", "application/xml"),)


@dataclass(slots=True)
class Request:
    method: str = ""
    bucket: str = ""
    key: str = ""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def wire(self, *, head_only: bool) -> bytes:
        lines = [f"HTTP/1.1 {self.status} -", "x-amz-request-id: R1", f"Date: {_date()}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if not any(name == "Content-Length" for name, _ in self.headers):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + (b"" if head_only else self.body)


def _date() -> str:
    return formatdate(usegmt=True)


def refusal(status: int, code: str) -> Reply:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>It is so.</Message></Error>"
    return Reply(status, body.encode(), XML)


def _answer(root: str, inner: str) -> Reply:
    body = f"<?xml version='1.0'?><{root}>{inner}</{root}>".encode()
    return Reply(200, body, XML)


class CountingStorage:
    """What may be set at any time, from any thread:

    `delay_s` before every task's answer, `slow` before any other of a bucket; `throttled` and `broken`, the shares of tasks that are
    answered by 503 SlowDown and 500; `refused`, answers to all that is sent to a bucket; `silent`,
    buckets whose requests are heard and never answered, `stuck`, objects of which no task is;
    `trickling`, buckets whose objects come a byte now and then, until the bucket is taken out.

    What may be read: `asked`, how often each object was to be changed; `done`, how often it was;
    `unanswered`, how many requests met with silence; `trickled`, how many answers began to trickle;
    `surprises`, requests that it does not know.
    """

    def __init__(self, *, delay_s: float = 0.0, seed: int = 0) -> None:
        self.delay_s = delay_s
        self.slow: dict[str, float] = {}
        self.throttled = self.broken = 0.0
        self.refused: dict[str, tuple[int, str]] = {}
        self.silent: set[str] = set()
        self.trickling: set[str] = set()
        self.stuck: set[Place] = set()
        self.unanswered = 0
        self.trickled = 0
        self.asked: Counter[Place] = Counter()
        self.done: Counter[Place] = Counter()
        self.surprises: list[str] = []
        self.objects: dict[Place, bytes] = {}
        self.every = EveryObject()
        self.calls = CallsOfObjects()
        self.port = 0
        self._uploads: dict[str, dict[int, bytes]] = {}
        self._rng = random.Random(seed)
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- Being there and being away

    def start(self) -> None:
        self._thread.start()
        self.come_back()

    def end(self) -> None:
        self.go_away()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def go_away(self) -> None:
        """Nobody listens any more, and every connection is broken off."""
        asyncio.run_coroutine_threadsafe(self._go_away(), self._loop).result(60)

    def come_back(self) -> None:
        asyncio.run_coroutine_threadsafe(self._come_back(), self._loop).result(60)

    def break_connections(self) -> None:
        """Those that are open; new ones are welcome."""
        self._loop.call_soon_threadsafe(self._break_connections)

    def _break_connections(self) -> None:
        for connection in list(self._connections):
            connection.break_off()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        self.go_away()
        try:
            yield
        finally:
            self.come_back()

    async def _go_away(self) -> None:
        if self._server:
            self._server.close()
            self._break_connections()
            await self._server.wait_closed()
            self._server = None

    async def _come_back(self) -> None:
        while self._server is None:
            port = self.port or free_port()
            with contextlib.suppress(OSError):  # somebody else has the port for a moment
                self._server = await self._loop.create_server(
                    lambda: _Connection(self, self._loop, self._connections), "127.0.0.1", port
                )
                self.port = port
            await asyncio.sleep(0.01)

    # --- Answers

    def put(self, bucket: str, key: str, body: bytes) -> str:
        """Keeps an object; returns its ETag."""
        self.objects[bucket, key] = body
        self.every.put((bucket, key))
        return hashlib.md5(body).hexdigest()

    def forget(self, bucket: str, keys: Iterable[str]) -> None:
        """What was counted of these objects, so that a long run needs no more memory."""
        keys = list(keys)
        self.every.forget(bucket, keys)
        self.calls.forget(bucket, keys)
        for key in keys:
            self.asked.pop((bucket, key), None)
            self.done.pop((bucket, key), None)

    def answer(self, request: Request) -> tuple[Reply | None, float]:
        """The answer, None for silence, and after how many seconds."""
        if request.bucket in self.refused:
            return refusal(*self.refused[request.bucket]), 0.0
        if request.bucket in self.silent:
            self.unanswered += 1
            return None, 0.0
        if (request.bucket, request.key) in self.stuck:
            self.asked[request.bucket, request.key] += 1
            self.unanswered += 1
            return None, 0.0
        if task := self._task_of(request):
            return self._perhaps(task, request), self.delay_s
        return self._plainly(request), self.slow.get(request.bucket, 0.0)

    def _task_of(self, request: Request) -> Callable[[Request], Reply] | None:
        if request.method == "PUT" and "tagging" in request.query:
            return self._tag
        if request.method == "DELETE" and "tagging" in request.query:
            return self._untag
        if request.method == "PUT" and "x-amz-copy-source" in request.headers:
            return self._copy
        if request.method == "POST" and "delete" in request.query:
            return self._delete_many
        if request.method == "PUT" and self.calls.name_in(request.query):
            return self._set
        if request.method == "POST" and "restore" in request.query:
            return self._restore
        if request.method == "GET" and not set(request.query) - {"x-id", "versionId"}:
            return self._read if request.key and _place(request) not in self.objects else None
        return None

    def _perhaps(self, task: Callable[[Request], Reply], request: Request) -> Reply:
        chance = self._rng.random()
        if chance < self.throttled:
            return refusal(503, "SlowDown")
        if chance < self.throttled + self.broken:
            return refusal(500, "InternalError")
        return task(request)

    def _tag(self, request: Request) -> Reply:
        if not self._change(_place(request)):
            return refusal(404, "NoSuchKey")
        self.every.tag(_place(request), request.body)
        return Reply()

    def _untag(self, request: Request) -> Reply:
        if not self._change(_place(request)):
            return refusal(404, "NoSuchKey")
        self.every.tag(_place(request), NO_TAGS)
        return Reply(204)

    def _set(self, request: Request) -> Reply:
        if not self._change(_place(request)):
            return refusal(404, "NoSuchKey")
        name = self.calls.name_in(request.query)
        self.calls.put(_place(request), name, request.body)
        return Reply()

    def _restore(self, request: Request) -> Reply:
        return Reply(202) if self._change(_place(request)) else refusal(404, "NoSuchKey")

    def _read(self, request: Request) -> Reply:
        """An object that nobody put has no bytes."""
        if not self._change(_place(request)):
            return refusal(404, "NoSuchKey")
        return Reply(headers=(("ETag", '"ab"'), ("Last-Modified", LONG_AGO)))

    def _copy(self, request: Request) -> Reply:
        source = unquote(request.headers["x-amz-copy-source"].partition("?")[0]).lstrip("/")
        bucket, _, key = source.partition("/")
        if not self._change((bucket, key)):
            return refusal(404, "NoSuchKey")
        self.every.copy((bucket, key), _place(request), request.headers)
        facts = "<LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;ab&quot;</ETag>"
        return _answer("CopyObjectResult", facts)

    def _delete_many(self, request: Request) -> Reply:
        """Also what is gone is deleted with success, as S3 has it."""
        texts = [part.partition("</Key>")[0] for part in request.body.decode().split("<Key>")[1:]]
        for key in (unescape(text, {"&quot;": '"', "&#39;": "'"}) for text in texts):
            self._delete((request.bucket, key))
        deleted = (f"<Deleted><Key>{text}</Key></Deleted>" for text in texts)
        return _answer("DeleteResult", "".join(deleted))

    def _delete(self, place: Place) -> None:
        self.asked[place] += 1
        self.done[place] += 1
        self.objects.pop(place, None)
        self.every.delete(place)

    def _change(self, place: Place) -> bool:
        self.asked[place] += 1
        if not self.every.is_there(place):
            return False
        self.done[place] += 1
        return True

    def _plainly(self, request: Request) -> Reply:
        if not request.key:
            return self._bucket(request)
        match request.method:
            case "PUT" if "uploadId" in request.query:
                return self._put_part(request)
            case "PUT":
                return Reply(headers=(("ETag", f'"{self.put(*_place(request), request.body)}"'),))
            case "POST" if "uploads" in request.query:
                name = f"upload-{len(self._uploads)}"
                self._uploads[name] = {}
                return _answer("InitiateMultipartUploadResult", f"<UploadId>{name}</UploadId>")
            case "POST" if "uploadId" in request.query:
                parts = self._uploads[request.query["uploadId"]]
                etag = self.put(*_place(request), b"".join(parts[n] for n in sorted(parts)))
                return _answer("CompleteMultipartUploadResult", f"<ETag>{etag}</ETag>")
            case "DELETE":
                self._delete(_place(request))
                return Reply(204)
            case "GET" if "tagging" in request.query:
                if not self.every.is_there(_place(request)):
                    return refusal(404, "NoSuchKey")
                return Reply(200, self.every.tags(_place(request)), XML)
            case "GET" if name := self.calls.name_in(request.query):
                found = self.calls.find(_place(request), name)
                return Reply(200, found, XML) if found else refusal(404, "NoSuchKey")
            case "HEAD" if _place(request) not in self.objects:
                return self._head(request)
            case "GET" | "HEAD" if not set(request.query) - {"x-id", "versionId"}:
                return self._get(request)
        return self._surprise(request)

    def _bucket(self, request: Request) -> Reply:
        if request.method == "HEAD":
            return Reply(headers=(("x-amz-bucket-region", "us-east-1"),))
        if request.method == "GET" and "list-type" in request.query:
            prefix = request.query.get("prefix", "")
            keys = sorted(
                k for b, k in self.objects if b == request.bucket and k.startswith(prefix)
            )
            inner = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in keys)
            return _answer("ListBucketResult", f"<IsTruncated>false</IsTruncated>{inner}")
        if request.method == "GET" and "object-lock" in request.query:
            return Reply(200, LOCK, XML)
        return self._surprise(request)

    def _surprise(self, request: Request) -> Reply:
        self.surprises.append(f"{request.method} /{request.bucket}/{request.key} {request.query}")
        return refusal(501, "NotImplemented")

    def _put_part(self, request: Request) -> Reply:
        parts = self._uploads[request.query["uploadId"]]
        parts[int(request.query["partNumber"])] = request.body
        return Reply(headers=(("ETag", f'"{hashlib.md5(request.body).hexdigest()}"'),))

    def _head(self, request: Request) -> Reply:
        if not self.every.is_there(_place(request)):
            return Reply(404)
        facts = (("ETag", '"ab"'), ("Last-Modified", LONG_AGO))
        return Reply(headers=(*facts, *self.calls.headers(_place(request))))

    def _get(self, request: Request) -> Reply:
        body = self.objects.get(_place(request))
        if body is None:
            return refusal(404, "NoSuchKey")
        etag = hashlib.md5(body).hexdigest()
        if request.headers.get("if-match", etag).strip('"') != etag:
            return refusal(412, "PreconditionFailed")
        whole, status, facts = len(body), 200, []
        if asked := request.headers.get("range"):
            start, _, last = asked.removeprefix("bytes=").partition("-")
            if int(start) >= whole:
                return refusal(416, "InvalidRange")
            body, status = body[int(start) : int(last) + 1 if last else whole], 206
            facts.append(("Content-Range", f"bytes {start}-{int(start) + len(body) - 1}/{whole}"))
        facts += [("ETag", f'"{etag}"'), ("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")]
        return Reply(status, body, (*facts, ("Content-Length", str(len(body)))))


def _place(request: Request) -> Place:
    return request.bucket, request.key


class _Connection(asyncio.Protocol):
    """One after the other, as HTTP/1.1 has it; a request that comes early waits in the parser."""

    def __init__(
        self,
        storage: CountingStorage,
        loop: asyncio.AbstractEventLoop,
        connections: "set[_Connection]",
    ) -> None:
        self._storage, self._loop, self._connections = storage, loop, connections
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._request, self._body = Request(), bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connections.discard(self)

    def break_off(self) -> None:
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._storage.surprises.append(f"not HTTP: {data[:200]!r}")
            self.break_off()

    def on_url(self, url: bytes) -> None:
        path, _, query = url.decode().partition("?")
        bucket, _, key = path.lstrip("/").partition("/")
        facts = parse_qs(query, keep_blank_values=True) if query else {}
        self._request.bucket, self._request.key = unquote(bucket), unquote(key)
        self._request.query = {name: values[0] for name, values in facts.items()}

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if "expect" in self._request.headers:
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        request, self._request = self._request, Request()
        request.method, request.body = self._parser.get_method().decode(), bytes(self._body)
        self._body.clear()
        reply, delay_s = self._storage.answer(request)
        if reply is None:
            return
        wire = reply.wire(head_only=request.method == "HEAD")
        if request.method == "GET" and request.key and request.bucket in self._storage.trickling:
            self._storage.trickled += 1
            head, end, body = wire.partition(b"\r\n\r\n")
            self._write(head + end)
            self._trickle(request.bucket, body)
        elif delay_s:
            self._loop.call_later(delay_s, self._write, wire)
        else:
            self._write(wire)

    def _trickle(self, bucket: str, body: bytes) -> None:
        size = 1 if bucket in self._storage.trickling else len(body)
        self._write(body[:size])
        if body[size:] and self._transport:
            self._loop.call_later(TRICKLE_S, self._trickle, bucket, body[size:])

    def _write(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)


@contextlib.contextmanager
def running(
    *, delay_s: float = 0.0, kind: type[CountingStorage] = CountingStorage
) -> Iterator[CountingStorage]:
    storage = kind(delay_s=delay_s)
    storage.start()
    try:
        yield storage
    finally:
        storage.end()
