"""AWS Signature Version 4 for S3, as fast as hashing allows. Pure.

The key of a day and what is signed in every request of one second are hashed once; the states are
copied for each request.
"""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from jobs.s3.endpoints import Credentials

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

ALGORITHM = "AWS4-HMAC-SHA256"
_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the requests of one second have in common: `amz_date` as 20260102T030405Z, `day` as
    20260102, and the two states of the HMAC up to the hash of the canonical request.
    """

    amz_date: str
    day: str
    inner: "Hash"
    outer: "Hash"

    def sign(self, canonical_request: bytes) -> str:
        """The signature, in hex."""
        inner = self.inner.copy()
        inner.update(sha256(canonical_request).hexdigest().encode())
        outer = self.outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()


class Signer:
    """Signs for one key pair in one Region; not thread-safe.

    `offset_s` is what the storage's clock is ahead of ours.
    """

    def __init__(
        self,
        credentials: Credentials,
        region_code: str,
        service: str = "s3",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.credentials = credentials
        self.region_code = region_code
        self.service = service
        self.offset_s = 0.0
        self._now = now
        self._second = -1
        self._day = ""
        self._states = (sha256(), sha256())
        self._stamp = Stamp("", "", *self._states)

    def stamp(self) -> Stamp:
        """Of the present second."""
        second = int(self._now() + self.offset_s)
        if second != self._second:
            self._stamp = self._make_stamp(second)
            self._second = second
        return self._stamp

    def set_clock(self, storage_time_s: float) -> None:
        """Sign with the storage's time (seconds since 1970) from now on."""
        self.offset_s = storage_time_s - self._now()

    def _make_stamp(self, second: int) -> Stamp:
        amz_date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        day = amz_date[:8]
        if day != self._day:
            self._states = _hmac_states(self._key_of(day))
            self._day = day
        inner = self._states[0].copy()
        scope = f"{day}/{self.region_code}/{self.service}/aws4_request"
        inner.update(f"{ALGORITHM}\n{amz_date}\n{scope}\n".encode())
        return Stamp(amz_date, day, inner, self._states[1])

    def _key_of(self, day: str) -> bytes:
        key = f"AWS4{self.credentials.secret_access_key}".encode()
        for part in (day, self.region_code, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def _hmac_states(key: bytes) -> tuple["Hash", "Hash"]:
    """RFC 2104, up to the message; `key` is shorter than a block."""
    block = key.ljust(_BLOCK_BYTES, b"\0")
    return sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))
