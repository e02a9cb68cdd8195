"""An S3 server of a test's own that answers anything, and knows what it really did.

Each access key has a world of its own (answering_world). A script decides for each request whether
it is done and how it is answered; what it has no word for is done and answered truly.
"""

import asyncio
import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from html import unescape
from urllib.parse import parse_qsl, unquote

from jobs.s3.endpoints import Endpoint
from tests.answering_facts import Asked, Result
from tests.answering_forms import HEADERS, TRUE, Form, written
from tests.answering_world import World

ACTIONS = {
    ("GET", "acl"): "GetObjectAcl",
    ("PUT", "acl"): "PutObjectAcl",
    ("PUT", "encryption"): "UpdateObjectEncryption",
    ("GET", "tagging"): "GetObjectTagging",
    ("GET", "retention"): "GetObjectRetention",
    ("GET", "legal-hold"): "GetObjectLegalHold",
    ("PUT", "tagging"): "PutObjectTagging",
    ("DELETE", "tagging"): "DeleteObjectTagging",
    ("PUT", "retention"): "PutObjectRetention",
    ("PUT", "legal-hold"): "PutObjectLegalHold",
    ("POST", "delete"): "DeleteObjects",
    ("POST", "restore"): "RestoreObject",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("GET", "uploadId"): "ListParts",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
}
PLAINLY = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}


@dataclass(frozen=True)
class Play:
    """What becomes of a request. `lost`: the connection ends instead of an answer. `delay_s` is how
    long the answer is on its way, in real seconds.
    """

    does: bool = True
    form: Form = TRUE
    lost: bool = False
    delay_s: float = 0.0


Script = Callable[[Asked], Play | None]


@dataclass
class Stage:
    world: World
    script: Script = lambda asked: None
    log: list[str] = field(default_factory=list)

    def play(self, asked: Asked) -> tuple[Play, Result]:
        play = self.script(asked) or Play()
        true = self.world.answer(asked, does=play.does)
        self.log.append(f"{asked.action} {asked.key or asked.items}: {play} {true.status}")
        return play, written(play.form, asked, true)


class FastClock:
    """`rate` seconds pass in each; in tests of what takes seconds."""

    def __init__(self, rate: float = 50.0) -> None:
        self._rate, self._began_s, self._real_s = rate, time.time(), time.monotonic()

    def set_back_s(self, by_s: float) -> None:
        self._began_s -= by_s

    def time(self) -> float:
        return self._began_s + (time.monotonic() - self._real_s) * self._rate


@dataclass
class AnsweringStorage:
    port: int = 0
    stages: dict[str, Stage] = field(default_factory=dict)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"http://127.0.0.1:{self.port}", "us-east-1", "path")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._serve_one(reader, writer):
                pass
        writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:-2])}
        if "expect" in headers:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = head[0].split(" ")
        stage = self._stage_of(headers)
        asked = _read(stage.world, method, target, headers, body)
        play, answer = stage.play(asked)
        data = _wire(answer, play.form, stage.world.clock(), head_only=method == "HEAD")
        if play.delay_s:
            await asyncio.sleep(play.delay_s)
        if play.lost:
            return False
        writer.write(data)
        await writer.drain()
        return True

    def _stage_of(self, headers: dict[str, str]) -> Stage:
        found = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
        return self.stages[found.group(1) if found else ""]


def _read(world: World, method: str, target: str, headers: dict[str, str], body: bytes) -> Asked:
    path, _, raw_query = target.partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    query = dict(parse_qsl(raw_query, keep_blank_values=True))
    action = _action(method, key, query, headers)
    items = _items(body) if action == "DeleteObjects" else ()
    world.asked[action] += 1
    for name, _ in items or ((key, ""),):
        world.asked_of[action, name] += 1
    nth = world.asked_of[action, items[0][0] if items else key]
    version_id = query.get("versionId", "")
    return Asked(
        action, bucket, key, version_id, query, headers, body, nth, world.asked[action], items
    )


def _action(method: str, key: str, query: dict[str, str], headers: dict[str, str]) -> str:
    if method == "PUT" and "x-amz-copy-source" in headers:
        return "UploadPartCopy" if "partNumber" in query else "CopyObject"
    for (wanted, name), action in ACTIONS.items():
        if method == wanted and name in query:
            return action
    return PLAINLY[method] if key else f"{method.capitalize()}Bucket"


def _items(body: bytes) -> tuple[tuple[str, str], ...]:
    found = re.findall(
        r"<Object><Key>(.*?)</Key>(?:<VersionId>(.*?)</VersionId>)?</Object>", body.decode(), re.S
    )
    return tuple((unescape(key), version) for key, version in found)


def _wire(answer: Result, form: Form, now_s: float, *, head_only: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} -", *(f"{name}: {text}" for name, text in answer.headers)]
    if HEADERS[form.headers][1]:
        lines.append(f"Date: {formatdate(now_s, usegmt=True)}")
    has_body = answer.status not in (204, 304)
    if has_body:
        lines.append(f"Content-Length: {len(answer.body)}")
    body = b"" if head_only or not has_body else answer.body
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.contextmanager
def running() -> Iterator[AnsweringStorage]:
    """On a free port, in a thread."""
    storage, ready, stops = AnsweringStorage(), threading.Event(), []

    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        server = await asyncio.start_server(storage.serve, "127.0.0.1", 0, backlog=1024)
        storage.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=[serve()], daemon=True)
    thread.start()
    if not ready.wait(60):
        raise RuntimeError("The storage did not start.")
    try:
        yield storage
    finally:
        stops[0]()
        thread.join()
