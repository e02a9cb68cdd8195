"""Reading a CSV manifest as a stream of checked blocks.

See docs/batch-operations.md, CSV manifests; docs/engine.md, Reading lists.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jobs.choices import ManifestField
from jobs.manifests.compressed import opened, without_beginning
from jobs.manifests.frozen_list import BucketsOfBlock, Frozen, Rows, frozen
from jobs.manifests.keys import AS_WRITTEN, KeyRules
from jobs.manifests.layout import layout_of
from jobs.manifests.lines import BLANK, MAX_LINE_BYTES, too_long
from jobs.manifests.opened import check_object, reading_errors
from jobs.manifests.opening import check_first_line
from jobs.manifests.plain_text import PlainText, count_lines, line_ends, look_at
from jobs.manifests.problems import at_line, empty_manifest, too_many_blank_lines
from jobs.manifests.rows import Row, row_parser
from jobs.manifests.source import Checkpoint, Place, Reading, RowBlock, never
from jobs.spec.manifest import ManifestSpec

MAX_BLANK_LINES = 10_000
"""In a row. They mean nothing at the end of a file, and a file of nothing else never ends."""

MOST_WAITING_BYTES = 4 * 1024 * 1024
"""Of whole lines that wait for others to make a block: with very wide ones a block has fewer."""


class CsvManifest:
    """A checkpoint is {"byte": where to read on, "line": the number of the line that begins there}. Of a
    compressed list the byte is of its text, and "compressed" is true: it is read from its beginning again.
    """

    def check(self, manifest: ManifestSpec, reading: Reading) -> None:
        check_object(manifest, reading)

    def blocks(
        self, manifest: ManifestSpec, reading: Reading, checkpoint: Checkpoint
    ) -> Iterator[RowBlock]:
        start = checkpoint or {"byte": 0, "line": 1}
        with opened_text(manifest, reading, start) as (text, is_compressed):
            blocks = read_blocks(
                text,
                manifest.fields,
                rules=KeyRules(bool(manifest.plus_is_space), reading.takes_free_keys),
                rows_per_block=reading.rows_per_block,
                first_line=start["line"],
                start_byte=start["byte"],
                is_slow=reading.is_slow,
            )
            for block in blocks:
                if is_compressed:
                    block.checkpoint["compressed"] = True
                yield block


SOURCE = CsvManifest()


@contextlib.contextmanager
def opened_text(
    manifest: ManifestSpec, reading: Reading, start: Mapping[str, Any]
) -> Iterator[tuple[Iterable[bytes], bool]]:
    """The list's text from a checkpoint's byte on, and whether it is compressed: then it is read from its
    beginning, in one turn. Raises ManifestError, StorageUnavailableError.
    """
    is_compressed = start.get("compressed", False)
    with (
        reading_errors(manifest),
        reading.storage(manifest.bucket).open_object(
            manifest.bucket,
            manifest.key,
            start_byte=0 if is_compressed else start["byte"],
            version_id=manifest.version_id,
            if_match=manifest.etag,
        ) as pieces,
    ):
        text: Iterable[bytes] = pieces
        if is_compressed or not start["byte"]:
            compression, text = opened(pieces)
            is_compressed = compression is not None
        if is_compressed:
            reading.hold_turn()
            text = without_beginning(text, start["byte"])
        yield text, is_compressed


def read_blocks(
    pieces: Iterable[bytes],
    fields: tuple[ManifestField, ...],
    *,
    rows_per_block: int,
    first_line: int = 1,
    start_byte: int = 0,
    is_slow: Callable[[], bool] = never,
    rules: KeyRules = AS_WRITTEN,
) -> Iterator[RowBlock]:
    """Blocks of exactly `rows_per_block` rows, but for the last, and for those that are cut short
    when `is_slow`, asked after each piece, says yes: so that what comes slowly is not lost again.

    `pieces` are the file's bytes from `start_byte` on, cut anywhere; `first_line` is the number of
    the line that begins there. Holds a block and a piece in memory. Raises ManifestError, with
    the line, at the first thing wrong, after the blocks before it.
    """
    reader = _Reader(fields, rules, rows_per_block, first_line, start_byte)
    for piece in pieces:
        yield from reader.feed(piece)
        if is_slow():
            yield from reader.cut_short()
    yield from reader.finish()


class _Reader:
    """`_waiting` is what was not cut into blocks yet: lines too few for one, blank lines, which
    mean nothing at the file's end and are wrong once a row follows, and the beginning of a line.
    """

    def __init__(
        self,
        fields: tuple[ManifestField, ...],
        rules: KeyRules,
        rows_per_block: int,
        line: int,
        byte: int,
    ) -> None:
        self._layout = layout_of(fields)
        self._rules = rules
        self._parse = row_parser(fields, rules)
        self._rows_per_block = rows_per_block
        self._line = line
        self._byte = byte
        self._at_start = byte == 0
        self._waiting = b""

    def feed(self, piece: bytes) -> Iterator[RowBlock]:
        self._waiting += piece
        whole, blanks = _whole_lines(self._waiting)
        wide = whole > MOST_WAITING_BYTES
        yield from self._cut(whole, at_least=1 if wide else self._rows_per_block)
        if blanks > MAX_BLANK_LINES:
            yield from self.cut_short()
            raise at_line(too_many_blank_lines(MAX_BLANK_LINES), b"", self._line)
        # A CR behind the limit may still turn out to be half of a line end.
        if len(self._waiting) - self._waiting.rfind(b"\n") - 1 > MAX_LINE_BYTES + 1:
            self._waiting += b"\n"
            yield from self._cut(len(self._waiting), at_least=1)

    def cut_short(self) -> Iterator[RowBlock]:
        """What is whole so far. Blank lines wait for what follows them."""
        whole, _ = _whole_lines(self._waiting)
        yield from self._cut(whole, at_least=1)

    def finish(self) -> Iterator[RowBlock]:
        is_unended = self._waiting[self._waiting.rfind(b"\n") + 1 :] not in BLANK
        if is_unended:
            self._waiting += b"\n"
        whole, _ = _whole_lines(self._waiting)
        yield from self._cut(whole, at_least=1, unended=is_unended)
        if self._at_start:
            raise empty_manifest()

    def _cut(self, end: int, *, at_least: int, unended: bool = False) -> Iterator[RowBlock]:
        """Blocks from what waits before `end` while so many lines are left. The last line of
        `unended` text has a line end that does not stand in the file.
        """
        rows = count_lines(self._waiting, end)
        left_over = 0 if at_least == 1 else rows % self._rows_per_block
        rows -= left_over
        if not rows:
            return
        for _ in range(left_over):
            end = self._waiting.rfind(b"\n", 0, end - 1) + 1
        raw, self._waiting = self._waiting[:end], self._waiting[end:]
        text = raw.replace(b"\r\n", b"\n") if b"\r" in raw else raw
        if self._at_start:
            check_first_line(text[: text.find(b"\n")])
        plain = self._at_once(text)
        lines = [] if plain else text.split(b"\n")
        ends = plain.ends if plain and plain.text is raw else line_ends(raw)
        start_byte = self._byte
        for first in range(0, rows, self._rows_per_block):
            count = min(self._rows_per_block, rows - first)
            found, buckets = (
                plain.cut(first, count) if plain else self._look(lines[first : first + count])
            )
            line = self._line
            self._line += count
            end_byte = start_byte + int(ends[first + count - 1]) + 1
            self._byte = end_byte - (unended and first + count == rows)
            self._at_start = False
            places = {name: (n, Place(line + first)) for name, (n, first) in buckets.items()}
            checkpoint = {"byte": self._byte, "line": self._line}
            yield RowBlock(found, Place(line), checkpoint, places)

    def _at_once(self, text: bytes) -> PlainText | None:
        return look_at(text, self._layout, most_line_bytes=MAX_LINE_BYTES, rules=self._rules)

    def _look(self, lines: list[bytes]) -> tuple[Frozen, BucketsOfBlock]:
        """At a block of lines of which some are not plain."""
        text = b"".join([line + b"\n" for line in lines])
        plain = self._at_once(text)
        return plain.cut(0, len(lines)) if plain else self._look_at_each(lines)

    def _look_at_each(self, lines: list[bytes]) -> tuple[Frozen, BucketsOfBlock]:
        rows: list[Row] = []
        buckets: BucketsOfBlock = {}
        for place, line in enumerate(lines):
            if len(line) > MAX_LINE_BYTES:
                raise at_line(too_long(line), line, self._line + place)
            row = self._parse(line, self._line + place)
            rows.append(row)
            count, first = buckets.get(row.bucket, (0, place))
            buckets[row.bucket] = (count + 1, first)
        return frozen(Rows.of(rows)), buckets


def _whole_lines(text: bytes) -> tuple[int, int]:
    """Where the last line ends that has an end and is not blank, and how many blank ones follow it."""
    end, blanks = text.rfind(b"\n") + 1, 0
    while end:
        line_end = 2 if text.endswith(b"\r\n", 0, end) else 1
        if end > line_end and not text.endswith(b"\n", 0, end - line_end):
            break
        end -= line_end
        blanks += 1
    return end, blanks
