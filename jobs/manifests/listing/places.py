"""What is listed: which versions of which keys of which buckets."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from jobs.manifests.listing.listed import Keeps, Listed, keeps_all
from jobs.s3.listing import OBJECTS, VERSIONS


class Which(Enum):
    """Which of the versions of a key."""

    CURRENT = "current"
    ALL = "all versions"
    NONCURRENT = "noncurrent"
    MARKERS = "delete markers"

    @property
    def action(self) -> str:
        return OBJECTS if self is Which.CURRENT else VERSIONS

    def has(self, row: Listed) -> bool:
        if self is Which.MARKERS:
            return row.is_delete_marker
        return self is not Which.NONCURRENT or not row.is_latest


class PrefixOf(NamedTuple):
    """All keys of `bucket` that begin with `prefix`."""

    bucket: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`keeps` is asked about each page, after `which`."""

    places: tuple[PrefixOf, ...]
    which: Which = Which.CURRENT
    keeps: Keeps = keeps_all


def disjoint(places: Iterable[PrefixOf]) -> tuple[PrefixOf, ...]:
    """The same keys, each once: without places that another has in it, in the order given."""
    named = list(dict.fromkeys(places))
    return tuple(
        one
        for one in named
        if not any(
            other != one and other.bucket == one.bucket and one.prefix.startswith(other.prefix)
            for other in named
        )
    )
