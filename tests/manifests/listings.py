"""What tests of listings have in common."""

import random
from collections.abc import Iterator

from jobs.manifests.frozen_list import decode, encode
from jobs.manifests.listing.blocks import listed_blocks
from jobs.manifests.listing.places import PrefixOf, Wanted
from jobs.manifests.source import RowBlock
from tests.listing_storage import Entry, ListingStorage

WHOLE = (PrefixOf("photos"),)


def rows_of(blocks: Iterator[RowBlock]) -> list[tuple[str, str, str | None]]:
    found = []
    for block in blocks:
        rows = decode(encode(block.rows))
        found += zip(rows.buckets, rows.keys, rows.version_ids, strict=True)
    return found


def keys_of(
    storage: ListingStorage, places: tuple[PrefixOf, ...] = WHOLE, page_rows: int = 5
) -> list[str]:
    blocks = listed_blocks(Wanted(places), storage.reading(7), page_rows=page_rows)
    return [key for _, key, _ in rows_of(blocks)]


def many(count: int = 400) -> list[str]:
    """Keys of several kinds: digits, hex, folders."""
    drawn = random.Random(count)
    keys = {f"flat/{number:08d}" for number in range(count // 2)}
    keys |= {f"{drawn.getrandbits(64):016x}" for _ in range(count // 4)}
    keys |= {f"logs/{drawn.choice('abc')}/{drawn.randrange(10**6)}" for _ in range(count // 4)}
    return sorted(keys)


def with_versions(keys: list[str]) -> list[Entry]:
    """Of each key up to five, with and without a delete marker before them."""
    rows = []
    for number, key in enumerate(sorted(keys)):
        for version in range(number % 5 + 1):
            is_marker = version == 0 and number % 3 == 0
            rows.append(Entry(key, f"v{version}", version == 0, is_marker))
    return rows
