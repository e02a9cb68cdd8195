"""Rows of a list, as they are read: checked, put into work storage, and made known as chunks.

How far that came lies in the same transaction as the chunks, so whoever does it may die at any line.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.db import transaction

from jobs import conf
from jobs.engine.preparing import list_parts
from jobs.engine.preparing.frozen_lists import unseen_rows
from jobs.engine.preparing.list_sources import blocks_of, storages
from jobs.engine.preparing.manifest_checks import check_columns, check_rows, check_single_bucket
from jobs.engine.preparing.new_chunks import NewChunk, add_chunks
from jobs.engine.preparing.plus_checks import check_plus_signs
from jobs.lifecycle import waits
from jobs.manifests import frozen_list
from jobs.manifests.source import Checkpoint, RowBlock
from jobs.models import Job, ListPart
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.workstore import segments
from jobs.workstore.store import WorkStore

CHECKPOINT_S = 2.0
SEGMENT_BYTES = 16 * 1024 * 1024


class Holding(Protocol):
    """The lease on what is read: the list, or a part of it."""

    @property
    def fence(self) -> int: ...

    @property
    def segment_name(self) -> str:
        """How names of segments begin."""

    def write(self, *, stored: bool = False, **changes: object) -> None:
        """Write `changes` to what is held; with `stored` something lies in work storage besides. To be
        called in a transaction. Raises LeaseLostError.
        """


@dataclass(frozen=True, slots=True)
class Turn:
    """What rows are kept with. `held` is set where the turn does not end by itself
    (`Reading.hold_turn`).
    """

    work: WorkStore
    clock: Callable[[], datetime]
    stop: threading.Event
    held: threading.Event
    until_s: float

    def is_over(self) -> bool:
        is_late = time.monotonic() > self.until_s and not self.held.is_set()
        return self.stop.is_set() or is_late


@dataclass(slots=True)
class RowKeeping:
    """Of the `whole` list, which is the job then, or of a part."""

    job: Job
    whole: Job | ListPart
    holding: Holding
    turn: Turn
    _kept_s: float = field(default_factory=time.monotonic)

    def keep_all(self) -> bool:
        """False where the turn ended before. Raises as sources do, and what checks of the rows raise."""
        job, turn = self.job, self.turn
        operation = registry.get(job.operation).parse(job.parameters)
        storage = storages(job, turn.stop)
        sharing = list_parts.Sharing(job.pk)
        blocks = blocks_of(
            *(job, self.whole, turn.work, turn.stop),
            is_slow=self._is_slow,
            hold_turn=turn.held.set,
            free_turn=turn.held.clear,
            shares=sharing,
        )
        for group in _grouped(blocks, turn.is_over):
            self._see_columns(group, operation)
            check_rows(job, operation, group)
            check_plus_signs(job, operation, group, storage)
            self._keep(group)
            if group[-1].parts:
                sharing.left()
            if turn.is_over():
                return False
        return True

    def _see_columns(self, group: list[RowBlock], operation: Operation) -> None:
        rows = [block.rows for block in group if block.rows.rows]
        if rows and self.whole.lists_versions is None:
            self.whole.lists_versions = frozen_list.VERSION_ID in rows[0].fields
            self.job.lists_versions = self.whole.lists_versions
            if not self.job.manifest.fields:
                check_columns(self.job, operation)

    def _is_slow(self) -> bool:
        """Time for a checkpoint, although no block is full."""
        return self.turn.stop.is_set() or time.monotonic() - self._kept_s > CHECKPOINT_S

    def _keep(self, group: list[RowBlock]) -> None:
        """Put a group of chunks into work storage, then make them and the checkpoint known. A block
        without rows is a checkpoint alone.
        """
        whole, holding = self.whole, self.holding
        position = whole.prepared_rows
        first = whole.first_position if isinstance(whole, ListPart) else 0
        filled = [block for block in group if block.rows.rows]
        packed = segments.pack(frozen_list.encode(block.rows) for block in filled)
        name = f"{self.job.pk}/segments/{holding.segment_name}{position:012d}-{holding.fence}.bin"
        if filled:
            self.turn.work.put(name, packed.data)
        chunks = []
        for block, (offset, length) in zip(filled, packed.ranges, strict=True):
            rows = block.rows.rows
            chunks.append(NewChunk(self.job.pk, first + position, rows, name, offset, length))
            position += rows
            self._count_buckets(block)
            if self.job.guarded_by_id:
                whole.unguarded_rows += unseen_rows(block)
        for block in group:
            self._count_skipped(block)
        list_parts.count_bytes(whole, [block.size_bytes for block in filled])
        with transaction.atomic():
            self._checkpoint(position, group[-1].checkpoint)
            list_parts.add(self.job, group[-1].parts)
            add_chunks(chunks)
        # Not before: what it waits for may be the place where that was put.
        if self.job.waiting_for:
            waits.stop_waiting(self.job.pk, now=self.turn.clock())
            self.job.waiting_for = ""

    def _count_buckets(self, block: RowBlock) -> None:
        known, before = self.whole.buckets, len(self.whole.buckets)
        for name, (rows, place) in block.buckets.items():
            list_parts.count_bucket(known, name, rows, [place.line, place.file])
        if len(known) > before:
            check_single_bucket(self.job, known)

    def _count_skipped(self, block: RowBlock) -> None:
        skipped = self.whole.skipped_rows
        for reason, rows in block.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + rows

    def _checkpoint(self, position: int, list_checkpoint: Checkpoint) -> None:
        whole = self.whole
        whole.prepared_rows, whole.list_checkpoint = position, list_checkpoint
        self.holding.write(
            stored=True,
            prepared_rows=whole.prepared_rows,
            list_checkpoint=whole.list_checkpoint,
            buckets=whole.buckets,
            skipped_rows=whole.skipped_rows,
            listed_bytes=whole.listed_bytes,
            plus_signs=whole.plus_signs,
            lists_versions=whole.lists_versions,
            unguarded_rows=whole.unguarded_rows,
            looked_up_objects=whole.looked_up_objects,
        )
        self._kept_s = time.monotonic()


def _grouped(blocks: Iterator[RowBlock], is_over: Callable[[], bool]) -> Iterator[list[RowBlock]]:
    """Blocks by the segment: fewer than it may hold when reading took long, when rows are wide, when
    parts are left to others, or when the turn `is_over`.
    """
    group: list[RowBlock] = []
    began_s, size_bytes = time.monotonic(), 0
    for block in blocks:
        group.append(block)
        size_bytes += len(block.rows.text)
        full = len(group) >= conf.segment_chunks() or size_bytes > SEGMENT_BYTES
        is_due = full or time.monotonic() - began_s > CHECKPOINT_S
        if is_due or block.parts or is_over():
            yield group
            group, began_s, size_bytes = [], time.monotonic(), 0
    if group:
        yield group
