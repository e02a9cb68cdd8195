import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.operations.checksums.checksum_algorithms import ALGORITHMS, OfParts, in_base64, in_hex

OF_NINE_DIGITS = {
    "CRC64NVME": "AE8B14860A799888",
    "CRC32": "CBF43926",
    "CRC32C": "E3069283",
    "SHA1": hashlib.sha1(b"123456789").hexdigest().upper(),
    "SHA256": hashlib.sha256(b"123456789").hexdigest().upper(),
    "SHA512": hashlib.sha512(b"123456789").hexdigest().upper(),
    "MD5": hashlib.md5(b"123456789").hexdigest().upper(),
    "XXHASH64": "8CB841DB40E6AE83",
}
"""As their authors publish them for "123456789"."""

OF_NOTHING = {
    "XXHASH64": "EF46DB3751D8E999",
    "XXHASH3": "2D06800538D394C2",
    "XXHASH128": "99AA06D3014798D86001C324468D497F",
    "CRC64NVME": "0000000000000000",
}


def digest_of(name, *pieces):
    hasher = ALGORITHMS[name]()
    for piece in pieces:
        hasher.update(piece)
    return hasher.digest()


@pytest.mark.parametrize("name", OF_NINE_DIGITS)
def test_checksum_of_nine_digits_is_the_published_one(name):
    assert in_hex(digest_of(name, b"123456789"), 0) == OF_NINE_DIGITS[name]


@pytest.mark.parametrize("name", OF_NOTHING)
def test_checksum_of_nothing_is_the_published_one(name):
    assert in_hex(digest_of(name), 0) == OF_NOTHING[name]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_checksum_does_not_depend_on_how_the_content_is_cut(name):
    data = bytes(range(256)) * 300
    view = memoryview(bytearray(data))
    whole = digest_of(name, data)
    assert digest_of(name, data[:1], view[1:7000], view[7000:7000], data[7000:]) == whole
    assert digest_of(name, data + b"x") != whole


@pytest.mark.parametrize("name", [name for name in ALGORITHMS if name != "CRC64NVME"])
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 50), min_size=1, max_size=30),
)
def test_composite_is_the_checksum_of_the_checksums_of_its_parts(name, sizes, cuts):
    data = bytes(n % 251 for n in range(sum(sizes)))
    hasher, at = OfParts(ALGORITHMS[name], sizes), 0
    for cut in [*cuts, len(data)]:
        hasher.update(data[at : at + cut])
        at = min(len(data), at + cut)
    parts, start = [], 0
    for size in sizes:
        parts.append(digest_of(name, data[start : start + size]))
        start += size
    assert hasher.digest() == digest_of(name, b"".join(parts))


def test_composite_is_written_with_its_number_of_parts():
    assert in_base64(b"\x36\x10\xa6\x86", 0) == "NhCmhg=="
    assert in_base64(b"\x36\x10\xa6\x86", 3) == "NhCmhg==-3"
    assert in_hex(b"\x36\x10\xa6\x86", 3) == "3610A686-3"
