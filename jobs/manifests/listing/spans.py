"""The ranges that a listing is divided into, and where it pays to divide one more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.manifests.listing.checking import BEGINNING, Asked, Spot
from jobs.manifests.listing.keyspace import Sample, cut, sample_of, share_left

_LEAST_PAGES_LEFT = 3.0
"""A range with less to come is left to whoever has it."""

_LEAST_PAGES_TO_LEAVE = 24.0
"""Others ask for a page or two of each range anew."""

_FREE_REQUESTS = 12
_EXTRA_SHARE = 0.06
"""Of all requests, so many may bring nothing new."""


@dataclass(slots=True)
class Span:
    """Rows behind `after`, which was taken, up to the key `until` itself, None for the end.
    `before` is the row taken before `after`, and `low` a key below of another range.
    """

    after: Spot = BEGINNING
    until: str | None = None
    low: str = ""
    before: Spot | None = None
    sample: Sample | None = None
    pages_left: float = 0.0

    @property
    def asked(self) -> Asked:
        return Asked(self.after, self.before)

    def to_json(self) -> list[Any]:
        return [*self.after, self.until]


def span_from_json(data: Sequence[Any]) -> Span:
    key, version_id, until = data
    return Span(Spot(key, version_id), until)


@dataclass(slots=True)
class Spans:
    """Those that are not done, of one place. `rows` and `requests` were had so far."""

    prefix: str
    open: list[Span] = field(default_factory=lambda: [Span()])
    rows: int = 0
    requests: int = 0
    page_rows: int = 1
    pages: int = 0

    def advance(self, span: Span, spots: Sequence[Spot], *, is_done: bool) -> None:
        """`spots` are the rows of a page that belong to `span`."""
        self.rows += len(spots)
        self.pages += 1
        self.page_rows = max(self.page_rows, len(spots))
        if is_done:
            self.open.remove(span)
            return
        keys = [spot.key for spot in spots]
        span.before = spots[-2] if len(spots) > 1 else span.after if span.after.key else None
        span.after = spots[-1]
        span.low = span.low or keys[0]
        span.sample = sample_of(keys)
        self._measure(span)

    def divide(self) -> Span | None:
        """Another range, cut off from the one with most to come; None where that would not pay."""
        unproven = sum(span.sample is None for span in self.open)
        is_early = self.pages < 2
        if is_early or unproven >= len(self.open) - unproven or self._is_spent(unproven):
            return None
        whole = max(self.open, key=lambda span: span.pages_left)
        if whole.sample is None or whole.pages_left < _LEAST_PAGES_LEFT:
            return None
        place = cut(whole.low, whole.sample, whole.until, self.prefix)
        if place is None:
            whole.pages_left = 0.0
            return None
        new = Span(Spot(place), whole.until, low=whole.after.key)
        whole.until = place
        self._measure(whole)
        self.open.append(new)
        return new

    def leave_some(self) -> list[Span]:
        """About half of what is to come, for others to list; nothing where that would not pay."""
        known = [span for span in self.open if span.sample is not None]
        known.sort(key=lambda span: span.pages_left, reverse=True)
        left = known[1::2]
        if sum(span.pages_left for span in left) < _LEAST_PAGES_TO_LEAVE:
            return []
        self.open = [span for span in self.open if span not in left]
        return left

    def _measure(self, span: Span) -> None:
        if span.sample is not None:
            span.pages_left = share_left(span.sample, span.until, self.prefix)

    def _is_spent(self, unproven: int) -> bool:
        """The last page of each range brings half of what it may."""
        useful = self.rows / self.page_rows
        extra = self.requests - useful + unproven + len(self.open) / 2
        return extra > _FREE_REQUESTS + _EXTRA_SHARE * useful
