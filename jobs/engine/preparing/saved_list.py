"""The last step of preparing a generated list that is to be saved: it is written as a manifest.

It is written from the frozen list, one file after the other, each a stream from work storage. Which
files are whole is kept on the job, so that another worker goes on behind the last of them.
"""

import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jobs.choices import JobStatus
from jobs.engine.chunk_rows import unpacked
from jobs.engine.control_lease import ControlLease
from jobs.errors import ManifestError, StoppedError, StorageError, StorageUnavailableError
from jobs.lifecycle.connections import storage_for
from jobs.manifests.generated import saving
from jobs.models import Chunk, Job
from jobs.s3.sentences import describe
from jobs.s3.storage import Storage
from jobs.spec.generator import GeneratorSpec
from jobs.spec.manifest_output import ManifestOutput
from jobs.workstore.store import WorkStore

NOT_WRITTEN = "Error occurred when preparing manifest: Failed to write manifest"
"""AWS's own words (docs/batch-operations.md, Failures of a job)."""

CHUNKS_AT_ONCE = 1_000
_GZIP = 31
"""zlib's window bits for gzip, whose head has no time then: a file that is written again is the same."""

File = dict[str, Any]
"""key, size, MD5checksum, rows, and behind: the position in the list at which the next one begins."""


def save_list(
    job: Job,
    lease: ControlLease,
    work: WorkStore,
    stop: threading.Event,
    is_over: Callable[[], bool],
) -> bool:
    """False where `is_over`, asked between two files, ended it. Nothing is done for other lists, nor
    for one that was copied from a dry run, which saved it.

    Raises ManifestError, StorageUnavailableError, WorkStoreError, LeaseLostError, StoppedError.
    """
    spec = job.manifest
    if not isinstance(spec, GeneratorSpec) or not spec.saves or job.guarded_by_id:
        return True
    output = spec.output
    if output is None or job.generated_manifest:
        return True
    try:
        storage = storage_for(output.bucket, job.region, job.role, stop)
        return _Saving(job, spec, output, lease, work, storage, stop).run(is_over)
    except StorageUnavailableError:
        raise
    except StorageError as error:
        place = f"s3://{output.bucket}/{saving.folder(output, job.pk)}"
        said = describe(error, place=place, verb="write to")
        raise ManifestError(error.code, f"{NOT_WRITTEN}. {said}") from error


@dataclass(frozen=True, slots=True)
class _Saving:
    job: Job
    spec: GeneratorSpec
    output: ManifestOutput
    lease: ControlLease
    work: WorkStore
    storage: Storage
    stop: threading.Event

    def run(self, is_over: Callable[[], bool]) -> bool:
        files: list[File] = self.job.saved_files
        while (behind := files[-1]["behind"] if files else 0) < self.job.prepared_rows:
            files.append(self._write_file(len(files), behind))
            self.lease.write(JobStatus.PREPARING, saved_files=files)
            if is_over():
                return False
        self._write_manifest(files)
        return True

    def _write_file(self, number: int, position: int) -> File:
        key = saving.data_key(self.output, self.job.pk, number)
        packer, rows = zlib.compressobj(level=6, wbits=_GZIP), 0
        with self.storage.upload(
            self.output.bucket,
            key,
            "application/x-gzip",
            alive=self._alive,
            encryption=saving.encryption_of(self.output),
        ) as upload:
            for chunk in self._chunks(position):
                self._alive()
                packed = self.work.read_range(chunk.segment, chunk.offset, chunk.length)
                upload.write(packer.compress(saving.csv_of(unpacked(packed, self.spec))))
                rows += chunk.rows
                if rows >= saving.rows_of_file(number):
                    break
            upload.write(packer.flush())
        return {
            "key": key,
            "size": upload.size_bytes,
            "MD5checksum": upload.md5,
            "rows": rows,
            "behind": position + rows,
        }

    def _chunks(self, position: int) -> Iterator[Chunk]:
        chunks = Chunk.objects.filter(job=self.job).order_by("position")
        while some := list(chunks.filter(position__gte=position)[:CHUNKS_AT_ONCE]):
            yield from some
            position = some[-1].position + some[-1].rows

    def _write_manifest(self, files: list[File]) -> None:
        content = saving.manifest_of(self.spec, self.output, files, self.job.created_at)
        place = saving.folder(self.output, self.job.pk)
        key = f"{place}manifest.json"
        encryption = saving.encryption_of(self.output)
        bucket = self.output.bucket
        checksum = saving.checksum_of(content)
        self.storage.put(
            bucket, f"{place}manifest.checksum", checksum, "text/plain", encryption=encryption
        )
        put = self.storage.put(bucket, key, content, "application/json", encryption=encryption)
        described = saving.descriptor(self.output, key, put.etag, put.version_id)
        self.lease.write(JobStatus.PREPARING, generated_manifest=described, saved_files=[])
        self.job.generated_manifest = described

    def _alive(self) -> None:
        if self.stop.is_set():
            raise StoppedError
