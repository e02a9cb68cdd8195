"""What flows through a worker from one storage to another: where it is read, what it becomes there, and
whether all of it arrived.
"""

import hashlib
import json
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jobs.operations.steps import DIFFERS, INCOMPLETE, Later, Step, Together
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.s3.body_headers import header_of, member_of
from jobs.s3.content import Content
from jobs.s3.template import PerObject
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.spec.target import Target

MIB = 1024**2
PART_BYTES = 8 * MIB
MAX_PARTS = 10_000
MAX_PART_BYTES = 64 * MIB
"""What all tasks of a worker may hold."""

KIND = "streamed"
MD5 = re.compile(r'"?([0-9a-f]{32})"?\Z')
_BY_KMS = ("aws:kms", "aws:kms:dsse")
_AGAIN = {DIFFERS, INCOMPLETE}
"""What another try may set right; three of them in all."""


Answering = Generator[Step, Any, Answer]


@dataclass(frozen=True, slots=True)
class Source:
    """An object as it is read: `head` is the answer to HeadObject. `reading` goes with each read
    (RequestPayer).
    """

    place: Destination
    target: Target
    head: Answer
    reading: Mapping[str, Any]

    @property
    def size_bytes(self) -> int:
        return int(self.head.data["ContentLength"])

    @property
    def etag(self) -> str:
        return str(self.head.data["ETag"])

    def part(self, number: int, part_bytes: int) -> tuple[Call, int]:
        """The call that reads it, and how long it is; parts are counted from 1."""
        begin = (number - 1) * part_bytes
        size_bytes = min(part_bytes, self.size_bytes - begin)
        params = {**addressed(self.target), **self.reading, "IfMatch": PerObject(self.etag)}
        if size_bytes < self.size_bytes:
            params["Range"] = PerObject(f"bytes={begin}-{begin + size_bytes - 1}")
        return Call(self.place, "GetObject", params), size_bytes


@dataclass(frozen=True, slots=True)
class Made:
    """The object that is to be: `params` are those of PutObject and CreateMultipartUpload, its key among
    them. `checksum` is what a person chose to be kept with it.
    """

    place: Destination
    params: Mapping[str, Any]
    checksum: str | None = None

    @property
    def key(self) -> str:
        return str(self.params["Key"])

    def call(self, action: str, **params: Any) -> Call:
        return Call(self.place, action, {"Key": self.key, **params})


def part_bytes_of(size_bytes: int) -> int:
    """How long the parts of such an object are, the last one aside."""
    least_bytes = -(-size_bytes // MAX_PARTS)
    return max(PART_BYTES, -(-least_bytes // MIB) * MIB)


def too_large(size_bytes: int) -> str:
    """Why an object of that size cannot be copied so; empty where it can."""
    if part_bytes_of(size_bytes) <= MAX_PART_BYTES:
        return ""
    most = MAX_PART_BYTES * MAX_PARTS
    return (
        f"An object of {size_bytes:,} bytes is too large: at most {most:,} flow through a worker."
    )


def state_in(kept: bytes) -> Mapping[str, Any] | None:
    """None where it is none of ours."""
    try:
        state = json.loads(kept) if kept else None
    except ValueError:
        return None
    return state if isinstance(state, dict) and state.get("kind") == KIND else None


def abort(place: Destination, state: Mapping[str, Any]) -> Call:
    params = {"Key": state["key"], "UploadId": state["upload_id"]}
    return Call(place, "AbortMultipartUpload", params)


def tried(make: Callable[[], Together]) -> Answering:
    """The last answer of what is done side by side, a failure where there is one."""
    for tries_left in (2, 1, 0):
        answers = yield make()
        failed = [answer for answer in answers if answer is not None and answer.code]
        if not failed:
            return answers[-1] if answers else Answer(200, "", "")
        # A refusal, where there is one, says more than what another try may set right.
        answer: Answer = min(failed, key=lambda one: one.code in _AGAIN)
        if answer.code not in _AGAIN or not tries_left or not (yield Later(few=True)):
            break
    return answer


def differs(content: Content, answer: Answer) -> str:
    """What an answer shows of the bytes that the other side has: by the checksum that it repeats, or by an ETag
    that is the MD5 of what it stored. One that shows neither was sent a SHA-256 with the signature.
    """
    if content.checksum is not None:
        told = answer.headers.get(header_of(content.checksum))
        if told is not None:
            _, make = member_of(content.checksum)
            return "" if told == content.made(make) else DIFFERENT
    found = MD5.match(str(answer.data.get("ETag", "")))
    if found is None or answer.headers.get("x-amz-server-side-encryption") in _BY_KMS:
        return ""
    return "" if found[1] == content.made(_md5_hex) else DIFFERENT


DIFFERENT = "The destination has other bytes than those that were sent."


def _md5_hex(data: bytes | bytearray) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def told(place: Destination, action: str, answer: Answer) -> Answer:
    return replace(answer, message=f"{action} in {place.name}: {answer.message}")
