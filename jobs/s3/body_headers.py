"""Headers that follow from a request's body. Pure."""

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping

from awscrt import checksums as crt

BODY_SHA256 = "x-amz-content-sha256"
UNSIGNED_BODY = "UNSIGNED-PAYLOAD"
_ALGORITHMS = {"x-amz-checksum-algorithm", "x-amz-sdk-checksum-algorithm"}


def makers_of(
    headers: Mapping[str, str], body: bytes
) -> dict[str, Callable[[bytes | bytearray], str]] | None:
    """What makes those of `headers` that follow from `body`; None where there is one that we cannot
    make. Names are in small letters.
    """
    found = {name: make for name, make in _MAKERS.items() if headers.get(name) == make(body)}
    named = {name for name in headers if name in _MAKERS or "checksum-" in name} - _ALGORITHMS
    if headers.get(BODY_SHA256) == UNSIGNED_BODY:
        named.remove(BODY_SHA256)
    return found if named == found.keys() else None


def header_of(algorithm: str) -> str:
    """In small letters, as answers have it."""
    return f"x-amz-checksum-{algorithm.lower()}"


def member_of(algorithm: str) -> tuple[str, Callable[[bytes | bytearray], str]]:
    """botocore's name of the checksum (one of COMPUTED), and what makes it."""
    return f"Checksum{algorithm}", _MAKERS[header_of(algorithm)]


def md5_of(body: bytes | bytearray) -> str:
    """As Content-MD5 has it."""
    return _base64(hashlib.md5(body, usedforsecurity=False).digest())


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


_MAKERS: dict[str, Callable[[bytes | bytearray], str]] = {
    "content-length": lambda body: str(len(body)),
    "content-md5": md5_of,
    "x-amz-checksum-crc32": lambda body: _base64(zlib.crc32(body).to_bytes(4, "big")),
    "x-amz-checksum-crc32c": lambda body: _base64(crt.crc32c(body).to_bytes(4, "big")),
    "x-amz-checksum-crc64nvme": lambda body: _base64(crt.crc64nvme(body).to_bytes(8, "big")),
    "x-amz-checksum-sha1": lambda body: _base64(hashlib.sha1(body, usedforsecurity=False).digest()),
    "x-amz-checksum-sha256": lambda body: _base64(hashlib.sha256(body).digest()),
    BODY_SHA256: lambda body: hashlib.sha256(body).hexdigest(),
}

COMPUTED = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
"""The algorithms whose checksums we send with an object's bytes."""
