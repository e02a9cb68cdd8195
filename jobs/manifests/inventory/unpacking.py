"""Gzip data in pieces, whatever it grows to (docs/engine.md, Reading lists)."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from isal import isal_zlib

PIECE_BYTES = 1024 * 1024
"""No piece is larger, so that a file of zeros takes no more memory than any other."""

_GZIP = 31
_DAMAGED = cast(type[Exception], isal_zlib.error)


class NotGzipError(Exception):
    """Data that is not gzip from its beginning to its end."""


def gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """One member or several, one behind the other; zeros behind the last are padding. Raises
    NotGzipError.
    """
    stream = isal_zlib.decompressobj(_GZIP)
    has_begun = False
    for piece in pieces:
        data = piece
        while data:
            if stream.eof:
                if not data.strip(b"\0"):
                    break
                stream = isal_zlib.decompressobj(_GZIP)
            has_begun = True
            yield from _decompressed(stream, data)
            data = stream.unused_data
    if not has_begun or not stream.eof:
        raise NotGzipError


def _decompressed(stream: Any, data: bytes) -> Iterator[bytes]:
    while True:
        try:
            piece = stream.decompress(data, PIECE_BYTES)
        except _DAMAGED:
            raise NotGzipError from None
        if piece:
            yield piece
        data = stream.unconsumed_tail
        # A full piece may have left some behind, though all that was given is used up.
        if stream.eof or (not data and len(piece) < PIECE_BYTES):
            return
