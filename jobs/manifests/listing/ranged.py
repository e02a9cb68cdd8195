"""Listing a bucket or a prefix by ranges of keys, side by side."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jobs.manifests.listing.asking import Asking
from jobs.manifests.listing.checking import Lister, checked_page, spot_of
from jobs.manifests.listing.listed import Listed
from jobs.manifests.listing.pages import Page
from jobs.manifests.listing.spans import Span, Spans
from jobs.manifests.source import never

Checkpoint = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one page, none where nothing came for a moment. `checkpoint` says how to go on once a
    row of them is taken with all before it, or, given None, once all are. `left` is where others go on with
    what is left out from now on.
    """

    rows: list[Listed]
    checkpoint: Callable[[Listed | None], Checkpoint]
    left: Checkpoint | None = None


class Ranged:
    """Of one place. A batch's checkpoint holds as long as the next batch is not asked for.

    `chain` is how the storage itself wants to be asked on, as long as all that was taken are the
    pages that it listed first; None from then on.
    """

    def __init__(
        self,
        lister: Lister,
        stop: threading.Event,
        open_spans: list[Span] | None,
        shares: Callable[[], bool] = never,
    ) -> None:
        self.chain: dict[str, str] | None = None if open_spans else {}
        self.spans = Spans(lister.place.prefix)
        if open_spans is not None:
            self.spans.open = open_spans
        self._lister = lister
        self._stop = stop
        self._shares = shares

    def batches(self) -> Iterator[Batch]:
        """Raises UnorderedError, StorageError, StoppedError."""
        with Asking(self._ask, self._stop, patience_s=self._lister.patience_s) as asking:
            for span in self.spans.open:
                asking.put(span)
            while not asking.is_idle:
                came = asking.next()
                self.spans.requests = asking.requests
                if came is None:
                    yield Batch([], self._checkpoint_of_all)
                    continue
                span, page = came
                if span not in self.spans.open:
                    continue  # it was left to others meanwhile
                batch = self._take(span, page)
                if span in self.spans.open:
                    asking.put(span)
                while asking.room > 0 and (new := self.spans.divide()):
                    asking.put(new)
                asking.send()
                yield batch
                if self._shares() and (left := self.spans.leave_some()):
                    asking.forget(left)
                    self.chain = None
                    begin = {"spans": [one.to_json() for one in left]}
                    yield Batch([], self._checkpoint_of_all, begin)

    def _ask(self, span: Span) -> Page:
        return checked_page(self._lister, span.asked)

    def _take(self, span: Span, page: Page) -> Batch:
        rows, until = page.rows, span.until
        if until is not None and rows and rows[-1].key > until:
            rows = [row for row in rows if row.key <= until]
            is_done = True
        else:
            is_done = not page.is_truncated
        if self.chain is not None:
            self.chain = (page.next or None) if len(self.spans.open) == 1 else None
        self.spans.advance(span, [spot_of(row) for row in rows], is_done=is_done)

        def checkpoint(row: Listed | None) -> Checkpoint:
            if row is None:
                return self._checkpoint_of_all(None)
            others = [one.to_json() for one in self.spans.open if one is not span]
            is_open = len(others) < len(self.spans.open)
            here = Span(spot_of(row), span.until if is_open else until)
            return {"spans": [here.to_json(), *others]}

        return Batch(rows, checkpoint)

    def _checkpoint_of_all(self, _: Listed | None) -> Checkpoint:
        return {"spans": [span.to_json() for span in self.spans.open]}
