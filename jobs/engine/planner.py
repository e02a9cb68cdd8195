"""Preparing: the manifest is read once, checked row by row, counted and cut into chunks.

Restartable and time-boxed: how far it came lies in the same transaction as the chunks made so far,
so a worker may die at any line. No object of the list is touched (docs/batch-operations.md,
Statuses).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction

from jobs import conf
from jobs.choices import JobStatus
from jobs.engine import control_lease
from jobs.engine.control_lease import ALONE, GIVEN_UP, ControlLease, Terms
from jobs.engine.control_turns import leave_to_clear
from jobs.engine.database import DATABASE_AWAY, now_s
from jobs.engine.frozen_lists import unseen_rows
from jobs.engine.list_sources import blocks_of, storages
from jobs.engine.manifest_checks import (
    check_buckets,
    check_columns,
    check_rows,
    check_single_bucket,
    nothing_listed,
)
from jobs.engine.new_chunks import NewChunk, add_chunks
from jobs.engine.plus_checks import check_plus_signs
from jobs.engine.sampling import cut_to_sample
from jobs.engine.saved_list import save_list
from jobs.errors import (
    LeaseLostError,
    ManifestError,
    NoSuchJobError,
    StoppedError,
    StorageUnavailableError,
    WorkStoreError,
)
from jobs.lifecycle import commands
from jobs.manifests import frozen_list
from jobs.manifests.source import Checkpoint, ListAnewError, RowBlock
from jobs.models import Chunk, Job
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.workstore import segments
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
RETRY_S = 10.0
CHECKPOINT_S = 2.0
SEGMENT_BYTES = 16 * 1024 * 1024
BUCKETS_KEPT = 1000
"""Distinct buckets of a list that are remembered and looked at before the job may run."""


def prepare_job(
    job_id: str,
    *,
    work: WorkStore,
    clock: Clock,
    stop: threading.Event,
    terms: Terms = ALONE,
) -> None:
    """Bring a New or Preparing job on its way to Suspended or Ready: for one time box, or as
    long as the `terms` say.
    """
    commands.begin_preparing(job_id, now=clock())
    lease = control_lease.acquire(job_id, {JobStatus.PREPARING})
    if lease is None:
        return
    waits = False
    try:
        lease.note_deaths("Preparing waits.", JobStatus.PREPARING, clock())
        job = commands.get_job(job_id)
        if lease.is_last_straw:
            raise ManifestError(GIVEN_UP, control_lease.last_words(job))
        held = threading.Event()
        goes_on = replace(terms, goes_on=lambda: held.is_set() or terms.goes_on())
        with lease.kept(JobStatus.PREPARING, stop, goes_on) as kept_stop:
            _Preparation(job, lease, work, clock, kept_stop, held).run()
    except LeaseLostError:
        logger.info("job %s: preparing ends here, the job moved on", job_id)
        # If it was cancelled, what was put meanwhile lies in a folder that was emptied before.
        leave_to_clear(job_id)
        return
    except ManifestError as error:
        commands.fail(
            job_id,
            error.code,
            error.message,
            line=error.line,
            file=error.file,
            now=clock(),
            only_from={JobStatus.PREPARING},
        )
    except StoppedError:
        logger.info("job %s: preparing stops here, and goes on at the next turn", job_id)
    except StorageUnavailableError as error:
        waits = _wait(job_id, f"Preparing waits: {error.message}", clock())
    except WorkStoreError as error:
        waits = _wait(job_id, f"Preparing waits for the work storage: {error.message}", clock())
    except (*DATABASE_AWAY, NoSuchJobError):
        raise
    except Exception as error:
        logger.exception("job %s", job_id)
        lease.release_failed("Preparing waits.", error, clock())
        return
    lease.release(waits=waits)


def _wait(job_id: str, sentence: str, now: datetime) -> bool:
    """True: it waits."""
    commands.wait_for(
        job_id, sentence, until_s=now_s() + RETRY_S, now=now, only_in={JobStatus.PREPARING}
    )
    return True


@dataclass(slots=True)
class _Preparation:
    """`held` is set where its turn does not end by itself (`Reading.hold_turn`)."""

    job: Job
    lease: ControlLease
    work: WorkStore
    clock: Clock
    stop: threading.Event
    held: threading.Event
    _until_s: float = field(default=0.0)
    _kept_s: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        self._until_s = time.monotonic() + conf.time_box_s()
        blocks = blocks_of(
            self.job, self.work, self.stop, self._is_slow, self.held.set, self.held.clear
        )
        try:
            if not self._keep_all(blocks):
                return
        except ListAnewError as error:
            logger.info("job %s: its list is read anew. %s", self.job.pk, error.message)
            self._begin_anew(error.checkpoint)
            return
        if self.job.prepared_rows == 0:
            raise nothing_listed(self.job)
        if not check_buckets(self.job, self.stop, self.clock, self._goes_on_checking):
            return
        if not save_list(self.job, self.lease, self.work, self.stop, self._is_over):
            return
        with transaction.atomic():
            commands.end_preparing(
                self.job,
                total_tasks=cut_to_sample(self.job),
                now=self.clock(),
            )

    def _keep_all(self, blocks: Iterator[RowBlock]) -> bool:
        operation = registry.get(self.job.operation).parse(self.job.parameters)
        storage = storages(self.job, self.stop)
        for group in _grouped(blocks, self._is_over):
            self._see_columns(group, operation)
            check_rows(self.job, operation, group)
            check_plus_signs(self.job, operation, group, storage)
            self._keep(group)
            if self._is_over():
                return False
        return True

    def _see_columns(self, group: list[RowBlock], operation: Operation) -> None:
        rows = [block.rows for block in group if block.rows.rows]
        if rows and self.job.lists_versions is None:
            self.job.lists_versions = frozen_list.VERSION_ID in rows[0].fields
            if not self.job.manifest.fields:
                check_columns(self.job, operation)

    def _begin_anew(self, list_checkpoint: Checkpoint) -> None:
        """With the next turn. What lies in work storage stays there until the job's folder goes."""
        job = self.job
        job.prepared_rows, job.list_checkpoint = 0, list_checkpoint
        job.buckets, job.buckets_checked, job.skipped_rows = {}, [], {}
        with transaction.atomic():
            self._checkpoint()
            Chunk.objects.filter(job=job).delete()

    def _is_over(self) -> bool:
        is_late = time.monotonic() > self._until_s and not self.held.is_set()
        return self.stop.is_set() or is_late

    def _goes_on_checking(self) -> bool:
        """Between two buckets; what was looked at is known to whoever goes on."""
        is_over = self._is_over()
        if is_over or time.monotonic() - self._kept_s > CHECKPOINT_S:
            self._checkpoint()
        return not is_over

    def _is_slow(self) -> bool:
        """Time for a checkpoint, although no block is full."""
        return self.stop.is_set() or time.monotonic() - self._kept_s > CHECKPOINT_S

    def _keep(self, group: list[RowBlock]) -> None:
        """Put a group of chunks into work storage, then make them and the checkpoint known. A block
        without rows is a checkpoint alone.
        """
        position = self.job.prepared_rows
        filled = [block for block in group if block.rows.rows]
        packed = segments.pack([frozen_list.encode(block.rows) for block in filled])
        name = f"{self.job.pk}/segments/{position:012d}-{self.lease.fence}.bin"
        if filled:
            self.work.put(name, packed.data)
        chunks = []
        for block, (offset, length) in zip(filled, packed.ranges, strict=True):
            chunks.append(NewChunk(self.job.pk, position, block.rows.rows, name, offset, length))
            position += block.rows.rows
            self._count_buckets(block)
            if self.job.guarded_by_id:
                self.job.unguarded_rows += unseen_rows(block)
        for block in group:
            self._count_skipped(block)
        with transaction.atomic():
            self._checkpoint(position, group[-1].checkpoint)
            add_chunks(chunks)
        # Not before: what it waits for may be the place where that was put.
        if self.job.waiting_for:
            commands.stop_waiting(self.job.pk, now=self.clock())
            self.job.waiting_for = ""

    def _count_buckets(self, block: RowBlock) -> None:
        known, before = self.job.buckets, len(self.job.buckets)
        for name, (rows, place) in block.buckets.items():
            if name in known:
                known[name][0] += rows
            elif len(known) < BUCKETS_KEPT:
                known[name] = [rows, place.line, place.file]
        if len(known) > before:
            check_single_bucket(self.job)

    def _count_skipped(self, block: RowBlock) -> None:
        for reason, rows in block.skipped.items():
            self.job.skipped_rows[reason] = self.job.skipped_rows.get(reason, 0) + rows

    def _checkpoint(
        self, position: int | None = None, list_checkpoint: Checkpoint | None = None
    ) -> None:
        """With `position` a group of chunks lies in work storage besides."""
        job = self.job
        if position is not None:
            job.prepared_rows, job.list_checkpoint = position, list_checkpoint
            job.work_stored += 1
        self.lease.write(
            JobStatus.PREPARING,
            prepared_rows=job.prepared_rows,
            list_checkpoint=job.list_checkpoint,
            work_stored=job.work_stored,
            buckets=job.buckets,
            buckets_checked=job.buckets_checked,
            skipped_rows=job.skipped_rows,
            plus_signs=job.plus_signs,
            lists_versions=job.lists_versions,
            unguarded_rows=job.unguarded_rows,
            looked_up_objects=job.looked_up_objects,
            found=job.found,
        )
        self._kept_s = time.monotonic()


def _grouped(blocks: Iterator[RowBlock], is_over: Callable[[], bool]) -> Iterator[list[RowBlock]]:
    """Blocks by the segment: fewer than it may hold when reading took long, when rows are wide or when
    the turn `is_over`.
    """
    group: list[RowBlock] = []
    began_s, size_bytes = time.monotonic(), 0
    for block in blocks:
        group.append(block)
        size_bytes += len(block.rows.text)
        full = len(group) >= conf.segment_chunks() or size_bytes > SEGMENT_BYTES
        if full or time.monotonic() - began_s > CHECKPOINT_S or is_over():
            yield group
            group, began_s, size_bytes = [], time.monotonic(), 0
    if group:
        yield group
