"""The checksums that S3 knows, and how they are written: big-endian digests, as text in base64."""

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from awscrt import checksums as crt

FULL_OBJECT, COMPOSITE = "FULL_OBJECT", "COMPOSITE"
TYPES = (FULL_OBJECT, COMPOSITE)


Data = bytes | memoryview


class Hasher(Protocol):
    def update(self, data: Data, /) -> object: ...
    def digest(self) -> bytes: ...


class Crc:
    """`function` continues a checksum of `bits` over more data."""

    def __init__(self, function: Callable[[Data, int], int], bits: int) -> None:
        self._function = function
        self._bytes = bits // 8
        self._value = 0

    def update(self, data: Data, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._bytes, "big")


class XxHash:
    """`make` gives one of awscrt's, which can be asked for its digest once."""

    def __init__(self, make: Callable[[], crt.XXHash]) -> None:
        self._hash = make()

    def update(self, data: Data, /) -> None:
        self._hash.update(bytes(data))  # it takes nothing else

    def digest(self) -> bytes:
        return bytes(self._hash.finalize())


ALGORITHMS: Mapping[str, Callable[[], Hasher]] = {
    "CRC64NVME": partial(Crc, crt.crc64nvme, 64),
    "CRC32": partial(Crc, zlib.crc32, 32),  # twice as fast as awscrt's
    "CRC32C": partial(Crc, crt.crc32c, 32),
    "SHA1": partial(hashlib.sha1, usedforsecurity=False),
    "SHA256": partial(hashlib.sha256, usedforsecurity=False),
    "SHA512": partial(hashlib.sha512, usedforsecurity=False),
    "MD5": partial(hashlib.md5, usedforsecurity=False),
    "XXHASH64": partial(XxHash, crt.XXHash.new_xxhash64),
    "XXHASH3": partial(XxHash, crt.XXHash.new_xxhash3_64),
    "XXHASH128": partial(XxHash, crt.XXHash.new_xxhash3_128),
}
"""How each is begun, in the order in which they are offered."""

QUICK = frozenset({"CRC64NVME"})
"""Half a MiB takes some 20 us, a way to a thread and back twice as long."""

FULL_OBJECT_ONLY = frozenset({"CRC64NVME"})


class OfParts:
    """The checksum of the checksums of parts, whose sizes are given. What comes behind the last is
    not taken: whoever has the object's size knows that it does not fit.
    """

    def __init__(self, make: Callable[[], Hasher], sizes_bytes: Sequence[int]) -> None:
        self._make = make
        self._sizes_bytes = iter(sizes_bytes)
        self._whole = make()
        self._begin_next()

    def _begin_next(self) -> None:
        self._part = self._make()
        self._left_bytes = 0
        for size_bytes in self._sizes_bytes:
            if size_bytes:
                self._left_bytes = size_bytes
                return
            self._whole.update(self._make().digest())

    def update(self, data: Data, /) -> None:
        view = memoryview(data)
        while view and self._left_bytes:
            mine = view[: self._left_bytes]
            self._part.update(mine)
            self._left_bytes -= len(mine)
            view = view[len(mine) :]
            if not self._left_bytes:
                self._whole.update(self._part.digest())
                self._begin_next()

    def digest(self) -> bytes:
        return self._whole.digest()


def in_base64(digest: bytes, parts: int) -> str:
    """As S3 writes it: that of parts with their number behind it, which is 0 for a whole object."""
    return f"{base64.b64encode(digest).decode()}{_behind(parts)}"


def in_hex(digest: bytes, parts: int) -> str:
    return f"{digest.hex().upper()}{_behind(parts)}"


def _behind(parts: int) -> str:
    return f"-{parts}" if parts else ""
