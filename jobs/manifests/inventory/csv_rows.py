"""The rows of one CSV data file, from its decompressed bytes."""

from collections.abc import Iterable, Iterator

import numpy as np

from jobs.manifests.inventory.columns import Rules
from jobs.manifests.inventory.cutting import Batch, batch_of
from jobs.manifests.inventory.quick_rows import layout_of_tasks, quick_rows
from jobs.manifests.inventory.slow_rows import slow_rows
from jobs.manifests.lines import MAX_LINE_BYTES
from jobs.manifests.opening import check_first_line

_LF = 0x0A


def batches(pieces: Iterable[bytes], rules: Rules, first_line: int) -> Iterator[Batch]:
    """Of a file's bytes from its beginning, cut anywhere: the rows from `first_line` on, a batch for
    each piece. Raises ManifestError with the line, not with the file.
    """
    layout = layout_of_tasks(rules.columns)
    line = first_line
    for text in _whole_lines(_behind(pieces, first_line - 1)):
        if line == 1:
            check_first_line(text[: text.find(b"\n")].removesuffix(b"\r"))
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        quick = quick_rows(text, rules)
        if quick:
            next_line = line + quick.lines
            yield Batch(quick.rows, quick.kept + line, next_line)
        else:
            rows = slow_rows(
                text.split(b"\n")[:-1],
                rules.columns,
                line,
                takes_delete_markers=rules.takes_delete_markers,
                keys=rules.keys,
            )
            next_line = line + len(rows)
            yield batch_of(rows, layout, line)
        line = next_line


def _behind(pieces: Iterable[bytes], lines: int) -> Iterator[bytes]:
    """What stands behind so many lines. All of the file is read: it is compressed."""
    for piece in pieces:
        if not lines:
            yield piece
            continue
        found = piece.count(b"\n")
        if found < lines:
            lines -= found
            continue
        ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == _LF)
        rest = piece[int(ends[lines - 1]) + 1 :]
        lines = 0
        if rest:
            yield rest


def _whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Texts of whole lines, each ended by LF, one for each piece that has a line end."""
    waiting = b""
    for piece in pieces:
        end = piece.rfind(b"\n") + 1
        if end:
            yield b"".join((waiting, memoryview(piece)[:end]))
            waiting = piece[end:]
        else:
            waiting += piece
        if len(waiting) > MAX_LINE_BYTES + 1:
            yield waiting + b"\n"  # too long to be a line: whoever looks at it says so
            waiting = b""
    if waiting:
        yield waiting + b"\n"
