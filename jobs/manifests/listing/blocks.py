"""A listing as a source of rows, in blocks for the frozen list."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from jobs.manifests.frozen_list import BUCKET, KEY, NUL, VERSION_ID, Frozen
from jobs.manifests.listing.checking import PAGE_ROWS, UNUSABLE, Lister, UnorderedError
from jobs.manifests.listing.listed import Listed
from jobs.manifests.listing.one_place import PAGE_BY_PAGE, batches
from jobs.manifests.listing.places import Wanted
from jobs.manifests.listing.ranged import Batch
from jobs.manifests.source import Checkpoint, ListAnewError, Place, Reading, RowBlock
from jobs.s3.template import quote_key

NOWHERE = Place(0)
"""A listing has no lines."""


Freeze = Callable[[list[tuple[str, Listed]], bool], Frozen]
"""Makes a text of rows with their buckets; with True, they have versions."""


def frozen_rows(block: list[tuple[str, Listed]], with_versions: bool) -> Frozen:
    """A key is encoded as `+` cannot be read in two ways: a space is %20, and a plus %2B."""
    if with_versions:
        lines = [f"{one}\0{quote_key(row.key)}\0{row.version_id}\n" for one, row in block]
    else:
        lines = [f"{one}\0{quote_key(row.key)}\n" for one, row in block]
    buckets = {bucket for bucket, _ in block}
    fields = (BUCKET, KEY, VERSION_ID) if with_versions else (BUCKET, KEY)
    bucket = buckets.pop() if len(buckets) == 1 else ""
    return Frozen("".join(lines).encode(), len(block), fields, NUL, bucket)


def listed_blocks(
    wanted: Wanted,
    reading: Reading,
    checkpoint: Checkpoint = None,
    *,
    page_rows: int = PAGE_ROWS,
    frozen: Freeze = frozen_rows,
) -> Iterator[RowBlock]:
    """Rows in blocks, each once. Where few are kept of many, blocks without rows come in between, so that
    how far the listing came is known. Raises StorageError, StorageUnavailableError, StoppedError, and
    what `wanted.keeps` raises: what was kept until then comes before. Raises ListAnewError where it turns
    out late that a storage lists out of order.
    """
    known = checkpoint or {"place": 0, "within": None, "unordered": []}
    until = known.get("until", len(wanted.places))
    listing = _Blocks(wanted, reading, known["unordered"], until, frozen)
    within, number = known["within"], known["place"]
    while number < listing.until:
        if reading.shares():
            yield from listing.leave_places(number, within)
        place = wanted.places[number]
        lister = Lister(
            reading.storage(place.bucket).listing,
            wanted.action,
            place,
            page_rows=page_rows,
            patience_s=reading.patience_s,
        )
        if within is None and number in listing.unordered:
            within = PAGE_BY_PAGE
        try:
            yield from listing.of_place(
                number, batches(lister, reading.stop, within, reading.shares)
            )
        except UnorderedError as error:
            raise listing.anew(number, str(error)) from error
        within, number = None, number + 1
    yield from listing.rest()


@dataclass(slots=True)
class _Blocks:
    """`unordered` are the numbers of places that are listed page by page; those from `until` on are for
    others. `waiting` are rows for the next
    block, each with its bucket; `checkpoint` that of what came last.
    """

    wanted: Wanted
    reading: Reading
    unordered: list[int]
    until: int
    frozen: Freeze
    waiting: list[tuple[str, Listed]] = field(default_factory=list)
    checkpoint: Checkpoint = None
    has_moved: bool = False

    def of_place(self, number: int, found: Generator[Batch, None, None]) -> Iterator[RowBlock]:
        bucket = self.wanted.places[number].bucket
        keeps = self.wanted.keeps(bucket)
        try:
            with closing(found):
                for batch in found:
                    kept = keeps(batch.rows) if batch.rows else []
                    yield from self._take(number, bucket, batch, kept)
        except GeneratorExit:
            raise
        except BaseException:
            # Whoever goes on later need not list that again.
            yield from self.rest()
            raise

    def leave_places(self, number: int, within: Any) -> Iterator[RowBlock]:
        """Half of those behind `number`, for others to list."""
        kept = (self.until - number) // 2
        if not kept:
            return
        begin, self.until = self._at(self.until - kept, None), self.until - kept
        self.checkpoint = self._at(number, within)
        yield self._block(len(self.waiting), self.checkpoint, [begin])

    def rest(self) -> Iterator[RowBlock]:
        if self.waiting or self.has_moved:
            yield self._block(len(self.waiting), self.checkpoint)

    def _take(
        self, number: int, bucket: str, batch: Batch, kept: list[Listed]
    ) -> Iterator[RowBlock]:
        wanted_rows = self.reading.rows_per_block
        self.waiting += [(bucket, row) for row in kept]
        while len(self.waiting) > wanted_rows:
            # The row that ends the block is one of this page: what came before made no block.
            last = self.waiting[wanted_rows - 1][1]
            is_last_before = len(self.waiting) - len(kept) == wanted_rows
            before = self.checkpoint if is_last_before else self._at(number, batch.checkpoint(last))
            yield self._block(wanted_rows, before)
        self.has_moved = self.has_moved or bool(batch.rows)
        self.checkpoint = self._at(number, batch.checkpoint(None))
        if batch.left is not None:
            part = self._at(number, batch.left, until=number + 1)
            yield self._block(len(self.waiting), self.checkpoint, [part])
        if self.reading.is_slow():
            yield from self.rest()

    def anew(self, number: int, why: str) -> ListAnewError:
        """From the first place on, and that of `number` page by page."""
        unordered = sorted({*self.unordered, number})
        return ListAnewError(UNUSABLE, why, {"place": 0, "within": None, "unordered": unordered})

    def _at(self, number: int, within: Any, *, until: int | None = None) -> Checkpoint:
        at = {"place": number, "within": within, "unordered": self.unordered}
        return at | {"until": self.until if until is None else until}

    def _block(
        self, rows: int, checkpoint: Checkpoint, parts: Sequence[Checkpoint] = ()
    ) -> RowBlock:
        block, self.waiting = self.waiting[:rows], self.waiting[rows:]
        self.has_moved = False
        skipped = dict(self.wanted.skipped)
        self.wanted.skipped.clear()
        counted = Counter(bucket for bucket, _ in block)
        return RowBlock(
            rows=self.frozen(block, self.wanted.with_versions),
            place=NOWHERE,
            checkpoint=checkpoint,
            buckets={bucket: (count, NOWHERE) for bucket, count in counted.items()},
            skipped=skipped,
            parts=parts,
            size_bytes=sum(row.size_bytes for _, row in block),
        )
