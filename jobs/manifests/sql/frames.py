"""What goes between the one who asks for a filter and the process that runs its SQL.

Commands are lines of JSON. Answers are frames: one letter, the length in bytes as four bytes, and so
many bytes. Neither side imports Django, boto3 or DuckDB for it.
"""

import struct
from collections.abc import Sequence

HEAD = struct.Struct(">cI")
MOST_BYTES = 4 * 1024 * 1024
"""Of one frame; what is larger is none of ours."""

SAYS, ROWS = b"J", b"R"
"""A JSON object, which ends an answer; some rows before it, see `packed`."""

CELL_BYTES = 64 * 1024
"""A cell of a result has at most so many bytes."""

FRAME_ROWS = 4096
FRAME_BYTES = 1024 * 1024

NUL = "\0"
Cells = list[list[str]]
"""Columns of equal length."""


def packed(columns: Sequence[Sequence[str]]) -> bytes:
    """Rows as text: how many and how wide, then their cells, one after the other, with NUL between."""
    rows = len(columns[0])
    cells = NUL.join(map(NUL.join, zip(*columns, strict=True)))
    return struct.pack(">II", rows, len(columns)) + cells.encode()


def unpacked(data: bytes) -> Cells:
    """Raises ValueError where it has not as many cells as it says."""
    rows, width = struct.unpack_from(">II", data)
    cells = data[8:].decode().split(NUL)
    if not rows or not width or len(cells) != rows * width:
        raise ValueError("a frame has cells too many or too few")
    return [cells[column::width] for column in range(width)]
