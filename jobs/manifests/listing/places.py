"""What is listed: which keys of which buckets, and with which of their versions."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from jobs.manifests.listing.listed import Keeps, keeps_all
from jobs.s3.listing import OBJECTS, VERSIONS

KeepsOf = Callable[[str], Keeps]
"""For a bucket, what is asked about each page of it."""


def all_of_bucket(bucket: str) -> Keeps:
    return keeps_all


class PrefixOf(NamedTuple):
    """All keys of `bucket` that begin with `prefix`."""

    bucket: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`places` are listed one after another; see `disjoint`. With versions all of them are listed, and
    delete markers. `keeps` gives for a bucket what is asked about each page; it may raise what a source
    raises. Whoever keeps rows back counts in `skipped` those to be told of, by the reason.
    """

    places: tuple[PrefixOf, ...]
    with_versions: bool = False
    keeps: KeepsOf = all_of_bucket
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def action(self) -> str:
        return VERSIONS if self.with_versions else OBJECTS


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
