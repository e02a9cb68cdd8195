import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import WorkStoreError
from jobs.workstore.segments import pack, unpack

lines = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=20)


@given(st.lists(lines, max_size=6))
def test_each_block_comes_back_from_its_own_range(blocks: list[list[bytes]]) -> None:
    packed = pack(blocks)
    parts = [packed.data[offset : offset + length] for offset, length in packed.ranges]
    assert [unpack(part) for part in parts] == blocks
    assert b"".join(parts) == packed.data


def test_rows_of_a_usual_manifest_take_a_fraction_of_their_size() -> None:
    block = [b"photos,2026/album-%06d/img_%09d.jpeg" % (i % 7, i) for i in range(500)]
    assert len(pack([block]).data) < sum(map(len, block)) / 4


def test_line_that_holds_a_line_end_is_refused() -> None:
    with pytest.raises(ValueError, match="line end"):
        pack([[b"a", b"b\nc"]])


@given(lines.filter(bool), st.data())
def test_damage_is_noticed(block: list[bytes], data: st.DataObject) -> None:
    packed = pack([block]).data
    place = data.draw(st.integers(0, len(packed) - 1))
    other = bytes([packed[place] ^ data.draw(st.integers(1, 255))])
    changed = packed[:place] + other + packed[place + 1 :]
    for damaged in (changed, packed[:place], packed + b"x"):
        try:
            lines = unpack(damaged)
        except WorkStoreError as error:
            assert "damaged" in error.message
        else:
            # A few bits of the format say only how hard it was compressed.
            assert (lines, damaged) == (block, changed)
