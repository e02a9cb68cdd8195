"""Pages of rows of a completion report, streamed from its files in the bucket; memory stays flat."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jobs.errors import BatchConsoleError
from jobs.models import Report
from jobs.reports.reading import ReportRow
from jobs.reports.rows import FAILED
from jobs.reports.scanning import RowFilter, fitting
from jobs.s3.storage import Storage

PER_PAGE = 50
SEARCH_S = 5.0
"""How long a page may look for its rows. What it did not come to, the next one does."""

WAIT_S = SEARCH_S + 2.0
"""How long it may wait for its storage in all."""

AHEAD_S = 0.5
"""How long a page that is full may look whether there is another row."""

FIRST_BYTES = 64 * 1024
"""Enough for a page of rows that all fit; only a search reads on."""

_PLACE = re.compile(r"([0-9]{1,6})-([0-9]{1,15})", re.ASCII)


class NoSuchPlaceError(BatchConsoleError):
    """This link leads to no place in the report. Start at its first page."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the report: the file's number in the viewer's order, the byte where the row begins."""

    file: int = 0
    byte: int = 0

    @classmethod
    def from_text(cls, text: str) -> "Place":
        """Of a link; the empty text is the first row. Raises NoSuchPlaceError."""
        if not text:
            return cls()
        found = _PLACE.fullmatch(text)
        if not found:
            raise NoSuchPlaceError
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.file}-{self.byte}"


@dataclass(frozen=True, slots=True)
class RowPage:
    """`following` is where to go on; `unfinished` when the time was up before the page was full."""

    rows: list[ReportRow]
    following: Place | None = None
    unfinished: bool = False


def page_of_rows(
    report: Report,
    storage: Storage,
    wanted: RowFilter,
    *,
    place: Place,
    clock: Callable[[], float],
) -> RowPage:
    """The rows from `place` on, those that failed first.

    `clock` gives seconds. Raises StorageError, UnreadableReportError, NoSuchPlaceError.
    """
    rows: list[ReportRow] = []
    start_s, behind_last = clock(), place
    for seen, row in _scan(report, storage, wanted, place):
        if row and len(rows) == PER_PAGE:
            return RowPage(rows, behind_last)
        if row:
            rows.append(row)
            behind_last = seen
        elif len(rows) == PER_PAGE and clock() - start_s > AHEAD_S:
            return RowPage(rows, behind_last)
        elif clock() - start_s > SEARCH_S:
            return RowPage(rows, seen, unfinished=True)
    return RowPage(rows)


def _scan(
    report: Report, storage: Storage, wanted: RowFilter, place: Place
) -> Iterator[tuple[Place, ReportRow | None]]:
    """As `fitting`, over all files from `place` on."""
    files = files_of(report, wanted)
    if place != Place() and place.file >= len(files):
        raise NoSuchPlaceError
    for number, file in enumerate(files[place.file :], place.file):
        byte = place.byte if number == place.file else 0
        for behind, row in fitting(_pieces(report, storage, file, byte), wanted, byte):
            yield Place(number, behind), row


def files_of(report: Report, wanted: RowFilter) -> list[dict[str, Any]]:
    """Those that may hold rows that fit; those of failed tasks first, as people look for them."""
    found = [file for file in report.files if wanted.reads_file(file["status"])]
    return sorted(found, key=lambda file: bool(file["status"] != FAILED))


def _pieces(
    report: Report, storage: Storage, file: dict[str, Any], start_byte: int
) -> Iterator[bytes]:
    """A file from a row on, the first piece small."""
    before = min(start_byte, 1)  # The line feed in front of the row.
    at = start_byte - before
    first = storage.read_range(report.bucket, file["key"], at, FIRST_BYTES)[:FIRST_BYTES]
    if before and first[:1] != b"\n":
        raise NoSuchPlaceError
    yield first[before:]
    at += len(first)
    if at < file["size_bytes"]:
        with storage.open_object(report.bucket, file["key"], start_byte=at) as pieces:
            yield from pieces
