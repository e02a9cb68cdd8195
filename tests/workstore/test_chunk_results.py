import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import WorkStoreError
from jobs.workstore.results import decode, encode


@given(st.binary(max_size=500), st.binary(max_size=500))
def test_both_parts_come_back_apart(succeeded: bytes, failed: bytes) -> None:
    assert decode(encode(succeeded, failed)) == (succeeded, failed)


@given(st.binary(max_size=60), st.binary(max_size=60), st.data())
def test_damage_is_noticed(succeeded: bytes, failed: bytes, data: st.DataObject) -> None:
    blob = encode(succeeded, failed)
    place = data.draw(st.integers(0, len(blob) - 1))
    other = bytes([blob[place] ^ data.draw(st.integers(1, 255))])
    changed = blob[:place] + other + blob[place + 1 :]
    for damaged in (changed, blob[:place], blob + b"x"):
        try:
            parts = decode(damaged)
        except WorkStoreError as error:
            assert "damaged" in error.message
        else:
            # A few bits of zlib's format say only how hard it was compressed.
            assert (parts, damaged) == ((succeeded, failed), changed)


def test_boundary_between_the_parts_is_under_the_checksum() -> None:
    blob = bytearray(encode(b"succeeded row\n", b"failed row\n"))
    blob[15] -= 1
    with pytest.raises(WorkStoreError):
        decode(bytes(blob))
