"""The current version of each row of a list, so that a job acts on what was there when it was made.

A listing of versions tells a thousand at once, where rows lie close together.
"""

from collections.abc import Iterable, Sequence
from os.path import commonprefix

from jobs.manifests.listing.checking import Lister, UnorderedError, require_order
from jobs.manifests.listing.pages import Page

FEWEST = 8
"""Of fewer keys each is asked for by itself."""

OURS_AT_LEAST = 1 / 10
"""Of the rows of a page; with less, further pages tell too little for what they take."""


def current_versions(lister: Lister, keys: Iterable[str]) -> dict[str, str | None]:
    """Of keys of the bucket that `lister` lists with versions: the ID of the current version, "null" for the
    null version, None where it was deleted. Keys that are not here are to be asked for one by one: far
    apart, or not listed, where guessing is no answer. Raises StorageError.
    """
    left, found = sorted(set(keys)), dict[str, str | None]()
    while len(left) >= FEWEST:
        reached, told = _listed(lister, left)
        found |= told
        if not reached:
            break
        left = [key for key in left if key > reached]
    return found


def _listed(lister: Lister, keys: Sequence[str]) -> tuple[str, dict[str, str | None]]:
    """What one page tells of some, and the last key that it reached; "" where further pages are not worth
    it, or this storage cannot be asked so.
    """
    marker = _just_before(keys[0])
    query = {"prefix": commonprefix([keys[0], keys[-1]])}
    if marker:
        query["key-marker"] = marker
    page = lister.page(query)
    listed = [row.key for row in page.rows]
    try:
        require_order(listed, lister.action)
    except UnorderedError:
        return "", {}
    if not listed or listed[0] <= marker:
        return "", {}
    told = _told(page, frozenset(keys))
    is_dense = len(told) >= OURS_AT_LEAST * len(listed)
    reached = listed[-1] if page.is_truncated else keys[-1]
    return (reached if is_dense else ""), told


def _told(page: Page, keys: frozenset[str]) -> dict[str, str | None]:
    return {
        row.key: None if row.is_delete_marker else row.version_id
        for row in page.rows
        if row.is_latest and row.key in keys
    }


def _just_before(key: str) -> str:
    """A key before this one with hardly any between them; "" where there is none."""
    rest, sign = key[:-1], key[-1]
    return f"{rest}{chr(ord(sign) - 1)}~~~~" if "!" < sign < "\x7f" else rest
