"""Whether a page that a storage's own token gave follows on the one before it.

A token says nothing of what it leaves out. So where two pages meet, the storage is asked once more, for a page
that begins in the middle of the first: it has to go on with the second. That takes two requests, and is done
where the first two pages meet, at the third such place, the ninth and so on: of a million pages 13 times. A storage
whose tokens leave rows out does so again and again.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jobs.errors import StorageError
from jobs.manifests.listing.checking import Lister, Spot, skipped, spot_of
from jobs.manifests.listing.pages import Page

_TIMES = 3


@dataclass(slots=True)
class SecondLooks:
    """Of one listing, page by page."""

    _query: Mapping[str, str] | None = None
    _spots: list[Spot] = field(default_factory=list)
    _came: set[Spot] = field(default_factory=set)
    _boundaries: int = 0
    _next: int = 1

    def note(self, lister: Lister, query: Mapping[str, str], page: Page) -> None:
        """The page that follows on the one that was noted before. Raises StorageError where it does not."""
        before, begin = self._spots, self._query
        self._query, self._spots = query, [spot_of(row) for row in page.rows]
        self._came = set(self._spots)
        if begin is None or not before or not self._spots:
            return
        self._boundaries += 1
        if self._boundaries == self._next:
            self._next *= _TIMES
            try:
                leaves_out = self._leaves_out(lister, begin, before)
            except StorageError:
                return  # one that is throttled, or gives each page only once
            if leaves_out:
                raise skipped(lister.place.bucket, before[-1].key)

    def _leaves_out(self, lister: Lister, begin: Mapping[str, str], before: Sequence[Spot]) -> bool:
        """What was written meanwhile is in the second page when that is asked for again. A storage that
        lists in another order each time tells nothing.
        """
        half = len(before) // 2
        first = lister.page(begin, rows=half) if half else None
        if first is None or not first.next or list(map(spot_of, first.rows)) != before[:half]:
            return False
        across = [spot_of(row) for row in lister.page(first.next, rows=len(before)).rows]
        between = set(itertools.takewhile(lambda spot: spot not in self._came, across))
        between -= set(before)
        if between and self._query is not None:
            between -= {spot_of(row) for row in lister.page(self._query).rows}
        return bool(between) and lister.still_has(min(between))
