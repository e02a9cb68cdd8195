"""Prepared rows: many chunks in one object, each compressed on its own (docs/engine.md, Work
storage).

A worker reads its chunk with one ranged read. Zstandard's first level takes a third of zlib's time. A CRC32
of what was compressed stands behind it and finds damage: Zstandard's own checksum is of all that it was
made from, and takes as much as a third of the rest. Older versions wrote that, or zlib data.
"""

import struct
import sys
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from jobs.errors import WorkStoreLostError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_BYTES = 64 * 1024 * 1024
"""Of one block, decompressed: far more than a chunk of the widest rows has."""

_LEVEL = 1
_ZSTD = b"\x28\xb5\x2f\xfd"
_HAS_OWN_CHECKSUM = 0b100
"""Of the byte behind these, in a block of an older version."""
_CRC = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Packed:
    """`ranges` has (offset, length) in bytes of `data` for each block, in order."""

    data: bytes
    ranges: list[tuple[int, int]]


def pack(blocks: Iterable[bytes]) -> Packed:
    packer = zstd.ZstdCompressor(level=_LEVEL)
    parts: list[bytes] = []
    ranges = []
    offset = 0
    for block in blocks:
        part = packer.compress(block, packer.FLUSH_FRAME)
        parts += (part, _CRC.pack(zlib.crc32(part)))
        length = len(part) + _CRC.size
        ranges.append((offset, length))
        offset += length
    return Packed(b"".join(parts), ranges)


def is_of_old(data: bytes) -> bool:
    """Whether an older version packed this block: lines of the manifest, as they stood there."""
    return not data.startswith(_ZSTD)


def unpack(data: bytes) -> bytes:
    """One block, given its range of bytes. Raises WorkStoreLostError for damage."""
    if is_of_old(data):
        return inflate(data)
    if len(data) <= len(_ZSTD):
        raise damaged()
    if not data[len(_ZSTD)] & _HAS_OWN_CHECKSUM:
        data, crc = data[: -_CRC.size], data[-_CRC.size :]
        if _CRC.pack(zlib.crc32(data)) != crc:
            raise damaged()
    stream = zstd.ZstdDecompressor()
    try:
        content = stream.decompress(data, max_length=MOST_BYTES)
    except zstd.ZstdError:
        raise damaged() from None
    if not stream.eof or stream.unused_data:
        raise damaged()
    return content


def inflate(data: bytes) -> bytes:
    """Zlib data, whole and with nothing behind it. Raises WorkStoreLostError otherwise."""
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
