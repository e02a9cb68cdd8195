import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import WorkStoreError
from jobs.workstore.segments import MOST_BYTES, is_of_old, pack, unpack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_each_block_comes_back_from_its_own_range(blocks: list[bytes]) -> None:
    packed = pack(blocks)
    parts = [packed.data[offset : offset + length] for offset, length in packed.ranges]
    assert [unpack(part) for part in parts] == blocks
    assert b"".join(parts) == packed.data


def test_rows_of_a_usual_manifest_take_a_fraction_of_their_size() -> None:
    lines = [b"photos,2026/album-%06d/img_%09d.jpeg\n" % (i % 7, i) for i in range(500)]
    block = b"".join(lines)
    assert len(pack([block]).data) < len(block) / 4


def test_block_of_an_older_version_is_known_as_one_and_read() -> None:
    packed = zlib.compress(b"photos,a\nphotos,b\n")
    assert is_of_old(packed) and unpack(packed) == b"photos,a\nphotos,b\n"
    assert not is_of_old(pack([b"x"]).data)


def test_block_with_the_checksum_of_an_older_version_is_read_and_its_damage_noticed() -> None:
    options = {zstd.CompressionParameter.checksum_flag: 1}
    packed = zstd.compress(b"photos,a\nphotos,b\n", options=options)
    assert not is_of_old(packed) and unpack(packed) == b"photos,a\nphotos,b\n"
    with pytest.raises(WorkStoreError):
        unpack(packed[:-1] + bytes([packed[-1] ^ 1]))


def test_block_that_grows_beyond_any_chunk_is_damage() -> None:
    with pytest.raises(WorkStoreError):
        unpack(pack([bytes(MOST_BYTES + 1)]).data)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_damage_is_noticed(block: bytes, data: st.DataObject) -> None:
    packed = pack([block]).data
    place = data.draw(st.integers(0, len(packed) - 1))
    other = bytes([packed[place] ^ data.draw(st.integers(1, 255))])
    changed = packed[:place] + other + packed[place + 1 :]
    for damaged in (changed, packed[:place], packed + b"x"):
        try:
            found = unpack(damaged)
        except WorkStoreError as error:
            assert "damaged" in error.message
        else:
            # A few bits of the format say only how hard it was compressed.
            assert (found, damaged) == (block, changed)
