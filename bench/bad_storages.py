"""Three storages that answer as none should, as one process: one sends a byte a second, one takes
what it is asked and never answers, one never comes to an end. `python -m bench.bad_storages` says where
they are, as JSON, and ends when nobody holds its standard input any more.
"""

import asyncio
import contextlib
import json
import resource
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Iterator

from bench import machine, tools

TRICKLES, HANGS, FLOODS = "trickles", "hangs", "answers without end"
ETAG = "bad"
"""Of every list that lies there, without quotes."""

ROW = b"data,data/part-000000001.parquet\n"
LIST_BYTES = 1 << 40
LIST_BYTES_PER_S = 1_000_000
"""Of each list without end: at full speed it would only show that the machine has no more cores."""

LINE_BYTES_PER_S = 100_000_000
"""Of all other answers without end together."""

HEAD = "x-amz-request-id: R1\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
FACTS = f'ETag: "{ETAG}"\r\nLast-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n'

Answer = Callable[[StreamReader, StreamWriter, str, int], Awaitable[None]]
"""Called with what was asked ("GET /bucket/key") and the first byte that was asked for."""


class _Line:
    """What all answers without end share."""

    def __init__(self) -> None:
        self._free_s = 0.0

    async def turn(self, size_bytes: int) -> None:
        now_s = asyncio.get_running_loop().time()
        self._free_s = max(self._free_s, now_s) + size_bytes / LINE_BYTES_PER_S
        await asyncio.sleep(self._free_s - now_s)


_line = _Line()


async def _trickle(_: StreamReader, writer: StreamWriter, asked: str, from_byte: int) -> None:
    """A list trickles behind a good head; of any other answer the head itself does."""
    if _is_list(asked):
        _begin_list(writer, from_byte)
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nx-amz-meta-slow: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(1.0)


async def _hang(reader: StreamReader, _writer: StreamWriter, _asked: str, _byte: int) -> None:
    while await reader.read(65_536):
        pass


async def _flood(_: StreamReader, writer: StreamWriter, asked: str, from_byte: int) -> None:
    if _is_list(asked):
        _begin_list(writer, from_byte)
        rows = ROW * 2_000
        writer.write(rows[from_byte % len(ROW) :])
        while True:
            await writer.drain()
            await asyncio.sleep(len(rows) / LIST_BYTES_PER_S)
            writer.write(rows)
    writer.write(f"HTTP/1.1 200 OK\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
    piece = b"<Contents><Key>again</Key><Size>1</Size></Contents>" * 1_000
    piece = b"%x\r\n%s\r\n" % (len(piece), piece)
    while True:
        await _line.turn(len(piece))
        writer.write(piece)
        await writer.drain()


def _is_list(asked: str) -> bool:
    """An object, and no question about it or its bucket."""
    return asked.startswith("GET ") and "?" not in asked and asked.count("/") > 1


def _begin_list(writer: StreamWriter, from_byte: int) -> None:
    length = LIST_BYTES - from_byte
    head = f"HTTP/1.1 206 Partial Content\r\n{HEAD}{FACTS}Content-Length: {length}\r\n"
    head += f"Content-Range: bytes {from_byte}-{LIST_BYTES - 1}/{LIST_BYTES}\r\n\r\n"
    writer.write(head.encode())


def _served(answer: Answer) -> Callable[[StreamReader, StreamWriter], Awaitable[None]]:
    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                asked, *headers = head.split("\r\n")
                if asked.startswith("HEAD ") and answer is not _hang:
                    facts = f"HTTP/1.1 200 OK\r\n{HEAD}{FACTS}Content-Length: {LIST_BYTES}\r\n\r\n"
                    writer.write(facts.encode())
                else:
                    await answer(reader, writer, asked.rpartition(" ")[0], _first_byte(headers))
        writer.close()

    return serve


def _first_byte(headers: list[str]) -> int:
    for header in headers:
        name, _, value = header.lower().partition(": bytes=")
        if name == "range":
            return int(value.partition("-")[0])
    return 0


async def _serve() -> None:
    urls = {}
    for name, answer in ((TRICKLES, _trickle), (HANGS, _hang), (FLOODS, _flood)):
        server = await asyncio.start_server(_served(answer), "127.0.0.1", 0, backlog=1024)
        urls[name] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(json.dumps(urls), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_serve())


@contextlib.contextmanager
def running() -> Iterator[dict[str, str]]:
    """Their URLs by what they do."""
    core = str(machine.cores().house)
    process = subprocess.Popen(
        ["taskset", "-c", core, sys.executable, "-m", "bench.bad_storages"],
        cwd=tools.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        urls: dict[str, str] = json.loads(process.stdout.readline())
        yield urls
    finally:
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    main()
