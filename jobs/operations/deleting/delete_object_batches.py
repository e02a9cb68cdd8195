"""Which keys one request DeleteObjects names. Pure."""

import re
from collections import defaultdict
from collections.abc import Sequence

from jobs.spec.target import Target

MOST_KEYS = 1000
MOST_BYTES = 384 * 1024
"""Of keys and versions in one request: its answer, which names them again, must fit into what is
read of an answer (jobs.s3.parsing.MAX_BODY_BYTES).
"""

_ESCAPED = "&<>\"'"
_ESCAPED_BYTES = 6
"""One of these or a letter beyond ASCII may come back as a reference of so many."""

_NOT_FOR_XML = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""What XML cannot carry, and what some reader of XML may change on its way to another key; so may
white space at an end be changed.
"""


def batches(targets: Sequence[Target]) -> Sequence[Sequence[int]]:
    keys = [target.key for target in targets]
    versions = [target.version_id for target in targets]
    can_all = are_for_xml(keys, versions) and not any(target.guard for target in targets)
    if can_all and len({target.bucket for target in targets}) == 1:
        is_newest = versions.count(None) == len(keys)
        distinct = set(keys) if is_newest else set(zip(keys, versions, strict=True))
        if len(distinct) == len(keys):  # nearly always so
            return _cut(range(len(keys)), keys, versions)
    alone: list[list[int]] = []
    by_bucket: dict[str, list[int]] = defaultdict(list)
    seen: set[tuple[str, str, str | None]] = set()
    for index, target in enumerate(targets):
        told = (target.bucket, target.key, target.version_id)
        # One that is listed twice is asked for twice: the answer would be about both. One that may
        # have changed is looked at right before.
        is_for_many = target.guard is None and are_for_xml([target.key], [target.version_id])
        if told in seen or not (can_all or is_for_many):
            alone.append([index])
        else:
            seen.add(told)
            by_bucket[target.bucket].append(index)
    found = [part for indices in by_bucket.values() for part in _cut(indices, keys, versions)]
    return [*found, *alone]


def _cut(
    indices: Sequence[int], keys: Sequence[str], versions: Sequence[str | None]
) -> Sequence[Sequence[int]]:
    def size_bytes(*some: int) -> int:
        return _most_bytes([keys[n] for n in some], [versions[n] for n in some])

    starts = range(0, len(indices), MOST_KEYS)
    parts = [indices[start : start + MOST_KEYS] for start in starts]
    if all(size_bytes(*part) <= MOST_BYTES for part in parts):
        return parts
    cut: list[list[int]] = []
    room_bytes = 0
    for index in indices:
        if room_bytes < size_bytes(index) or len(cut[-1]) >= MOST_KEYS:
            cut.append([])
            room_bytes = MOST_BYTES
        cut[-1].append(index)
        room_bytes -= size_bytes(index)
    return cut


def are_for_xml(keys: Sequence[str], versions: Sequence[str | None]) -> bool:
    """Whether a reader of XML is bound to find these again."""
    texts = [*keys, *filter(None, versions)]
    text = "".join(texts)
    is_printable = text.isprintable()
    if not all(keys) or not (is_printable or _NOT_FOR_XML.search(text) is None):
        return False
    return (is_printable and " " not in text) or list(map(str.strip, texts)) == texts


def _most_bytes(keys: Sequence[str], versions: Sequence[str | None]) -> int:
    """What these may take of an answer."""
    text = "".join(keys) + "".join(filter(None, versions))
    beyond_ascii = 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))
    escaped = beyond_ascii + sum(map(text.count, _ESCAPED))
    return len(text) + escaped * (_ESCAPED_BYTES - 1)
