"""What a listing says of objects that lie close together: one request instead of one for each."""

import os.path
from collections.abc import Generator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from jobs.operations.context import Context
from jobs.operations.steps import Step
from jobs.s3.answers import Answer
from jobs.services.call import Call
from jobs.spec.target import Guard, Target

LIST = "ListObjectsV2"
MOST_LISTED = 1000
"""Objects of a page: S3 gives no more."""

FEWEST = 8
"""Of fewer objects each is asked for."""

OURS_AT_LEAST = 1 / 4
"""Of the objects of a page; with less, a listing costs more than it saves."""

Guards = Mapping[str, Guard]
"""What was seen of objects, by their keys."""


def are_listed(targets: Sequence[Target]) -> list[int]:
    """Indices of those that a listing can show: no versions, and keys that are text."""
    return [n for n, one in enumerate(targets) if not one.version_id and _is_text(one.key)]


def listed(targets: Sequence[Target], context: Context) -> Generator[Step, Any, Guards]:
    """Of targets of one bucket (`are_listed`): what its listing shows of them. Fewer than all
    where a page has too many other objects, where listing is refused, or where a storage lists in
    another order; nothing follows from a key that is missing.
    """
    wanted = {target.key for target in targets}  # letters have the order of their bytes in UTF-8
    first, last = min(wanted), max(wanted)
    there, after = context.bucket(targets[0].bucket), just_before(first)
    params = {
        "Prefix": os.path.commonprefix([first, last]),
        "EncodingType": "url",
        "MaxKeys": min(MOST_LISTED, len(wanted)),
    }
    found: dict[str, Guard] = {}
    while True:
        asked = {**params, "StartAfter": after} if after else params
        answer: Answer = yield Call(there, LIST, asked, is_look=True, is_aside=True)
        if answer.code:
            return found
        page = _page(answer.data)
        ours = {key: guard for key, guard in page.items() if key in wanted}
        found |= ours
        is_sparse = len(ours) < OURS_AT_LEAST * len(page)
        reached = max(page, default="")
        if is_sparse or not answer.data.get("IsTruncated") or not after < reached < last:
            return found
        after = reached


def just_before(key: str) -> str:
    """A key before this one with hardly any between them; "" where there is none."""
    rest, letter = key[:-1], key[-1]
    return f"{rest}{chr(ord(letter) - 1)}~~~~" if "!" < letter < "\x7f" else rest


def _page(data: Mapping[str, Any]) -> dict[str, Guard]:
    """The objects of a page whose ETag, size and last change are all told."""
    is_encoded = data.get("EncodingType") == "url"
    found = {}
    for item in data.get("Contents") or ():
        if item.get("ETag") and item.get("LastModified") and "Size" in item:
            key = unquote_plus(item["Key"]) if is_encoded else item["Key"]
            moment_s = item["LastModified"].timestamp()
            found[key] = Guard(item["ETag"], "", int(item["Size"]), moment_s)
    return found


def _is_text(key: str) -> bool:
    """S3's keys are; what a list says may be anything."""
    try:
        return bool(key.encode())
    except UnicodeEncodeError:
        return False
