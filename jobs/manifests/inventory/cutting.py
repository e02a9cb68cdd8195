"""Cutting checked rows of one data file into blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from jobs.manifests.frozen_list import BUCKET, COMMA, KEY, BucketsOfBlock, Frozen
from jobs.manifests.layout import Layout
from jobs.manifests.left_out import DELETE_MARKERS
from jobs.manifests.plain_text import Places, PlainText, line_ends
from jobs.manifests.rows import Row
from jobs.manifests.source import Checkpoint, Place, RowBlock


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in the order of their file. `lines` are their numbers there, and `next_line` is that of the
    first line behind all that were looked at. Lines that have no row here are delete markers.
    """

    rows: PlainText
    lines: Places
    next_line: int

    def __len__(self) -> int:
        return len(self.lines)

    def and_then(self, other: "Batch") -> "Batch":
        """Of rows with the same separator."""
        mine, its = self.rows, other.rows
        bucket = mine.bucket if mine.bucket == its.bucket else ""
        ends = np.concatenate((mine.ends, its.ends + len(mine.text)))
        rows = PlainText(mine.text + its.text, its.separator, ends, bucket, its.layout)
        return Batch(rows, np.concatenate((self.lines, other.lines)), other.next_line)


def batch_of(rows: Sequence[Row | None], layout: Layout, first_line: int) -> Batch:
    """Of rows that were looked at one by one; None stands for a delete marker."""
    kept = [n for n, row in enumerate(rows) if row]
    fields = [(row.bucket, row.raw_key, row.version_id or "") for row in rows if row]
    text = "".join(["\0".join(one[: layout.columns]) + "\n" for one in fields]).encode()
    buckets = {one[0] for one in fields}
    bucket = buckets.pop() if len(buckets) == 1 else ""
    plain = PlainText(text, b"\0", line_ends(text), bucket, layout)
    return Batch(plain, np.array(kept, np.intp) + first_line, first_line + len(rows))


class Cutter:
    """Blocks of one file. A checkpoint is {"file": its place among the inventory's files, "line": the
    line to go on with, "rows": how many came from the inventory so far}, and "until" besides, where files
    from that place on are for others. The last block, which may have no rows, leads to the next file.
    """

    def __init__(self, file: str, place: int, line: int, rows: int, rows_per_block: int) -> None:
        self.rows = rows
        self.until: int | None = None
        self._file = file
        self._place = place
        self._line = line
        self._rows_per_block = rows_per_block
        self._waiting: Batch | None = None

    def feed(self, batch: Batch) -> Iterator[RowBlock]:
        """All full blocks; what is left waits for more."""
        waiting = self._waiting
        if waiting is not None and len(waiting) and len(batch):
            if waiting.rows.separator != batch.rows.separator:
                yield from self.cut_short()
            else:
                batch = waiting.and_then(batch)
        elif waiting is not None and len(waiting):
            batch = Batch(waiting.rows, waiting.lines, batch.next_line)
        self._waiting = batch
        full = len(batch) - len(batch) % self._rows_per_block
        yield from self._cut(full)

    def cut_short(self) -> Iterator[RowBlock]:
        """What waits, delete markers behind the last row included."""
        batch = self._waiting
        if batch is None:
            return
        if len(batch):
            yield from self._cut(len(batch))
        elif batch.next_line > self._line:
            yield self._block(batch, 0, 0, batch.next_line)
        self._waiting = None

    def finish(self) -> RowBlock:
        """What is left when the file was read to its end."""
        batch = self._waiting
        next_line = self._line if batch is None else batch.next_line
        last = self._block(batch, 0, 0 if batch is None else len(batch), next_line)
        return replace(last, checkpoint=self._at(self._place + 1, 1))

    def left_to_others(self, until: int, parts: Sequence[Checkpoint]) -> RowBlock:
        """Before anything is read: files from `until` on are for others, who begin at `parts`."""
        self.until = until
        return replace(self._block(None, 0, 0, self._line), parts=parts)

    def _at(self, place: int, line: int) -> Checkpoint:
        at = {"file": place, "line": line, "rows": self.rows}
        return at if self.until is None else at | {"until": self.until}

    def _cut(self, stop: int) -> Iterator[RowBlock]:
        batch = self._waiting
        if batch is None or not stop:
            return
        for first in range(0, stop, self._rows_per_block):
            last = min(first + self._rows_per_block, stop)
            next_line = int(batch.lines[last]) if last < len(batch) else batch.next_line
            yield self._block(batch, first, last, next_line)
        self._waiting = Batch(
            _part(batch.rows, stop, len(batch)), batch.lines[stop:], batch.next_line
        )

    def _block(self, batch: Batch | None, first: int, last: int, next_line: int) -> RowBlock:
        """Of a batch's rows from `first` to before `last`, which may be none."""
        count = last - first
        lines = batch.lines if batch and count else np.zeros(0, np.intp)
        found, buckets = batch.rows.cut(first, count) if batch and count else _NOTHING
        markers = next_line - self._line - count
        at = int(lines[first]) if count else self._line
        self._line = next_line
        self.rows += count
        return RowBlock(
            rows=found,
            place=Place(at, self._file),
            checkpoint=self._at(self._place, next_line),
            buckets={
                name: (rows, Place(int(lines[first + index]), self._file))
                for name, (rows, index) in buckets.items()
            },
            skipped={DELETE_MARKERS: markers} if markers else {},
            at=lambda row: Place(int(lines[row]), self._file),
        )


_NOTHING: tuple[Frozen, BucketsOfBlock] = (Frozen(b"", 0, (BUCKET, KEY), COMMA), {})


def _part(rows: PlainText, first: int, last: int) -> PlainText:
    """Rows from `first` to before `last`, as a text of their own."""
    if first == last:
        return PlainText(b"", rows.separator, rows.ends[:0], rows.bucket, rows.layout)
    start = int(rows.ends[first - 1]) + 1 if first else 0
    text = rows.text[start : int(rows.ends[last - 1]) + 1]
    return PlainText(text, rows.separator, rows.ends[first:last] - start, rows.bucket, rows.layout)
