"""A storage that lists, as well or as badly as a test wants it, in process or over HTTP."""

import contextlib
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit
from xml.sax.saxutils import escape

from jobs.errors import StorageError, StorageUnavailableError
from jobs.manifests.source import Reading
from jobs.s3.listing import OBJECTS

CHANGED = "2026-01-02T03:04:05.000Z"
CHANGED_S = 1767323045.0


@dataclass(frozen=True)
class Entry:
    """What a listing has of an object, a version, or a delete marker."""

    key: str
    version_id: str = "null"
    is_latest: bool = True
    is_marker: bool = False
    size: int = 5


def entries(keys: Sequence[str]) -> list[Entry]:
    return [Entry(key) for key in sorted(set(keys))]


@dataclass
class ListingStorage:
    """`rows` in the order in which they are listed, by bucket. What is true below it does wrongly."""

    rows: dict[str, list[Entry]]
    most_rows: int = 1000
    ignores_start: bool = False
    ignores_version_marker: bool = False
    ignores_prefix: bool = False
    ignores_encoding: bool = False
    plus_for_space: bool = True
    leaves_out: int = 0
    """So many rows at the beginning of each page but the first."""

    token_leaves_out: int = 0
    """So many rows behind each page that ends with a continuation token."""

    says_more: bool = False
    repeats: bool = False
    forgets_token: bool = False
    groups_markers: bool = False
    refusals: list[StorageError] = field(default_factory=list)
    """Given one after another, before anything else is answered."""

    asked: list[dict[str, str]] = field(default_factory=list)
    before_answer: Callable[[dict[str, str]], object] = lambda query: None
    _views: dict[tuple[str, str, bool], tuple[int, list[Entry]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # --- As jobs.s3.listing.Listing

    def page(self, action: str, bucket: str, query: dict[str, str]) -> bytes:
        self.before_answer(query)
        with self._lock:
            self.asked.append(dict(query))
            if self.refusals:
                raise self.refusals.pop(0)
        return self.answer(action, bucket, query)

    def refused(self, action: str, body: bytes) -> StorageError:
        return StorageError("OddAnswer", f"No listing: {body[:40]!r}.")

    def reading(self, rows_per_block: int = 1000, **more: Any) -> Reading:
        return Reading(lambda bucket: SimpleNamespace(listing=self), rows_per_block, **more)

    # --- What it answers

    def answer(self, action: str, bucket: str, query: dict[str, str]) -> bytes:
        is_current = action == OBJECTS
        prefix = "" if self.ignores_prefix else query.get("prefix", "")
        rows = self._view(bucket, prefix, is_current=is_current)
        start = self._start(rows, query, is_current=is_current)
        count = min(int(query["max-keys"]), self.most_rows)
        end = start + count
        page = rows[start:end]
        is_more = self.says_more or end < len(rows)
        facts = f"<IsTruncated>{'true' if is_more else 'false'}</IsTruncated>"
        token = 0 if self.repeats else end + self.token_leaves_out
        if is_more and is_current and not self.forgets_token:
            facts += f"<NextContinuationToken>{token}</NextContinuationToken>"
        if is_more and not is_current and page:
            last = page[-1]
            facts += f"<NextKeyMarker>{self._text(last.key)}</NextKeyMarker>"
            facts += f"<NextVersionIdMarker>{last.version_id}</NextVersionIdMarker>"
        if self.groups_markers:
            page = sorted(page, key=lambda row: row.is_marker)
        root = "ListBucketResult" if is_current else "ListVersionsResult"
        encoding = "" if self.ignores_encoding else "<EncodingType>url</EncodingType>"
        listed = "".join(self._row(row, is_current=is_current) for row in page)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{encoding}{facts}{listed}'
            f"</{root}>"
        ).encode()

    def _view(self, bucket: str, prefix: str, *, is_current: bool) -> list[Entry]:
        """Made anew when the test changed what is there."""
        rows = self.rows.get(bucket, [])
        known = self._views.get((bucket, prefix, is_current))
        if known is None or known[0] != len(rows):
            view = [
                row
                for row in rows
                if row.key.startswith(prefix)
                and not (is_current and (row.is_marker or not row.is_latest))
            ]
            known = self._views[bucket, prefix, is_current] = (len(rows), view)
        return known[1]

    def _start(self, rows: list[Entry], query: dict[str, str], *, is_current: bool) -> int:
        if "continuation-token" in query:
            return int(query["continuation-token"])
        key = query.get("start-after" if is_current else "key-marker", "")
        if not key or self.ignores_start:
            return 0
        version_id = query.get("version-id-marker", "")
        if version_id and not self.ignores_version_marker:
            place = next(
                (n for n, row in enumerate(rows) if (row.key, row.version_id) == (key, version_id)),
                None,
            )
            if place is not None:
                return place + 1
        return self._behind(rows, key) + self.leaves_out

    @staticmethod
    def _behind(rows: list[Entry], key: str) -> int:
        """The first that is greater, in rows of any order; found soon where they are in order."""
        guess = bisect_right(rows, key, key=lambda row: row.key)
        if all(a.key <= b.key for a, b in pairwise(rows[max(0, guess - 50) : guess + 50])):
            return guess
        return next((n for n, row in enumerate(rows) if row.key > key), len(rows))

    def _row(self, row: Entry, *, is_current: bool) -> str:
        facts = f"<LastModified>{CHANGED}</LastModified>"
        key = f"<Key>{self._text(row.key)}</Key>"
        owner = "<Owner><ID>me</ID><DisplayName>I</DisplayName></Owner>"
        version = f"<VersionId>{row.version_id}</VersionId>"
        version += f"<IsLatest>{'true' if row.is_latest else 'false'}</IsLatest>"
        if row.is_marker:
            return f"<DeleteMarker>{key}{version}{facts}{owner}</DeleteMarker>"
        facts += f"<ETag>&quot;e{row.size}&quot;</ETag><Size>{row.size}</Size>"
        facts += "<StorageClass>STANDARD</StorageClass>"
        if is_current:
            return f"<Contents>{key}{facts}</Contents>"
        return f"<Version>{key}{version}{facts}{owner}</Version>"

    def _text(self, key: str) -> str:
        if self.ignores_encoding:
            return escape(key)
        return quote_plus(key, safe="/") if self.plus_for_space else quote(key, safe="/")

    # --- Over HTTP

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Its endpoint URL; path-style."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(storage: ListingStorage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
            action = OBJECTS if "list-type" in query else "ListObjectVersions"
            try:
                status, body = 200, storage.page(action, parts.path.strip("/"), query)
            except StorageError as error:
                status = error.http_status
                body = f"<Error><Code>{error.code}</Code><Message>No.</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def slow_down() -> StorageUnavailableError:
    return StorageUnavailableError("SlowDown", "Reduce your request rate.", http_status=503)


def counted(asked: Sequence[dict[str, str]]) -> Counter[str]:
    """How often each query was asked."""
    return Counter(repr(sorted(query.items())) for query in asked)
