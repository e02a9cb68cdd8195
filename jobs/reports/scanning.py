"""Rows of a result file that fit a filter, found in its bytes; only those are parsed. Pure.

A million rows are 100 MB, and to parse them takes longer than to bring them. So the bytes are searched
for whatever may stand for what is sought, and only rows where it was found are looked at closely.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from jobs.choices import Foreseen
from jobs.reports.reading import ReportRow, UnreadableReportError, parse
from jobs.reports.retry_list import MAX_CODE
from jobs.reports.rows import FAILED, SUCCEEDED

MAX_ROW_BYTES = 1024 * 1024

_LAST_CASED = 0x1E943
"""No letter behind this one has another case."""

_BROKEN = "\N{REPLACEMENT CHARACTER}"
"""Stands for bytes that are no UTF-8."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """`task` is "failed", "succeeded" or empty, `q` a part of the key in any case: as the file has
    the key, or with its URL encoding undone.
    """

    task: str = ""
    code: str = ""
    q: str = ""

    @property
    def reads_rows(self) -> bool:
        """False when whole files fit or do not fit."""
        return bool(self.code or self.q)

    def reads_file(self, status: str) -> bool:
        """Only a task that failed has an error code; one of a dry run has its kind there."""
        expected = SUCCEEDED if self.code in Foreseen.values else FAILED
        return self.task in ("", status) and (not self.code or status == expected)

    def fits(self, row: ReportRow) -> bool:
        return (
            (not self.task or row.task_status == self.task)
            and (not self.code or row.code[:MAX_CODE] == self.code)
            and (not self.q or self._in_key(row.key))
        )

    def _in_key(self, key: str) -> bool:
        sought = _folded(self.q)
        return sought in _folded(key) or sought in _folded(unquote_plus(key))


def fitting(
    pieces: Iterable[bytes], wanted: RowFilter, start_byte: int = 0
) -> Iterator[tuple[int, ReportRow | None]]:
    """The rows that fit, each with the byte behind it, from a file's pieces of any size, the first
    of which begins with the row at `start_byte`. None for a row says that all before that byte
    has been looked at. Raises UnreadableReportError.
    """
    narrowed = _Narrowed(wanted)
    for at, block in whole_rows(pieces, start_byte):
        for start, end in narrowed.candidates(block):
            for row in parse([block[start:end]]):
                if wanted.fits(row):
                    yield at + end, row
        yield at + len(block), None


def whole_rows(pieces: Iterable[bytes], start_byte: int = 0) -> Iterator[tuple[int, bytes]]:
    """The same bytes in blocks that end where a row ends, each with the byte where it begins."""
    at, rest = start_byte, b""
    for piece in pieces:
        data = rest + piece
        end = _end_of_rows(data)
        if end:
            yield at, data[:end]
        at, rest = at + end, data[end:]
        if len(rest) > MAX_ROW_BYTES:
            raise UnreadableReportError
    if rest:
        yield at, rest


def _end_of_rows(data: bytes) -> int:
    """Behind the last line feed that no quotes are open at."""
    end = data.rfind(b"\n") + 1
    open_quotes = data.count(b'"', 0, end) % 2
    while open_quotes and end:
        start = data.rfind(b"\n", 0, end - 1) + 1
        open_quotes ^= data.count(b'"', start, end) % 2
        end = start
    return end


class _Narrowed:
    """Where in a block rows may fit: never too few, sometimes too many."""

    def __init__(self, wanted: RowFilter) -> None:
        self._code = _pattern(_folded(wanted.code), encoded=False) if wanted.code else None
        self._q = [_pattern(_folded(wanted.q), encoded=e) for e in (False, True) if wanted.q]

    def candidates(self, block: bytes) -> Iterator[tuple[int, int]]:
        """Where each such row starts and ends."""
        low = block.lower()  # ASCII alone, so nothing moves; hexadecimal digits become alike, too.
        in_key = self._q[b"%" in low] if self._q else None
        first = self._code or in_key
        for start, end in _rows_with(low, first) if first else _rows(low):
            if in_key is None or in_key.search(_key_in(low[start:end])):
                yield start, end


def _rows_with(low: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    if _has_long_rows(low):
        yield from (row for row in _rows(low) if pattern.search(low, *row))
        return
    at = 0
    while found := pattern.search(low, at):
        start = low.rfind(b"\n", 0, found.start()) + 1
        at = low.find(b"\n", found.start()) + 1 or len(low)
        yield start, at


def _has_long_rows(block: bytes) -> bool:
    """Whether a row goes over several lines: its first one leaves quotes open."""
    return b'"' in block and any(line.count(b'"') % 2 for line in block.split(b"\n"))


def _rows(block: bytes) -> Iterator[tuple[int, int]]:
    start = end = 0
    open_quotes = False
    while end < len(block):
        line = end
        end = block.find(b"\n", line) + 1 or len(block)
        open_quotes ^= bool(block.count(b'"', line, end) % 2)
        if not open_quotes or end == len(block):
            yield start, end
            start = end


def _key_in(row: bytes) -> bytes:
    """The key alone where that is plain to see, otherwise all of the row."""
    fields = row.split(b",", 2)
    return row if b'"' in row or len(fields) < 3 else fields[1]


def _folded(text: str) -> str:
    """In small letters, each where it was: two letters that stand for one stay as they are."""
    if text.isascii():
        return text.lower()
    return "".join([low if len(low := sign.lower()) == 1 else sign for sign in text])


@functools.cache
def _capitals() -> dict[str, list[str]]:
    """Small letter to all that are folded to it: K and the sign for Kelvin for k."""
    found: dict[str, list[str]] = {}
    for sign in map(chr, range(_LAST_CASED + 1)):
        low = _folded(sign)
        if low != sign:
            found.setdefault(low, []).append(sign)
    return found


def _pattern(folded: str, *, encoded: bool) -> re.Pattern[bytes]:
    """Finds all spellings of a text in the bytes of a file that were put in small letters:
    `encoded` also those with some of the bytes as %XX.
    """
    return re.compile(b"".join(_spellings(sign, encoded=encoded) for sign in folded))


def _spellings(sign: str, *, encoded: bool) -> bytes:
    if sign == _BROKEN:
        byte = rb"[\x80-\xff]|%[89a-f][0-9a-f]" if encoded else rb"[\x80-\xff]"
        return b"(?:%b){1,4}" % byte
    signs = [sign, *_capitals().get(sign, [])]
    ways = [_bytes_as_they_are(one) for one in signs]
    if encoded:
        ways += map(_bytes_perhaps_encoded, signs)
    if sign == " ":
        ways.append(rb"\+")
    if sign == '"':
        ways.insert(0, b'""')
    ways = list(dict.fromkeys(ways))
    return ways[0] if len(ways) == 1 else b"(?:%b)" % b"|".join(ways)


def _bytes_as_they_are(sign: str) -> bytes:
    return re.escape(sign.encode().lower())


def _bytes_perhaps_encoded(sign: str) -> bytes:
    if sign.isascii():
        return b"%%%02x" % ord(sign)
    return b"".join(b"(?:%b|%%%02x)" % (re.escape(bytes([n])), n) for n in sign.encode())
