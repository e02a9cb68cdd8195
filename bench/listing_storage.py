"""A storage that only lists, from answers that lie ready: python -m bench.listing_storage KIND KEYS DELAY_MS

It prints its port when it listens. Every page is a slice of text that was made before, so what a client
waits for is the delay.
"""

import asyncio
import hashlib
import json
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

PAGE_ROWS = 1000
ROW = (
    "<Contents><Key>{}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
    "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>1024</Size>"
    "<StorageClass>STANDARD</StorageClass></Contents>"
)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>data</Name>'
    "<MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>"
)


def flat(count: int) -> Iterator[str]:
    return (f"key-{number:010d}" for number in range(count))


def hexadecimal(count: int) -> Iterator[str]:
    return (hashlib.sha256(str(number).encode()).hexdigest() for number in range(count))


def one_folder(count: int) -> Iterator[str]:
    """Nine of ten in one folder, the others in many."""
    for number in range(count):
        if number % 10:
            yield f"big/{number:010d}"
        else:
            yield f"{'acxz'[number % 4]}{number % 97:02d}/{number:010d}"


KINDS = {"flat": flat, "hex": hexadecimal, "one-folder": one_folder}


class Storage:
    def __init__(self, keys: list[str], delay_s: float) -> None:
        self.requests = 0
        self._keys = sorted(keys)
        self._delay_s = delay_s
        rows = [ROW.format(key).encode() for key in self._keys]
        self._ends = array("Q", [0])
        for row in rows:
            self._ends.append(self._ends[-1] + len(row))
        self._text = memoryview(b"".join(rows))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                query = parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query)
                for piece in self._said() if "said" in query else await self._page(query):
                    writer.write(piece)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _said(self) -> list[bytes]:
        """How many were answered since it was last asked."""
        requests, self.requests = self.requests, 0
        return _answer([json.dumps({"requests": requests}).encode()])

    async def _page(self, query: dict[str, list[str]]) -> list[bytes | memoryview]:
        self.requests += 1
        await asyncio.sleep(self._delay_s)
        if "continuation-token" in query:
            start = int(query["continuation-token"][0])
        else:
            start = bisect_right(self._keys, query.get("start-after", [""])[0])
        count = min(PAGE_ROWS, int(query.get("max-keys", ["1000"])[0]))
        end = min(start + count, len(self._keys))
        more = end < len(self._keys)
        facts = f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        facts += f"<NextContinuationToken>{end}</NextContinuationToken>" if more else ""
        rows = self._text[self._ends[start] : self._ends[end]]
        return _answer([(HEAD + facts).encode(), rows, b"</ListBucketResult>"])


def _answer(pieces: list[bytes | memoryview]) -> list[bytes | memoryview]:
    length = sum(map(len, pieces))
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\n\r\n"
    return [head.encode(), *pieces]


async def _run(kind: str, count: int, delay_s: float) -> None:
    storage = Storage(list(KINDS[kind](count)), delay_s)
    server = await asyncio.start_server(storage.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000))
