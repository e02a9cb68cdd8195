"""Lists that are compressed: read like others, and refused in bounded time and memory where they lie."""

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import ManifestError
from jobs.manifests import compressed
from jobs.manifests.compressed import (
    Compression,
    beginning_of,
    compression_of,
    opened,
    without_beginning,
)
from jobs.manifests.problems import ProblemKind

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHECKED = {zstd.CompressionParameter.checksum_flag: 1}
"""As the program zstd writes its files."""

PACK: dict[Compression, Callable[[bytes], bytes]] = {
    Compression.GZIP: gzip.compress,
    Compression.ZSTD: partial(zstd.compress, options=CHECKED),
}
BOTH = pytest.mark.parametrize("kind", list(Compression))
TEXT = b"".join(b"photos,a%d.jpg\n" % number for number in range(50_000))
MIB = 1024 * 1024


def expanded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return opened(pieces)[1]


def cut(content: bytes, length: int) -> Iterator[bytes]:
    return (content[start : start + length] for start in range(0, len(content), length))


def refusal(pieces: Iterator[bytes]) -> str:
    with pytest.raises(ManifestError) as caught:
        for _ in expanded(pieces):
            pass
    assert caught.value.code == "InvalidManifestContent"
    return caught.value.message


@BOTH
@given(content=st.binary(max_size=3_000), pieces=st.integers(1, 700), members=st.integers(1, 3))
def test_any_content_comes_back_however_the_file_is_cut_or_joined(
    kind: Compression, content: bytes, pieces: int, members: int
) -> None:
    packed = PACK[kind](content) * members
    assert b"".join(expanded(cut(packed, pieces))) == content * members


@pytest.mark.parametrize("content", [b"", b"p", b"photos,a\n" * 1_000])
def test_plain_text_passes_as_it_is(content: bytes) -> None:
    assert b"".join(expanded(cut(content, 3))) == content
    assert compression_of(content) is None


@BOTH
def test_pieces_are_small_however_dense_the_file_is(kind: Compression) -> None:
    packed = PACK[kind](bytes(32 * MIB))
    assert max(map(len, expanded(iter([packed])))) <= compressed.EXPANDED_PIECE_BYTES


def test_gzip_file_may_be_filled_up_with_nul_bytes() -> None:
    packed = gzip.compress(TEXT) + bytes(3 * MIB)
    assert b"".join(expanded(cut(packed, 1_000))) == TEXT


@BOTH
@pytest.mark.parametrize("end", [-1, -9, 100, 5])
def test_file_that_ends_too_early_is_refused_with_what_to_do(kind: Compression, end: int) -> None:
    said = refusal(cut(PACK[kind](TEXT)[:end], 512))
    assert said == (
        f"The manifest is compressed with {kind} and ends too early: a part of it is missing."
        f" Upload it once more as a whole, and test the file with {kind} -t before."
    )


@BOTH
def test_damaged_file_is_refused_with_what_to_do(kind: Compression) -> None:
    packed = bytearray(PACK[kind](TEXT))
    packed[len(packed) // 2] ^= 0xFF
    packed[len(packed) // 2 + 7] ^= 0x55
    said = refusal(iter([bytes(packed)]))
    assert f"compressed with {kind} and" in said
    assert f"{kind} -t" in said


@BOTH
def test_text_behind_the_compressed_part_is_refused(kind: Compression) -> None:
    assert "damaged" in refusal(cut(PACK[kind](TEXT) + b"photos,more\n", 4_096))


def bomb(kind: Compression) -> Iterator[bytes]:
    """It never ends, and is made of pieces that grow a thousandfold."""
    zeros = bytes(16 * MIB)
    if kind is Compression.GZIP:
        packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        while True:
            yield packer.compress(zeros) + packer.flush(zlib.Z_SYNC_FLUSH)
    frames = zstd.ZstdCompressor()
    while True:
        yield frames.compress(zeros, frames.FLUSH_BLOCK)


@BOTH
def test_bomb_is_refused_after_a_few_pieces_in_little_memory(kind: Compression) -> None:
    pieces = bomb(kind)
    first = [next(pieces) for _ in range(8)]
    made = 0
    tracemalloc.start()
    with pytest.raises(ManifestError, match="grows to more than 250 times its size"):
        for text in expanded(iter(first)):
            made += len(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made <= compressed.FREE_BYTES
    assert peak < 8 * MIB


def test_list_of_more_text_than_any_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "MOST_BYTES", 100_000)
    assert "Divide the list among several jobs." in refusal(iter([gzip.compress(TEXT)]))


def test_zstd_file_that_needs_much_memory_is_refused_with_the_option_to_leave_out() -> None:
    options = {
        zstd.CompressionParameter.window_log: 30,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
        zstd.CompressionParameter.content_size_flag: 0,
    }
    packer = zstd.ZstdCompressor(options=options)
    packed = packer.compress(TEXT) + packer.flush()
    assert "without the option --long" in refusal(iter([packed]))


@BOTH
def test_beginning_of_a_file_tells_how_much_of_it_was_used(kind: Compression) -> None:
    packed = PACK[kind](TEXT)
    whole = beginning_of(packed, is_whole=True, most_bytes=100 * MIB)
    assert (whole.text, whole.is_whole, whole.read_bytes) == (TEXT, True, len(packed))
    part = beginning_of(packed[:5_000], is_whole=False, most_bytes=100 * MIB)
    assert TEXT.startswith(part.text)
    assert (part.is_whole, part.error, part.compression) == (False, None, kind)
    assert 0 < part.read_bytes <= 5_000


@BOTH
def test_beginning_of_a_dense_file_is_no_longer_than_it_was_asked_for(kind: Compression) -> None:
    seen = beginning_of(PACK[kind](bytes(40 * MIB)), is_whole=True, most_bytes=MIB)
    assert len(seen.text) <= 2 * MIB
    assert not seen.is_whole


@BOTH
def test_beginning_of_a_damaged_file_has_what_was_right_and_the_error(kind: Compression) -> None:
    seen = beginning_of(PACK[kind](TEXT)[:-3], is_whole=True, most_bytes=100 * MIB)
    assert TEXT.startswith(seen.text)
    assert seen.error is not None
    assert seen.error.problem.kind is ProblemKind.COMPRESSED


@given(st.binary(max_size=50), st.integers(1, 9), st.integers(0, 60))
def test_text_goes_on_behind_what_was_read_before(content: bytes, length: int, skip: int) -> None:
    assert b"".join(without_beginning(cut(content, length), skip)) == content[skip:]
