"""Whether a page that a storage's own token gave follows on the one before it.

A token says nothing of what it leaves out. So where two pages meet, the storage is asked once more, for a page
that begins in the middle of the first: it has to go on with rows of the second. That takes two requests, and is done
where the first two pages meet, at the third such place, the ninth and so on: of a million pages 13 times. A storage
whose tokens leave pages out does so again and again.
"""

from collections.abc import Mapping
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
    _boundaries: int = 0
    _next: int = 1

    def note(self, lister: Lister, query: Mapping[str, str], page: Page) -> None:
        """The page that follows on the one that was noted before. Raises StorageError where it does not."""
        before, begin = self._spots, self._query
        self._query, self._spots = query, [spot_of(row) for row in page.rows]
        if begin is None or not before or not self._spots:
            return
        self._boundaries += 1
        if self._boundaries == self._next:
            self._next *= _TIMES
            self._look(lister, begin, before)

    def _look(self, lister: Lister, begin: Mapping[str, str], before: list[Spot]) -> None:
        """Single rows may come and go meanwhile: no row in common is what nothing else explains."""
        half = len(before) // 2
        try:
            first = lister.page(begin, rows=half) if half else None
            if first is None or len(first.rows) != half or not first.next:
                return
            across = [spot_of(row) for row in lister.page(first.next, rows=len(before)).rows]
        except StorageError:
            return
        behind = set(across) - set(before)
        if behind and not behind & set(self._spots):
            raise skipped(lister.place.bucket, before[-1].key)
