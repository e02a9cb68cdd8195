"""How large an object may be that one request copies, as far as a storage says, and in which parts
larger ones go. Pure.
"""

import math
import re

from jobs.s3.answers import Answer
from jobs.s3.faults import is_foreign
from jobs.services.habits import LARGEST_COPY_BYTES, Habits

MIB = 1024**2
MOST_PARTS = 10_000
LEAST_PART_BYTES = 5 * MIB
MOST_PART_BYTES = 5 * 1024**3
USUAL_PART_BYTES = 128 * MIB
"""Small enough that a storage answers within its time, and that a kill repeats little."""

_TOO_LARGE = re.compile(
    r"larger than|too large|too big|exceeds?\b|maximum (allowable|allowed)", re.I
)
_A_SIZE = re.compile(r"(?<!\d)\d{7,15}(?!\d)")


def says_too_large(answer: Answer) -> bool:
    """Whether a refusal of CopyObject is about the source's size. S3 itself says InvalidRequest, and
    why in words alone; MinIO and Ceph say EntityTooLarge.
    """
    if not answer.code or is_foreign(answer):
        return False
    if answer.code == "EntityTooLarge" or answer.http_status == 413:
        return True
    is_about_size = _TOO_LARGE.search(answer.message) and "copy source" in answer.message.lower()
    return answer.http_status == 400 and bool(is_about_size)


def learn_limit(habits: Habits, answer: Answer, size_bytes: int) -> None:
    """From a refusal of an object of that size: one that is known to be as large is not asked for in
    vain any more.
    """
    said = [int(text) for text in _A_SIZE.findall(answer.message)]
    limit_bytes = min((size for size in said if size < size_bytes), default=size_bytes - 1)
    habits.largest_copy_bytes = max(0, min(habits.largest_copy_bytes, limit_bytes))


def part_size(size_bytes: int, habits: Habits) -> int:
    """Of every part but the last, in bytes: as many that some can be copied side by side, and at
    most 10,000. Parts of one request's own limit, where a storage has a small one.
    """
    limit_bytes = min(habits.largest_copy_bytes or LARGEST_COPY_BYTES, USUAL_PART_BYTES)
    usual_bytes = max(LEAST_PART_BYTES, limit_bytes)
    if size_bytes > usual_bytes * MOST_PARTS:
        usual_bytes = MIB * math.ceil(size_bytes / MOST_PARTS / MIB)
    return min(usual_bytes, MOST_PART_BYTES)


def part_count(size_bytes: int, part_bytes: int) -> int:
    return math.ceil(size_bytes / part_bytes)


def byte_range(number: int, part_bytes: int, size_bytes: int) -> tuple[int, int]:
    """The first and the last byte of a part, counted from 0; parts are numbered from 1."""
    first = (number - 1) * part_bytes
    return first, min(first + part_bytes, size_bytes) - 1
