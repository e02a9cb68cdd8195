"""The completion report, put together from the results of a job's chunks (reference 6)."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs import conf
from jobs.choices import REPORT_FORMAT, ChunkState, ReportScope
from jobs.models import Chunk, Job, Report
from jobs.reports import layout
from jobs.reports.rows import FAILED, SUCCEEDED
from jobs.s3.storage import Storage
from jobs.workstore import results
from jobs.workstore.store import WorkStore, in_our_words

# As AWS writes it, although the columns stand in another order (reference 6.4).
SCHEMA = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"


def write_report(
    job: Job,
    *,
    storage: Storage,
    work: WorkStore,
    now: datetime,
    alive: Callable[[], None],
) -> Report:
    """Write every result file, then manifest.json and its MD5; returns the row that describes them.

    Memory stays flat: rows pass through one file per status on disk. `alive` is called often
    and may raise to stop. Raises StorageError, WorkStoreError. Calling again after a crash
    overwrites what was there.
    """
    spec = job.report_spec
    with in_our_words(f"{job.pk}/report"), _scratch(job) as scratch:
        writers = {
            status: _FileWriter(job, status, storage, Path(scratch) / status)
            for status in (SUCCEEDED, FAILED)
            if status == FAILED or spec.scope == ReportScope.ALL_TASKS
        }
        for parts in _parts(job, work):
            alive()
            for status, writer in writers.items():
                writer.add(parts[status])
        files = [file for writer in writers.values() for file in writer.close()]
    alive()
    key = layout.manifest_key(spec.prefix, job.pk)
    _write_manifest(storage, spec.bucket, key, files, now)
    return _describe(job, key, files, now)


def _scratch(job: Job) -> tempfile.TemporaryDirectory[str]:
    """In the job's own folder, which is emptied at its end: a process that is killed leaves this."""
    folder = conf.work_dir() / job.pk
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".report-", dir=folder)


def _parts(job: Job, work: WorkStore) -> Iterator[dict[str, bytes]]:
    """The finished rows of each chunk, in the order of the list."""
    done = Chunk.objects.filter(job=job, state=ChunkState.DONE).order_by("position")
    for name in done.values_list("result", flat=True).iterator(chunk_size=1000):
        succeeded, failed = results.decode(work.read(name))
        yield {SUCCEEDED: succeeded, FAILED: failed}


class _FileWriter:
    """Rows of one status into files of at most `conf.report_file_rows()` rows each."""

    def __init__(self, job: Job, status: str, storage: Storage, path: Path) -> None:
        self._job = job
        self._status = status
        self._storage = storage
        self._path = path
        self._files: list[dict[str, Any]] = []
        self._limit = conf.report_file_rows()
        self._begin()

    def _begin(self) -> None:
        self._file = self._path.open("wb")
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._rows = 0

    def add(self, rows: bytes) -> None:
        """`rows` are whole report lines; a message may hold a line feed, so lines are not split
        blindly: a chunk's rows go to one file together unless they alone exceed the limit.
        """
        if not rows:
            return
        count = count_rows(rows)
        if self._rows and self._rows + count > self._limit:
            self._upload()
            self._begin()
        self._file.write(rows)
        self._md5.update(rows)
        self._rows += count

    def close(self) -> list[dict[str, Any]]:
        if self._rows:
            self._upload()
        self._file.close()
        return self._files

    def _upload(self) -> None:
        self._file.close()
        spec = self._job.report_spec
        key = layout.result_key(spec.prefix, self._job.pk, self._status, len(self._files))
        self._storage.upload_file(spec.bucket, key, self._path, "text/csv")
        self._files.append(
            {
                "status": self._status,
                "key": key,
                "md5": self._md5.hexdigest(),
                "rows": self._rows,
                "size_bytes": self._path.stat().st_size,
            }
        )


def count_rows(rows: bytes) -> int:
    """How many CSV rows: line feeds outside quotes."""
    if b'"' not in rows:
        return rows.count(b"\n")
    return sum(part.count(b"\n") for part in rows.split(b'"')[::2])


def _write_manifest(
    storage: Storage, bucket: str, key: str, files: list[dict[str, Any]], now: datetime
) -> None:
    created = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    manifest = {
        "Format": REPORT_FORMAT,
        "ReportCreationDate": created,
        "Results": [
            {
                "TaskExecutionStatus": file["status"],
                "Bucket": bucket,
                "MD5Checksum": file["md5"],
                "Key": file["key"],
            }
            for file in files
        ],
        "ReportSchema": SCHEMA,
    }
    data = json.dumps(manifest).encode()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    storage.put_object(bucket, f"{key}.md5", f"{md5}\n".encode(), "text/plain")
    # Last, so that a reader who sees manifest.json finds everything that it names.
    storage.put_object(bucket, key, data, "application/json")


def _describe(job: Job, key: str, files: list[dict[str, Any]], now: datetime) -> Report:
    rows = {
        status: sum(file["rows"] for file in files if file["status"] == status)
        for status in (SUCCEEDED, FAILED)
    }
    report, _ = Report.objects.update_or_create(
        job=job,
        defaults={
            "bucket": job.report_bucket,
            "manifest_key": key,
            "files": files,
            "rows_succeeded": rows[SUCCEEDED],
            "rows_failed": rows[FAILED],
            "written_at": now,
        },
    )
    return report
