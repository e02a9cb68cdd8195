"""Preparing: the manifest is read once, checked row by row, counted and cut into chunks.

Restartable and time-boxed: how far it came lies in the same transaction as the chunks made so
far, so a worker may die at any line. No object of the list is touched (reference 1.1).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from jobs import conf, queueing
from jobs.choices import JobStatus
from jobs.engine import control_lease
from jobs.engine.control_lease import ControlLease
from jobs.engine.database_clock import now_s
from jobs.errors import (
    LeaseLostError,
    ManifestError,
    StorageError,
    StorageUnavailableError,
    WorkStoreError,
)
from jobs.lifecycle import commands
from jobs.lifecycle.connections import manifest_storage, region_of, storage_for
from jobs.manifests.csv_manifest import RowBlock, read_blocks
from jobs.models import Chunk, Job
from jobs.operations import registry
from jobs.s3.storage import Storage, describe
from jobs.workstore import segments
from jobs.workstore.store import WorkStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
INVALID = "InvalidManifestContent"
RETRY_S = 10.0
CHECKPOINT_S = 2.0
BUCKETS_KEPT = 1000
"""Distinct buckets of a list that are remembered and looked at before the job may run."""


def prepare_job(job_id: str, *, work: WorkStore, clock: Clock, stop: threading.Event) -> None:
    """Bring a New or Preparing job on its way to Suspended or Ready, for one time box."""
    commands.begin_preparing(job_id, now=clock())
    lease = control_lease.acquire(job_id, {JobStatus.PREPARING})
    if lease is None:
        return
    try:
        with lease.kept(JobStatus.PREPARING, stop) as kept_stop:
            _Preparation(commands.get_job(job_id), lease, work, clock, kept_stop).run()
    except LeaseLostError:
        logger.info("job %s: preparing ends here, the job moved on", job_id)
        return
    except ManifestError as error:
        commands.fail(
            job_id,
            error.code,
            error.message,
            line=error.line,
            now=clock(),
            only_from={JobStatus.PREPARING},
        )
    except StorageUnavailableError as error:
        _wait(job_id, f"Preparing waits: {error.message}", clock())
    except WorkStoreError as error:
        _wait(job_id, f"Preparing waits for the work storage: {error.message}", clock())
    lease.release()


def _wait(job_id: str, sentence: str, now: datetime) -> None:
    commands.wait_for(job_id, sentence, until_s=now_s() + RETRY_S, now=now)


@dataclass(slots=True)
class _Preparation:
    job: Job
    lease: ControlLease
    work: WorkStore
    clock: Clock
    stop: threading.Event
    _until_s: float = field(default=0.0)

    def run(self) -> None:
        self._until_s = time.monotonic() + conf.time_box_s()
        storage = self._storage()
        check_manifest_object(self.job, storage)
        if self.job.waiting_for:
            commands.stop_waiting(self.job.pk, now=self.clock())
        if not self._read(storage):
            queueing.call("prepare_job", self.job.pk)
            return
        if self.job.prepared_rows == 0:
            raise ManifestError(INVALID, "The manifest is empty. List at least one object.")
        check_buckets(self.job)
        commands.end_preparing(
            self.job,
            total_tasks=self.job.prepared_rows,
            buckets=self.job.buckets,
            now=self.clock(),
        )

    def _storage(self) -> Storage:
        try:
            return manifest_storage(self.job)
        except StorageError as error:
            raise ManifestError(error.code, error.message) from error

    def _read(self, storage: Storage) -> bool:
        """Read from the checkpoint on; False when the time was up before the end."""
        with (
            _manifest_errors(self.job),
            storage.open_object(
                self.job.manifest_bucket,
                self.job.manifest_key,
                start_byte=self.job.prepared_byte,
                version_id=self.job.manifest_version_id or None,
                if_match=self.job.manifest_etag,
            ) as pieces,
        ):
            blocks = read_blocks(
                pieces,
                self.job.manifest.fields,
                rows_per_block=conf.chunk_rows(),
                first_line=self.job.prepared_rows + 1,
                start_byte=self.job.prepared_byte,
            )
            for group in _grouped(blocks):
                self._keep(group)
                if self.stop.is_set() or time.monotonic() > self._until_s:
                    return False
        return True

    def _keep(self, group: list[RowBlock]) -> None:
        """Put a group of chunks into work storage, then make them and the checkpoint known."""
        position = self.job.prepared_rows
        packed = segments.pack([block.lines for block in group])
        name = f"{self.job.pk}/segments/{position:012d}-{self.lease.fence}.bin"
        self.work.put(name, packed.data)
        chunks = []
        for block, (offset, length) in zip(group, packed.ranges, strict=True):
            chunks.append(
                Chunk(
                    job=self.job,
                    position=position,
                    rows=len(block.lines),
                    segment=name,
                    offset=offset,
                    length=length,
                )
            )
            position += len(block.lines)
            self._count_buckets(block)
        with transaction.atomic():
            self._checkpoint(position, group[-1].end_byte)
            Chunk.objects.bulk_create(chunks)

    def _count_buckets(self, block: RowBlock) -> None:
        known = self.job.buckets
        for name, (rows, line) in block.buckets.items():
            if name in known:
                known[name][0] += rows
            elif len(known) < BUCKETS_KEPT:
                known[name] = [rows, line]
        self._check_single_bucket()

    def _check_single_bucket(self) -> None:
        operation = registry.get(self.job.operation)
        if operation.single_bucket and len(self.job.buckets) > 1:
            (first, _), (second, (_, line)) = list(self.job.buckets.items())[:2]
            raise ManifestError(
                INVALID,
                f'Line {line} names bucket "{second}", the lines before it "{first}".'
                f" {operation.label} needs all objects in one bucket: make a job for each bucket.",
                line=line,
            )

    def _checkpoint(self, position: int, end_byte: int) -> None:
        self.lease.write(
            JobStatus.PREPARING,
            prepared_rows=position,
            prepared_byte=end_byte,
            buckets=self.job.buckets,
        )
        self.job.prepared_rows, self.job.prepared_byte = position, end_byte


def _grouped(blocks: Iterator[RowBlock]) -> Iterator[list[RowBlock]]:
    """Blocks by the segment: as many as fit, or fewer when reading them took long."""
    group: list[RowBlock] = []
    began_s = time.monotonic()
    for block in blocks:
        group.append(block)
        if len(group) >= conf.segment_chunks() or time.monotonic() - began_s > CHECKPOINT_S:
            yield group
            group, began_s = [], time.monotonic()
    if group:
        yield group


class _manifest_errors:
    """Turns a storage's refusal while the manifest is read into the job's failure."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if isinstance(error, StorageError) and not error.retryable:
            raise _refused(self._job, error) from error


def _refused(job: Job, error: StorageError) -> ManifestError:
    if error.code in {"AccessDenied", "403"}:
        # AWS's own words (reference 1.8): people search for them.
        return ManifestError(error.code, f"Reading the manifest is forbidden: {error.code}")
    if error.code in {"PreconditionFailed", "412"}:
        return ManifestError("ManifestChanged", _changed(job))
    return ManifestError(error.code, describe(error, place=_place(job)))


def _place(job: Job) -> str:
    return f"s3://{job.manifest_bucket}/{job.manifest_key}"


def _changed(job: Job) -> str:
    return (
        f"The manifest {_place(job)} changed after the job was created: its ETag is not"
        f" {job.manifest_etag} any more. Clone the job to use the new one."
    )


def check_manifest_object(job: Job, storage: Storage) -> None:
    """Look at the manifest before reading it. Raises ManifestError, StorageUnavailableError."""
    with _manifest_errors(job):
        facts = storage.head_object(
            job.manifest_bucket, job.manifest_key, job.manifest_version_id or None
        )
    if facts.etag != job.manifest_etag.strip('"'):
        raise ManifestError("ManifestChanged", _changed(job))
    if facts.customer_key or (facts.encryption or "").startswith("aws:kms"):
        raise ManifestError(
            "ManifestEncryptionNotSupported",
            "CSV manifests encrypted with SSE-C or SSE-KMS are not supported."
            " Store the manifest with SSE-S3 or without encryption.",
        )


def check_buckets(job: Job) -> None:
    """Every bucket that the list names must be there. Raises ManifestError with its first line,
    StorageUnavailableError.
    """
    for bucket, (_, line) in job.buckets.items():
        try:
            storage_for(bucket, job.region, job.role).check_bucket(bucket)
        except StorageUnavailableError:
            raise
        except StorageError as error:
            if error.code in {"NoSuchBucket", "404", "NoCredentials"}:
                raise ManifestError(
                    INVALID,
                    f'Line {line} names bucket "{bucket}": '
                    + (error.message if error.code == "NoCredentials" else "it does not exist."),
                    line=line,
                ) from error
    _check_targets(job)


def _check_targets(job: Job) -> None:
    operation = registry.get(job.operation).parse(job.parameters)
    for target in operation.target_buckets():
        there = region_of(target, job.region)
        for bucket, (_, line) in job.buckets.items():
            if region_of(bucket, job.region) != there:
                raise ManifestError(
                    "CrossRegionNotSupported",
                    f'Line {line} names bucket "{bucket}" of another Region than "{target}".'
                    f" {operation.label} across Regions is not supported yet.",
                    line=line,
                )
