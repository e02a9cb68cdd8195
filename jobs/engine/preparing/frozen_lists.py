"""Preparing a job that runs the list of a dry run: copied from its work storage, and the manifest is
not read again (docs/batch-operations.md, The frozen list).

Copied, not lent: so each of the two lists goes when its own job is done with it, whatever the other
does.
"""

from collections import Counter
from collections.abc import Iterator

from jobs.choices import ChunkState
from jobs.engine.chunk_rows import is_away
from jobs.engine.preparing.frozen_rows import read_frozen
from jobs.errors import ManifestError, WorkStoreLostError
from jobs.lifecycle import freezing
from jobs.manifests.frozen_list import Rows, frozen, taken_apart
from jobs.manifests.source import BucketRows, Place, RowBlock
from jobs.models import Chunk, Job
from jobs.workstore.store import WorkStore

NOT_KEPT = "ListNotKept"
"""FailureCode of a job whose dry run has no list any more."""

AT_ONCE = 1_000
"""Chunks that are looked up at a time."""


def frozen_blocks(job: Job, work: WorkStore) -> Iterator[RowBlock]:
    """The rows that the job has not prepared yet, chunk by chunk. A checkpoint is a place in the list
    of the dry run: {"row": the row behind the chunk's first}, where the next block is looked for.

    Raises ManifestError where the list is not kept any more, and WorkStoreError.
    """
    line = job.prepared_rows + 1
    for chunk in _chunks(job):
        rows = _rows(chunk, work)
        yield RowBlock(
            frozen(rows),
            Place(line),
            {"row": chunk.position + 1},
            _buckets(rows, line),
            size_bytes=_size_bytes(rows),
        )
        line += len(rows)
    if line - 1 != _dry_run(job).tasks_done:
        raise ManifestError(NOT_KEPT, freezing.NOT_WHOLE)


def _size_bytes(rows: Rows) -> int | None:
    """None where one was not seen. One that was not there weighs nothing."""
    total_bytes = 0
    for guard in rows.guards or [None]:
        if guard is None or (guard.size_bytes is None and not guard.is_absent):
            return None
        total_bytes += guard.size_bytes or 0
    return total_bytes


def unseen_rows(block: RowBlock) -> int:
    """How many rows have no guard."""
    return taken_apart(block.rows).guards.count(None)


def _dry_run(job: Job) -> Job:
    dry_run = Job.objects.filter(pk=job.guarded_by_id).first()
    if dry_run is None or dry_run.list_kept_until is None:
        raise ManifestError(NOT_KEPT, freezing.NOT_KEPT)
    return dry_run


def _chunks(job: Job) -> Iterator[Chunk]:
    """In the order of the list."""
    rows = Chunk.objects.filter(job=_dry_run(job), state=ChunkState.DONE).order_by("position")
    position = (job.list_checkpoint or {"row": 0})["row"]
    while some := list(rows.filter(position__gte=position)[:AT_ONCE]):
        yield from some
        position = some[-1].position + 1


def _buckets(rows: Rows, first_line: int) -> BucketRows:
    counted = Counter(rows.buckets)
    return {name: (n, Place(first_line + rows.buckets.index(name))) for name, n in counted.items()}


def _rows(chunk: Chunk, work: WorkStore) -> Rows:
    try:
        return read_frozen(work, chunk.result)
    except WorkStoreLostError as error:
        if is_away(work, chunk.job_id):
            raise
        raise ManifestError(NOT_KEPT, freezing.NOT_WHOLE) from error
