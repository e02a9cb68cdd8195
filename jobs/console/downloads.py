"""Answers that are long: so few at a time that threads for pages are always left."""

import csv
import io
import threading
from collections.abc import Generator, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from jobs import conf
from jobs.console.report_rows import files_of
from jobs.models import Report
from jobs.reports.for_people import defused
from jobs.reports.reading import COLUMNS, UnreadableReportError
from jobs.reports.scanning import RowFilter, fitting, whole_rows
from jobs.s3.storage import Storage

RETRY_AFTER_S = 30
BATCH_ROWS = 1_000

_slots = threading.BoundedSemaphore(conf.DOWNLOADS_AT_ONCE)


def download(
    request: HttpRequest,
    pieces: Iterator[bytes],
    name: str,
    content_type: str = "text/csv; charset=utf-8",
) -> HttpResponseBase:
    """A file as an attachment, or a page that says that there are too many at the moment.

    Raises what `pieces` raises before the first piece; later that could only break off the answer.
    """
    if not _slots.acquire(blocking=False):
        return _too_many(request)
    held = _Held(request, pieces)
    try:
        held.begin()
    except BaseException:
        held.close()
        raise
    response = StreamingHttpResponse(held, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "503.html", {"seconds": RETRY_AFTER_S}, status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


class _Held:
    """Pieces that hold a slot until they are closed, which Django does however an answer ends."""

    def __init__(self, request: HttpRequest, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._open = True

    def begin(self) -> None:
        first = next(self._pieces, b"")
        self._rest = chain([first], self._pieces)

    def __iter__(self) -> Iterator[bytes]:
        return self._rest

    def close(self) -> None:
        if self._open:
            self._open = False
            close: Any = getattr(self._pieces, "close", None)
            try:
                if close:
                    close()
            finally:
                _slots.release()


def file_as_it_is(report: Report, storage: Storage, key: str) -> Generator[bytes]:
    """A result file byte for byte. Raises StorageError while it is consumed."""
    with storage.open_object(report.bucket, key) as pieces:
        yield from pieces


def rows_for_people(report: Report, storage: Storage, wanted: RowFilter) -> Iterator[bytes]:
    """All rows that fit, under a line with the names of the columns. Raises StorageError,
    UnreadableReportError while it is consumed.
    """
    head = _csv_of([COLUMNS])
    for rows in _batches(report, storage, wanted):
        yield head + _csv_of(rows)
        head = b""
    yield head


def _batches(
    report: Report, storage: Storage, wanted: RowFilter
) -> Iterator[Iterable[tuple[str, ...]]]:
    for file in files_of(report, wanted):
        with storage.open_object(report.bucket, file["key"]) as pieces:
            if wanted.reads_rows:
                rows = (row.fields() for _, row in fitting(pieces, wanted) if row)
                while batch := list(islice(rows, BATCH_ROWS)):
                    yield batch
            else:
                yield from (_fields_in(block) for _, block in whole_rows(pieces))


def _fields_in(block: bytes) -> Iterator[tuple[str, ...]]:
    lines = block.decode(errors="replace").removesuffix("\n").split("\n")
    try:
        for row in csv.reader((f"{line}\n" for line in lines), strict=True):
            if len(row) != len(COLUMNS):
                raise UnreadableReportError
            yield tuple(row)
    except csv.Error as error:
        raise UnreadableReportError from error


def _csv_of(rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    # With the carriage return in the line end, csv quotes one in a key, too.
    csv.writer(text, lineterminator="\r\n").writerows(map(defused, rows))
    return text.getvalue().encode()
