"""A chunk's report rows, succeeded and failed apart, as one object of work storage."""

import struct
import zlib

from jobs.workstore.segments import damaged, inflate

# Four letters, CRC-32 of the split and both parts, bytes of the succeeded part.
_HEAD = struct.Struct(">4sIQ")
_MAGIC = b"bcr1"
_LEVEL = 1


def encode(succeeded: bytes, failed: bytes) -> bytes:
    """Both parts are rows of a completion report, with their line ends.

    See docs/batch-operations.md, Rows of a report.
    """
    rows = succeeded + failed
    head = _HEAD.pack(_MAGIC, _checksum(rows, len(succeeded)), len(succeeded))
    return head + zlib.compress(rows, _LEVEL)


def decode(blob: bytes) -> tuple[bytes, bytes]:
    """Succeeded and failed rows. Raises WorkStoreError for damage."""
    if len(blob) < _HEAD.size:
        raise damaged()
    magic, checksum, split = _HEAD.unpack_from(blob)
    if magic != _MAGIC:
        raise damaged()
    rows = inflate(blob[_HEAD.size :])
    if _checksum(rows, split) != checksum or split > len(rows):
        raise damaged()
    return rows[:split], rows[split:]


def _checksum(rows: bytes, split: int) -> int:
    return zlib.crc32(rows, zlib.crc32(split.to_bytes(8, "big")))
