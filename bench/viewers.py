"""People who have a page open: their browsers ask for its live fragment as htmx does, each at the
interval and the address that its last answer says.
"""

import asyncio
import html
import re
import threading
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE_S = 60.0
_LIVE = re.compile(r'id="(?:live|list-poller)"[^>]*?hx-get="([^"]+)"\s+hx-trigger="every (\d+)s"')


@dataclass(frozen=True, slots=True)
class Look:
    """A fragment that came: when it was asked for (time.monotonic), how long it took, its size."""

    at_s: float
    took_s: float
    size_bytes: int


@dataclass(slots=True)
class Viewer:
    """`every_s` is how often its page asks just now; 0 while it is not open, and when it asks no more."""

    address: tuple[str, int]
    cookie: str
    page: str
    every_s: int = 0
    looks: list[Look] = field(default_factory=list)
    _wire: tuple[StreamReader, StreamWriter] | None = None

    async def watch(self, after_s: float) -> None:
        """Raises OSError for any answer but a good one."""
        await asyncio.sleep(after_s)
        live = _LIVE.search(await self._get(self.page))
        while live:
            self.every_s = int(live[2])
            await asyncio.sleep(self.every_s)
            at_s = time.monotonic()
            text = await self._get(html.unescape(live[1]), "HX-Request: true\r\n")
            self.looks.append(Look(at_s, time.monotonic() - at_s, len(text.encode())))
            live = _LIVE.search(text)
        self.every_s = 0

    async def _get(self, path: str, more: str = "") -> str:
        head = (
            f"GET {path} HTTP/1.1\r\nHost: {self.address[0]}\r\nCookie: {self.cookie}\r\n{more}\r\n"
        )
        async with asyncio.timeout(PATIENCE_S):
            while True:
                is_kept = self._wire is not None
                reader, writer = self._wire or await asyncio.open_connection(*self.address)
                self._wire = (reader, writer)
                try:
                    return await self._exchange(reader, writer, head.encode())
                except (ConnectionError, asyncio.IncompleteReadError):
                    self._wire = None
                    if not is_kept:
                        raise
                    # The server closed it while it rested; a browser takes another one, too.

    async def _exchange(self, reader: StreamReader, writer: StreamWriter, head: bytes) -> str:
        writer.write(head)
        status, *headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in headers if ": " in line)
        body = await reader.readexactly(int(fields["content-length"]))
        if fields.get("connection") == "close":
            writer.close()
            self._wire = None
        if status.split()[1] != "200":
            raise OSError(f"{status} instead of a fragment")
        return body.decode()


class Viewers:
    """In a thread of their own, until `end`."""

    def __init__(self, url: str, cookies: Sequence[str], pages: Sequence[str]) -> None:
        place = urlsplit(url)
        address = (place.hostname or "", place.port or 80)
        self.all = [Viewer(address, *one) for one in zip(cookies, pages, strict=True)]
        self.failed: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def open(self, within_s: float) -> None:
        """One after the other."""
        self._thread.start()
        for number, viewer in enumerate(self.all):
            watching = viewer.watch(within_s * number / len(self.all))
            asyncio.run_coroutine_threadsafe(self._noted(watching), self._loop)

    def end(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def looks(self, from_s: float, to_s: float) -> list[Look]:
        return [look for one in self.all for look in one.looks if from_s <= look.at_s <= to_s]

    async def _close_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _noted(self, watching: Coroutine[None, None, None]) -> None:
        try:
            await watching
        except (OSError, asyncio.IncompleteReadError) as error:
            self.failed.append(f"{type(error).__name__}: {error}")
