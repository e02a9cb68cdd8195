"""Manifests that are compressed with gzip or zstd, read as a stream in bounded memory and time.

See docs/manifests.md, Compressed lists.
"""

import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Protocol

from jobs.manifests.problems import ManifestContentError, ProblemKind, of_file

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

EXPANDED_PIECE_BYTES = 1024 * 1024
MOST_RATIO = 250
"""A list of names that hardly differ comes to about 50."""

FREE_BYTES = 64 * 1024 * 1024
"""So much may come of a file however small it is."""

MOST_BYTES = 1024**4
"""Expanded, of a whole list: some ten billion rows."""

_WINDOW_LOG_MAX = 27
"""128 MiB of memory, which is what zstd itself grants unless it is asked for more."""

_MAGIC_BYTES = 4


class Compression(StrEnum):
    GZIP = "gzip"
    ZSTD = "zstd"


_MAGIC = {b"\x1f\x8b": Compression.GZIP, b"\x28\xb5\x2f\xfd": Compression.ZSTD}


class _Expander(Protocol):
    """As of the standard library's modules: one member of a file, of which there may be several."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


def compression_of(beginning: bytes) -> Compression | None:
    """By the file's first bytes: what it is called says nothing. None for plain text."""
    for magic, kind in _MAGIC.items():
        if beginning.startswith(magic):
            return kind
    return None


def opened(pieces: Iterable[bytes]) -> tuple[Compression | None, Iterator[bytes]]:
    """How a list is compressed, and its text, in pieces of 1 MiB at most where it is.

    `pieces` are the file's bytes from its beginning. The iterator raises ManifestError for what is
    damaged, ends in its middle or grows out of all proportion.
    """
    rest, beginning = iter(pieces), b""
    for piece in rest:
        beginning += piece
        if len(beginning) >= _MAGIC_BYTES:
            break
    kind = compression_of(beginning)
    whole = chain([beginning], rest)
    return kind, whole if kind is None else _expanded(whole, kind)


def without_beginning(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    """What comes behind the first `length` bytes."""
    for piece in pieces:
        if length < len(piece):
            yield piece[length:]
        length = max(0, length - len(piece))


def _expanded(pieces: Iterable[bytes], kind: Compression) -> Iterator[bytes]:
    stream = _Stream(kind)
    for piece in pieces:
        yield from stream.feed(piece)
    stream.finish()


@dataclass(frozen=True, slots=True)
class Beginning:
    """Of a file, as text. `is_whole` when there is no more; of `read_bytes` of the file it is made.
    `error` is what was wrong behind it.
    """

    text: bytes
    is_whole: bool
    read_bytes: int
    compression: Compression | None = None
    error: ManifestContentError | None = None


def beginning_of(sample: bytes, *, is_whole: bool, most_bytes: int) -> Beginning:
    """`sample` is the beginning of a file, all of it when `is_whole`; at most about `most_bytes` of
    text are made of it where it is compressed.
    """
    kind = compression_of(sample)
    if kind is None:
        return Beginning(sample, is_whole, len(sample))
    stream, parts, length = _Stream(kind), [], 0
    try:
        for part in stream.feed(sample):
            parts.append(part)
            length += len(part)
            if length >= most_bytes:
                return Beginning(b"".join(parts), False, stream.used_bytes, kind)
        if is_whole:
            stream.finish()
    except ManifestContentError as error:
        return Beginning(b"".join(parts), False, stream.used_bytes, kind, error)
    return Beginning(b"".join(parts), is_whole, stream.used_bytes, kind)


class _Stream:
    """Members one behind the other, as gzip and zstd have them where files were joined."""

    def __init__(self, kind: Compression) -> None:
        self._kind = kind
        self._member: _Expander | None = None
        self._waiting = b""
        self._read_bytes = 0
        self._made_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Of the file, of which all was made that was given away."""
        return self._read_bytes - len(self._waiting)

    def feed(self, piece: bytes) -> Iterator[bytes]:
        self._read_bytes += len(piece)
        self._waiting += piece
        while self._waiting:
            if self._member is None and not self._begin():
                return
            yield from self._expand()

    def finish(self) -> None:
        """Raises ManifestError where the file ends within a member."""
        if self._member is not None or self._waiting.strip(b"\0"):
            raise _cut_off(self._kind)

    def _begin(self) -> bool:
        """At a member's first byte; False where it is not there yet, or nothing but filling follows."""
        if self._made_bytes and not self._waiting.strip(b"\0"):
            self._waiting = self._waiting[:_MAGIC_BYTES]
            return False
        if len(self._waiting) < _MAGIC_BYTES:
            return False
        self._member = _expander(self._kind)
        return True

    def _expand(self) -> Iterator[bytes]:
        """All that can be made of what waits, or of one member."""
        member, data = self._member, self._waiting
        if member is None:
            return
        self._waiting = b""
        while True:
            made, data = self._some(member, data)
            if made:
                self._count(len(made))
                yield made
            if member.eof:
                self._waiting, self._member = member.unused_data, None
                return
            if not data and len(made) < EXPANDED_PIECE_BYTES:
                return

    def _some(self, member: _Expander, data: bytes) -> tuple[bytes, bytes]:
        """At most a piece, and what is left of `data`."""
        try:
            made = member.decompress(data, EXPANDED_PIECE_BYTES)
        except (zlib.error, zstd.ZstdError) as error:
            raise _damaged(self._kind, error) from None
        # zlib gives back what it did not look at, zstd keeps it.
        return made, getattr(member, "unconsumed_tail", b"")

    def _count(self, made_bytes: int) -> None:
        self._made_bytes += made_bytes
        if self._made_bytes > max(FREE_BYTES, self._read_bytes * MOST_RATIO):
            raise _too_dense(self._kind)
        if self._made_bytes > MOST_BYTES:
            raise _too_long(self._kind)


def _expander(kind: Compression) -> _Expander:
    if kind is Compression.GZIP:
        return zlib.decompressobj(zlib.MAX_WBITS | 16)
    return zstd.ZstdDecompressor(
        options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG_MAX}
    )


def _damaged(kind: Compression, error: Exception) -> ManifestContentError:
    if "window" in str(error).lower() or "too much memory" in str(error).lower():
        return of_file(
            ProblemKind.COMPRESSED,
            f"The manifest is compressed with {kind} in a way that takes more than 128 MiB of memory"
            " to read.",
            "Compress it without the option --long.",
        )
    return of_file(
        ProblemKind.COMPRESSED,
        f"The manifest is compressed with {kind} and damaged.",
        f"Compress the list again, and test the file with {kind} -t before you store it.",
    )


def _cut_off(kind: Compression) -> ManifestContentError:
    return of_file(
        ProblemKind.COMPRESSED,
        f"The manifest is compressed with {kind} and ends too early: a part of it is missing.",
        f"Upload it once more as a whole, and test the file with {kind} -t before.",
    )


def _too_dense(kind: Compression) -> ManifestContentError:
    return of_file(
        ProblemKind.COMPRESSED,
        f"The manifest is compressed with {kind} and grows to more than {MOST_RATIO} times its size.",
        "No list of objects does. Make it again, or store it uncompressed.",
    )


def _too_long(kind: Compression) -> ManifestContentError:
    return of_file(
        ProblemKind.COMPRESSED,
        f"The manifest is compressed with {kind} and has more than {MOST_BYTES:,} bytes of text.",
        "Divide the list among several jobs.",
    )
