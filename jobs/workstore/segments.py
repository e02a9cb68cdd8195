"""Prepared rows: many chunks in one object, each compressed on its own (docs/engine.md, Work
storage).

A chunk's lines are zlib data of the lines, each ended by LF: a worker reads its chunk with one
ranged read. Level 1 takes half of the default's time for a tenth more bytes; zlib's checksum finds damage.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.errors import WorkStoreLostError

_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Packed:
    """`ranges` has (offset, length) in bytes of `data` for each block, in order."""

    data: bytes
    ranges: list[tuple[int, int]]


def pack(blocks: Sequence[Sequence[bytes]]) -> Packed:
    """Each block is a list of lines without line ends."""
    parts = [zlib.compress(_ended(lines), _LEVEL) for lines in blocks]
    ranges = []
    offset = 0
    for part in parts:
        ranges.append((offset, len(part)))
        offset += len(part)
    return Packed(b"".join(parts), ranges)


def unpack(data: bytes) -> list[bytes]:
    """The lines of one block, given its range of bytes. Raises WorkStoreError for damage."""
    lines = inflate(data).split(b"\n")
    if lines.pop():
        raise damaged()
    return lines


def inflate(data: bytes) -> bytes:
    """Zlib data, whole and with nothing behind it. Raises WorkStoreError otherwise."""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(data)
    except zlib.error:
        raise damaged() from None
    if not stream.eof or stream.unused_data:
        raise damaged()
    return content


def damaged() -> WorkStoreLostError:
    return WorkStoreLostError(
        "What the work storage gave back is not what was put there: a part of this job is damaged."
        " Check the disk."
    )


def _ended(lines: Sequence[bytes]) -> bytes:
    text = b"".join([line + b"\n" for line in lines])
    if text.count(b"\n") != len(lines):
        raise ValueError("a line to pack holds a line end")
    return text
