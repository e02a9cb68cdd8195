"""The headers of an answer, read when somebody asks for them."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import overload

import httptools

Header = tuple[bytes, bytes]


class Head(Sequence[Header]):
    """Of `received`, which begins with an answer, or with interim ones before it."""

    __slots__ = ("_headers", "_received")

    def __init__(self, received: bytes) -> None:
        self._received = received
        self._headers: list[Header] | None = None

    def _load(self) -> list[Header]:
        if self._headers is None:
            self._headers = headers_of(self._received)
        return self._headers

    @overload
    def __getitem__(self, index: int) -> Header: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Header]: ...
    def __getitem__(self, index: int | slice) -> Header | Sequence[Header]:
        return self._load()[index]

    def __iter__(self) -> Iterator[Header]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())


def headers_of(received: bytes) -> list[Header]:
    """Of the first answer in `received` that is no interim one; with what is lacking left out."""
    collector = _Collector()
    collector.parser = httptools.HttpResponseParser(collector)
    with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        collector.parser.feed_data(received)
    return collector.headers


class _Collector:
    def __init__(self) -> None:
        self.parser: httptools.HttpResponseParser
        self.headers: list[Header] = []
        self._is_whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_whole:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._is_whole = self.parser.get_status_code() >= 200

    def on_message_begin(self) -> None:
        if not self._is_whole:
            self.headers = []
