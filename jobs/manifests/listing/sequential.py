"""Listing page by page, as the storage itself wants to be asked on: for one that knows no ranges."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jobs.errors import StorageError
from jobs.manifests.listing.asking import Asking
from jobs.manifests.listing.checking import (
    Lister,
    Spot,
    UnorderedError,
    require_order,
    spot_of,
    unusable,
)
from jobs.manifests.listing.listed import Listed
from jobs.manifests.listing.pages import Page
from jobs.manifests.listing.ranged import Batch, Checkpoint
from jobs.manifests.listing.second_looks import SecondLooks
from jobs.manifests.listing.spans import Span, span_from_json
from jobs.s3.foreign import quoted

MOST_EMPTY_PAGES = 100
"""In a row, of which each says that more follows."""

Query = dict[str, str]


@dataclass(slots=True)
class Sequential:
    """Of one place. `query` asks for the next page, of which all through `last` was taken before.
    With `only` the pages begin anew, must be in order, and what lies in those ranges is taken.
    """

    lister: Lister
    stop: threading.Event
    query: Query
    last: Spot | None = None
    only: list[Span] | None = None
    _asked: set[int] = field(default_factory=set)
    _seen: set[int] = field(default_factory=set)
    _before: list[Spot] = field(default_factory=list)
    _empty_pages: int = 0
    _passed: set[Spot] = field(default_factory=set)
    _second_looks: SecondLooks = field(default_factory=SecondLooks)

    @classmethod
    def restored(
        cls, lister: Lister, stop: threading.Event, checkpoint: Checkpoint
    ) -> "Sequential":
        last, only = checkpoint["last"], checkpoint["only"]
        return cls(
            lister,
            stop,
            checkpoint["next"],
            Spot(*last) if last else None,
            None if only is None else [span_from_json(one) for one in only],
        )

    def batches(self) -> Iterator[Batch]:
        """Raises StorageError, StoppedError, and UnorderedError where it takes another beginning."""
        query: Query | None = self.query
        with Asking(self.lister.page, self.stop, patience_s=self.lister.patience_s) as asking:
            while query is not None:
                asking.put(query)
                while (came := asking.next()) is None:
                    yield Batch([], lambda _: self._checkpoint(self.query, self.last))
                page = came[1]
                self._require_whole(query, page)
                self._second_looks.note(self.lister, query, page)
                rows = self._new_rows(page)
                following = self._following(page)
                yield self._batch(rows, following)
                query = following
                self.query, self.last = following or {}, None

    def _batch(self, rows: list[Listed], following: Query | None) -> Batch:
        def checkpoint(row: Listed | None) -> Checkpoint:
            if row is not None:
                return self._checkpoint(self.query, spot_of(row))
            return {"spans": []} if following is None else self._checkpoint(following, None)

        return Batch(rows, checkpoint)

    def _checkpoint(self, query: Query, last: Spot | None) -> Checkpoint:
        only: list[Any] | None = None
        if self.only is not None:
            only = [span.to_json() for span in self.only]
        return {"next": query, "last": list(last) if last else None, "only": only}

    def _new_rows(self, page: Page) -> list[Listed]:
        """Raises StorageError for what was listed before."""
        spots = [spot_of(row) for row in page.rows]
        self._look_for_repeats(spots)
        self._before = spots or self._before
        rows = page.rows
        if self.last is not None:
            rows = rows[self._taken(spots) :]
        return rows if self.only is None else [row for row in rows if self._is_in(row)]

    def _require_whole(self, query: Query, page: Page) -> None:
        """As far as a storage says itself what a page is."""
        token = query.get("continuation-token", "")
        if page.answers and token and page.answers != token:
            raise unusable(
                f"The storage was asked for one page of the bucket {self.lister.place.bucket} and answered with"
                " another: it names a continuation token that nobody sent."
            )
        if page.counted is not None and page.counted > len(page.rows):
            raise unusable(
                f"The storage leaves out objects of the bucket {self.lister.place.bucket} when it lists: a page"
                f" says that it has {page.counted:,} rows, and has {len(page.rows):,}."
            )

    def _taken(self, spots: list[Spot]) -> int:
        """How many of a page were taken by whoever was here before."""
        if self.last in spots:
            return spots.index(self.last) + 1
        raise UnorderedError(
            f"The bucket {self.lister.place.bucket} changed while it was listed: its listing had"
            f' "{quoted((self.last or spots[0]).key)}" before, and now has not, and this storage does'
            " not list in order."
        )

    def _look_for_repeats(self, spots: list[Spot]) -> None:
        if not spots:
            return
        mark = hash((spots[0], spots[-1], len(spots)))
        known = set(self._before)
        twice = next((spot for spot in spots if spot in known), None)
        if twice is None and len(set(spots)) < len(spots):
            twice = next(spot for n, spot in enumerate(spots) if spot in spots[:n])
        if twice is None and mark in self._seen:
            twice = spots[0]
        if twice is None and self.only is not None:
            keys = [spot.key for spot in [*self._before[-1:], *spots]]
            require_order(keys, self.lister.action)
        if twice is not None:
            raise self._repeats(twice.key)
        self._seen.add(mark)

    def _following(self, page: Page) -> Query | None:
        """None where all was listed. Raises StorageError."""
        self._empty_pages = 0 if page.rows else self._empty_pages + 1
        if not page.is_truncated:
            return None
        mark = hash(tuple(sorted(page.next.items())))
        if not page.next or mark in self._asked or self._empty_pages > MOST_EMPTY_PAGES:
            raise unusable(
                f"The storage says that the bucket {self.lister.place.bucket} has more objects than"
                " it has listed, and does not list them."
            )
        self._asked.add(mark)
        return page.next

    def _is_in(self, row: Listed) -> bool:
        """Of the versions of a key in which somebody stopped, those that follow on the last one."""
        spot = spot_of(row)
        for span in self.only or ():
            if spot == span.after:
                self._passed.add(spot)
                return False
            if spot.key == span.after.key:
                return span.after in self._passed
            if spot.key > span.after.key and (span.until is None or spot.key <= span.until):
                return True
        return False

    def _repeats(self, key: str) -> StorageError:
        return unusable(
            f"The storage repeats itself when it lists the bucket {self.lister.place.bucket}:"
            f' "{quoted(key)}" came a second time, or out of order.'
        )
