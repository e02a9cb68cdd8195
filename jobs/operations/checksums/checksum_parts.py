"""Of which parts an object was made, as its storage tells: what a composite checksum is made of."""

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from jobs.operations.base import Outcome
from jobs.operations.context import Context
from jobs.operations.steps import Step, Together
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.services.call import Call
from jobs.spec.target import Target

UNKNOWN = "PartSizesUnknown"
CANNOT_TELL = (
    "Cannot tell of which parts the object was made: {why} Choose the checksum type FULL_OBJECT."
)
_TOTAL = re.compile(r"bytes 0-\d+/(\d+)")
_OF_PARTS = re.compile(r'"?[^"]+-(\d+)"?')
MOST_PARTS = 10_000
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Parts:
    """Of the object with that ETag, in order."""

    etag: str
    sizes_bytes: Sequence[int]


Finding = Generator[Step, Any, Parts | Answer | Outcome]


def find(target: Target, context: Context) -> Finding:
    """An Answer is a refusal that is the whole task's; an Outcome says what cannot be told."""
    first = yield _head(target, context, 1)
    if first.code or not _count_of(first):
        # A storage may know the object and not the parameter.
        first = yield _head(target, context, None)
        if first.code:
            return cast(Answer, first)
    etag, count = first.headers.get("etag", ""), _count_of(first)
    if count == 0:
        return _unknown("the storage says neither its size nor its parts.")
    if count == 1:
        return Parts(etag, (_length_of(first),))
    listed = yield from _listed(target, context)
    if listed is not None and len(listed.sizes_bytes) == count:
        return listed
    if first.http_status != 206:
        return _unknown(f"the storage says {count} parts, and not of which sizes.")
    return (yield from _one_by_one(target, context, first, count))


def _count_of(head: Answer) -> int:
    """What the storage says of the first part, or of the whole, shows how many parts there are. An
    ETag without a number is one of a single upload; 0 stands for what does not fit together.
    """
    named = _OF_PARTS.fullmatch(head.headers.get("etag", ""))
    said = head.headers.get("x-amz-mp-parts-count", named[1] if named else "1")
    count, length_bytes = _number(said), _length_of(head)
    total = _TOTAL.fullmatch(head.headers.get("content-range", ""))
    is_all = head.http_status != 206 or int(total[1] if total else 0) == length_bytes
    if length_bytes < 0 or not 0 < count <= MOST_PARTS or (count == 1 and not is_all):
        return 0
    return count


def _listed(target: Target, context: Context) -> Generator[Step, Any, Parts | None]:
    """By GetObjectAttributes; None where that tells of no parts, or not of all bytes."""
    sizes_bytes: list[int] = []
    marker = 0
    while True:
        params = addressed(target) | {"ObjectAttributes": ["ETag", "ObjectParts", "ObjectSize"]}
        params |= {"MaxParts": 1000, **({"PartNumberMarker": marker} if marker else {})}
        to = context.bucket(target.bucket)
        answer = yield Call(to, "GetObjectAttributes", params, is_aside=True, is_look=True)
        if answer.code:
            return None
        told: Mapping[str, Any] = answer.data.get("ObjectParts") or {}
        found = sorted(told.get("Parts") or (), key=lambda part: part.get("PartNumber", 0))
        numbers = [part.get("PartNumber") for part in found]
        if not found or numbers != list(range(marker + 1, marker + 1 + len(found))):
            return None
        sizes_bytes += [part.get("Size", 0) for part in found]
        marker = numbers[-1]
        if not told.get("IsTruncated") or marker >= MOST_PARTS:
            break
    etag = f'"{str(answer.data.get("ETag") or "").strip(chr(34))}"'
    is_all = sum(sizes_bytes) == answer.data.get("ObjectSize")
    return Parts(etag, sizes_bytes) if is_all and len(etag) > 2 else None


def _one_by_one(target: Target, context: Context, first: Answer, count: int) -> Finding:
    """HeadObject of each, which may differ in size."""
    etag = first.headers.get("etag", "")
    total = _TOTAL.fullmatch(first.headers.get("content-range", ""))
    calls = (_head(target, context, number, etag) for number in range(2, count + 1))
    answers = yield Together(calls, at_once=AT_ONCE)
    for answer in answers:
        if answer is not None and answer.code:
            return _unknown(f"HeadObject of a part was answered with {answer.code}.")
    heads = [first, *answers]
    sizes_bytes = [_length_of(head) for head in heads]
    is_same = all(head.headers.get("etag", "") == etag for head in heads)
    if not etag or not is_same or total is None or sum(sizes_bytes) != int(total[1]):
        return _unknown("what the storage says of them does not fit together.")
    return Parts(etag, sizes_bytes)


def _head(target: Target, context: Context, number: int | None, etag: str = "") -> Call:
    params: dict[str, Any] = {"PartNumber": number} if number else {}
    params |= addressed(target)
    params |= {"IfMatch": etag} if etag else {}
    return Call(context.bucket(target.bucket), "HeadObject", params, is_aside=True)


def _length_of(head: Answer) -> int:
    return _number(head.headers.get("content-length", ""))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def _unknown(why: str) -> Outcome:
    return Outcome(False, 200, UNKNOWN, CANNOT_TELL.format(why=why))
