"""The rows of a completion report as files: as they lie in the bucket, and as people and programs
like them. Memory stays flat.
"""

import csv
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from json.encoder import encode_basestring

from jobs.console.report_rows import files_of
from jobs.manifests.keys import decoded_key
from jobs.models import Report
from jobs.reports.for_people import csv_of
from jobs.reports.reading import COLUMNS, KEY, UnreadableReportError
from jobs.reports.scanning import RowFilter, fitting, whole_rows
from jobs.s3.storage import Storage

BATCH_ROWS = 1_000

Fields = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """`write` gives the bytes of some rows, `head` what stands before all of them."""

    ending: str
    content_type: str
    write: Callable[[Iterable[Fields]], bytes]
    head: bytes = b""


def file_as_it_is(report: Report, storage: Storage, key: str) -> Generator[bytes]:
    """A result file byte for byte. Raises StorageError while it is consumed."""
    with storage.open_object(report.bucket, key) as pieces:
        yield from pieces


def rows_in(
    file_format: FileFormat,
    report: Report,
    storage: Storage,
    wanted: RowFilter,
    *,
    as_written: bool = False,
) -> Iterator[bytes]:
    """All rows that fit, those that failed first; their keys decoded, unless they are wanted
    `as_written`. Raises StorageError, UnreadableReportError while it is consumed.
    """
    head = file_format.head
    for rows in _batches(report, storage, wanted):
        yield head + file_format.write(rows if as_written else map(_decoded, rows))
        head = b""
    yield head


def _decoded(fields: Fields) -> Fields:
    if "%" not in fields[KEY]:
        return fields
    return (*fields[:KEY], decoded_key(fields[KEY]), *fields[KEY + 1 :])


def _batches(report: Report, storage: Storage, wanted: RowFilter) -> Iterator[Iterable[Fields]]:
    for file in files_of(report, wanted):
        with storage.open_object(report.bucket, file["key"]) as pieces:
            if wanted.reads_rows:
                rows = (row.fields() for _, row in fitting(pieces, wanted) if row)
                while batch := list(islice(rows, BATCH_ROWS)):
                    yield batch
            else:
                yield from (_fields_in(block) for _, block in whole_rows(pieces))


def _fields_in(block: bytes) -> Iterator[Fields]:
    lines = block.decode(errors="replace").removesuffix("\n").split("\n")
    try:
        for row in _split(lines) if b'"' in block else (line.split(",") for line in lines):
            if len(row) != len(COLUMNS):
                raise UnreadableReportError
            yield tuple(row)
    except csv.Error as error:
        raise UnreadableReportError from error


def _split(lines: Iterable[str]) -> Iterator[list[str]]:
    return csv.reader((f"{line}\n" for line in lines), strict=True)


def _json_of(rows: Iterable[Fields]) -> bytes:
    # A program reads it, so nothing is defused. By hand, in a quarter of the time of json.dumps.
    return "".join([_JSON_LINE % tuple(map(encode_basestring, row)) for row in rows]).encode()


_JSON_LINE = "{{{}}}\n".format(", ".join(f'"{name}": %s' for name in COLUMNS))
CSV = FileFormat("csv", "text/csv; charset=utf-8", csv_of, csv_of([COLUMNS]))
JSON_LINES = FileFormat("jsonl", "application/jsonl; charset=utf-8", _json_of)
FORMATS = {one.ending: one for one in (CSV, JSON_LINES)}
