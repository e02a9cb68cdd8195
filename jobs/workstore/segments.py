"""Prepared rows: many chunks in one object, each compressed on its own (docs/engine.md, Work
storage).

A worker reads its chunk with one ranged read. Zstandard's first level takes a third of zlib's time; its
checksum finds damage. What older versions wrote is zlib data.
"""

import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.errors import WorkStoreLostError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_BYTES = 64 * 1024 * 1024
"""Of one block, decompressed: far more than a chunk of the widest rows has."""

_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 1,
    zstd.CompressionParameter.checksum_flag: 1,
}
_ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True, slots=True)
class Packed:
    """`ranges` has (offset, length) in bytes of `data` for each block, in order."""

    data: bytes
    ranges: list[tuple[int, int]]


def pack(blocks: Sequence[bytes]) -> Packed:
    packer = zstd.ZstdCompressor(options=_OPTIONS)
    parts = [packer.compress(block, packer.FLUSH_FRAME) for block in blocks]
    ranges = []
    offset = 0
    for part in parts:
        ranges.append((offset, len(part)))
        offset += len(part)
    return Packed(b"".join(parts), ranges)


def is_of_old(data: bytes) -> bool:
    """Whether an older version packed this block: lines of the manifest, as they stood there."""
    return not data.startswith(_ZSTD)


def unpack(data: bytes) -> bytes:
    """One block, given its range of bytes. Raises WorkStoreLostError for damage."""
    if is_of_old(data):
        return inflate(data)
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
