"""What a job's list is prepared from: its manifest, or the list that a dry run froze."""

import threading
from collections.abc import Callable, Iterator
from functools import cache

from jobs import conf
from jobs.engine.preparing.frozen_lists import frozen_blocks
from jobs.engine.preparing.look_ups import LookUps
from jobs.errors import ManifestError, StorageError
from jobs.lifecycle.connections import storage_to_look_at
from jobs.manifests.source import Reading, RowBlock
from jobs.manifests.sources import source_of
from jobs.models import Job, ListPart
from jobs.operations import registry
from jobs.s3.storage import Storage
from jobs.workstore.store import WorkStore


def blocks_of(
    job: Job,
    whole: Job | ListPart,
    work: WorkStore,
    stop: threading.Event,
    *,
    is_slow: Callable[[], bool],
    hold_turn: Callable[[], None],
    free_turn: Callable[[], None],
    shares: Callable[[], bool],
) -> Iterator[RowBlock]:
    """The rows that are not prepared yet of the job's list, or of a part of it; the functions are those of
    `Reading`. Raises ManifestError, StorageUnavailableError, WorkStoreError.
    """
    if job.guarded_by_id:
        yield from frozen_blocks(job, work)
        return
    operation = registry.get(job.operation)
    with LookUps(job, whole, stop) as look_up:
        reading = Reading(
            storage=storages(job, stop),
            rows_per_block=conf.chunk_rows(operation.chunk_rows),
            is_slow=is_slow,
            stop=stop,
            takes_free_keys=operation.takes_free_keys,
            takes_delete_markers=operation.takes_delete_markers,
            look_up=look_up,
            hold_turn=hold_turn,
            free_turn=free_turn,
            shares=shares,
        )
        source = source_of(job.manifest)
        source.check(job.manifest, reading)
        yield from source.blocks(job.manifest, reading, whole.list_checkpoint)


def storages(job: Job, stop: threading.Event) -> Callable[[str], Storage]:
    """That of a bucket, wherever it lies; raises ManifestError where nobody can look there."""

    @cache
    def storage(bucket: str) -> Storage:
        try:
            return storage_to_look_at(bucket, job, stop)
        except StorageError as error:
            raise ManifestError(error.code, error.message) from error

    return storage
