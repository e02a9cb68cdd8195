"""Rows of a completion report, streamed from its files in the bucket; memory stays flat."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from jobs.errors import BatchConsoleError
from jobs.models import Report
from jobs.reports.reading import ReportRow, parse
from jobs.reports.retry_list import MAX_CODE
from jobs.s3.storage import Storage

PER_PAGE = 50
PATIENCE_S = 8.0
"""How long a page may look for its rows."""

_CHECK_EVERY = 10_000


class ReportTooLongError(BatchConsoleError):
    """Too many rows to look through at once. Narrow the filter, or download the report."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """`task` is "failed", "succeeded" or empty, `q` a part of the key in any case."""

    task: str = ""
    code: str = ""
    q: str = ""

    @property
    def reads_rows(self) -> bool:
        """False when whole files fit or do not fit, so that none must be read to skip it."""
        return bool(self.code or self.q)

    def fits(self, row: ReportRow) -> bool:
        return (
            (not self.task or row.task_status == self.task)
            and (not self.code or row.code[:MAX_CODE] == self.code)
            and (not self.q or self.q.lower() in row.key.lower())
        )


@dataclass(frozen=True, slots=True)
class RowPage:
    rows: list[ReportRow]
    more: bool


def page_of_rows(
    report: Report,
    storage: Storage,
    wanted: RowFilter,
    *,
    number: int,
    clock: Callable[[], float],
) -> RowPage:
    """The page `number`, from 1. Raises StorageError, UnreadableReportError, ReportTooLongError.

    `clock` gives seconds; pages deep in a long report are looked for PATIENCE_S seconds at most.
    """
    skip, files = (number - 1) * PER_PAGE, _files(report, wanted)
    while files and not wanted.reads_rows and skip >= files[0]["rows"]:
        skip -= files.pop(0)["rows"]
    rows = _patient(_rows(report, storage, files), clock, clock() + PATIENCE_S)
    found = list(islice(filter(wanted.fits, rows), skip, skip + PER_PAGE + 1))
    return RowPage(found[:PER_PAGE], len(found) > PER_PAGE)


def rows_of(report: Report, storage: Storage, wanted: RowFilter) -> Iterator[ReportRow]:
    """All rows that fit. Raises StorageError, UnreadableReportError while it is consumed."""
    return filter(wanted.fits, _rows(report, storage, _files(report, wanted)))


def _files(report: Report, wanted: RowFilter) -> list[dict[str, int]]:
    return [file for file in report.files if wanted.task in ("", file["status"])]


def _patient(
    rows: Iterator[ReportRow], clock: Callable[[], float], until_s: float
) -> Iterator[ReportRow]:
    for number, row in enumerate(rows):
        if number % _CHECK_EVERY == 0 and clock() > until_s:
            raise ReportTooLongError
        yield row


def _rows(report: Report, storage: Storage, files: Iterable[dict[str, int]]) -> Iterator[ReportRow]:
    for file in files:
        with storage.open_object(report.bucket, str(file["key"])) as pieces:
            yield from parse(pieces)


class _Echo:
    """csv.writer writes into it and gets the line back as the answer."""

    def write(self, line: str) -> str:
        return line.removesuffix("\r\n") + "\n"


def as_csv(rows: Iterable[ReportRow]) -> Iterator[str]:
    """Lines as the report has them, byte for byte."""
    # Without the carriage return in the line end, csv would not quote one in a key.
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    for row in rows:
        yield str(writer.writerow(row.fields()))
