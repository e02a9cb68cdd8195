"""Reading a CSV manifest as a stream of checked blocks.

See docs/batch-operations.md, CSV manifests; docs/engine.md, Reading lists.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jobs.choices import ManifestField
from jobs.manifests.layout import layout_of
from jobs.manifests.opening import check_first_line
from jobs.manifests.problems import (
    RowFaultError,
    at_line,
    empty_manifest,
    line_too_long,
    stray_carriage_return,
    too_many_blank_lines,
)
from jobs.manifests.rows import row_parser
from jobs.manifests.whole_block import BucketRows, bucket_rows

MAX_LINE_BYTES = 64 * 1024
BLANK = (b"", b"\r")
MAX_BLANK_LINES = 10_000
"""In a row. They mean nothing at the end of a file, and a file of nothing else never ends."""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Lines that follow each other, each of them checked.

    `lines` are raw, without line ends. `first_line` counts from 1. `end_byte` is the place in the
    file just behind the last line's end, from which the next block can be read. `buckets` gives
    bucket -> (rows, first line).
    """

    lines: list[bytes]
    first_line: int
    end_byte: int
    buckets: BucketRows


def read_blocks(
    pieces: Iterable[bytes],
    fields: tuple[ManifestField, ...],
    *,
    rows_per_block: int,
    first_line: int = 1,
    start_byte: int = 0,
    is_slow: Callable[[], bool] = lambda: False,
) -> Iterator[RowBlock]:
    """Blocks of exactly `rows_per_block` rows, but for the last, and for those that are cut short
    when `is_slow`, asked after each piece, says yes: so that what comes slowly is not lost again.

    `pieces` are the file's bytes from `start_byte` on, cut anywhere; `first_line` is the number of
    the line that begins there. Holds a block and a piece in memory. Raises ManifestError, with
    the line, at the first thing wrong, after the blocks before it.
    """
    reader = _Reader(fields, rows_per_block, first_line, start_byte)
    for piece in pieces:
        yield from reader.feed(piece)
        if is_slow():
            yield from reader.cut_short()
    yield from reader.finish()


class _Reader:
    """`_pending` holds whole lines still with their CR, `_carry` the beginning of the next one.

    Blank lines are counted, not kept: at the file's end they mean nothing; once a row follows, one
    of them goes where they stood, for the check of that block to find.
    """

    def __init__(
        self,
        fields: tuple[ManifestField, ...],
        rows_per_block: int,
        line: int,
        byte: int,
    ) -> None:
        self._layout = layout_of(fields)
        self._parse = row_parser(fields)
        self._rows_per_block = rows_per_block
        self._line = line
        self._byte = byte
        self._at_start = byte == 0
        self._pending: list[bytes] = []
        self._carry = b""
        self._blanks = 0
        self._seen_cr = False

    def feed(self, piece: bytes) -> Iterator[RowBlock]:
        self._seen_cr = self._seen_cr or b"\r" in piece
        lines = (self._carry + piece).split(b"\n")
        self._carry = lines.pop()
        self._take(lines)
        yield from self._cut(at_least=self._rows_per_block)
        if self._blanks > MAX_BLANK_LINES:
            yield from self._cut(at_least=1)
            raise at_line(too_many_blank_lines(MAX_BLANK_LINES), b"", self._line)
        # A CR behind the limit may still turn out to be half of a line end.
        if len(self._carry) > MAX_LINE_BYTES + 1:
            self._take([self._carry])
            yield from self._cut(at_least=1)

    def cut_short(self) -> Iterator[RowBlock]:
        """What is whole so far. Blank lines wait for what follows them."""
        if not self._blanks:
            yield from self._cut(at_least=1)

    def finish(self) -> Iterator[RowBlock]:
        last = [] if self._carry in BLANK else [self._carry]
        self._take(last)
        yield from self._cut(at_least=1, unended=len(last))
        if self._at_start:
            raise empty_manifest()

    def _take(self, lines: list[bytes]) -> None:
        blanks = 0
        while lines and lines[-1] in BLANK:
            lines.pop()
            blanks += 1
        if lines and self._blanks:
            self._pending.append(b"")
        self._pending += lines
        self._blanks += blanks

    def _cut(self, *, at_least: int, unended: int = 0) -> Iterator[RowBlock]:
        """Blocks from the pending lines while so many are left; `unended` is 1 when the last line
        has no line end."""
        pending = self._pending
        taken = 0
        while len(pending) - taken >= at_least:
            raw = pending[taken : taken + self._rows_per_block]
            taken += len(raw)
            yield self._block(raw, line_ends=len(raw) - (unended if taken == len(pending) else 0))
        del pending[:taken]

    def _block(self, raw: list[bytes], *, line_ends: int) -> RowBlock:
        lines = [line.removesuffix(b"\r") for line in raw] if self._seen_cr else raw
        if self._at_start:
            check_first_line(lines[0])
        size_bytes = sum(map(len, raw)) + line_ends
        buckets = self._buckets(lines, size_bytes)
        first_line = self._line
        self._line += len(raw)
        self._byte += size_bytes
        self._at_start = False
        return RowBlock(lines, first_line, self._byte, buckets)

    def _buckets(self, lines: list[bytes], size_bytes: int) -> BucketRows:
        if size_bytes <= MAX_LINE_BYTES or max(map(len, lines)) <= MAX_LINE_BYTES:
            found = bucket_rows(lines, self._layout)
            if found is not None:
                return {name: (rows, self._line + place) for name, (rows, place) in found.items()}
        return self._buckets_line_by_line(lines)

    def _buckets_line_by_line(self, lines: list[bytes]) -> BucketRows:
        buckets: BucketRows = {}
        for number, line in enumerate(lines, self._line):
            if len(line) > MAX_LINE_BYTES:
                raise at_line(too_long(line), line, number)
            bucket = self._parse(line, number).bucket
            rows, first = buckets.get(bucket, (0, number))
            buckets[bucket] = (rows + 1, first)
        return buckets


def too_long(line: bytes) -> RowFaultError:
    """What is wrong with a line above the limit.

    A file with the line ends of old Macs is one line, and better told about those.
    """
    if b"\r" in line[:MAX_LINE_BYTES]:
        return stray_carriage_return()
    return line_too_long(MAX_LINE_BYTES)
