"""Rows of a completion report, read from its result files as a stream.

See docs/batch-operations.md, Rows of a report.
"""

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jobs.errors import BatchConsoleError

COLUMNS = (
    "Bucket",
    "Key",
    "VersionId",
    "TaskStatus",
    "HTTPStatusCode",
    "ErrorCode",
    "ResultMessage",
)
"""In the order of the files."""

KEY = COLUMNS.index("Key")

MAX_LINE = 1024 * 1024


class UnreadableReportError(BatchConsoleError):
    """The report object is not a completion report any more."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Fields as the file has them; `key` is still URL-encoded."""

    bucket: str
    key: str
    version_id: str
    task_status: str
    http_status: str
    code: str
    message: str

    def fields(self) -> tuple[str, ...]:
        return (
            *(self.bucket, self.key, self.version_id, self.task_status),
            *(self.http_status, self.code, self.message),
        )


def parse(pieces: Iterable[bytes], *, strict: bool = False) -> Iterator[ReportRow]:
    """Rows of a result file that comes in pieces of any size. Raises UnreadableReportError.

    With `strict` also for what is not UTF-8, which is shown as a replacement sign otherwise.
    """
    try:
        for fields in csv.reader(_lines(pieces, "strict" if strict else "replace"), strict=True):
            if len(fields) != len(COLUMNS):
                raise UnreadableReportError
            yield ReportRow(*fields)
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableReportError from error


def _lines(pieces: Iterable[bytes], errors: str) -> Iterator[str]:
    """Lines with their line feed. A key may hold other line ends, which end no row."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + decoder.decode(piece)).split("\n")
        yield from (f"{line}\n" for line in lines)
        if len(rest) > MAX_LINE:
            raise UnreadableReportError
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest
