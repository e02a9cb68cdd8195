"""The completion report, put together from the results of a job's chunks (docs/batch-operations.md,
Where a report lies).

One result file after the other, each a stream from work storage into the report bucket: memory
stays flat and no disk is needed. What is written is kept on the job, so that another worker
goes on behind the last whole file.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from jobs import conf
from jobs.choices import REPORT_FORMAT, ReportScope
from jobs.lifecycle.losses import Losses, losses_of
from jobs.models import Job, Report
from jobs.reports import layout
from jobs.reports.gathering import Column, gather, portions
from jobs.s3.storage import Storage
from jobs.workstore.store import WorkStore

# As AWS writes it, although the columns stand in another order (docs/batch-operations.md, Rows of a
# report).
SCHEMA = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"

File = dict[str, Any]
"""As in `Report.files`, with the position of the last chunk in it while the report is written."""

_LAST = "last_position"

MOST_PARTS = 10_000
"""So many places where rows are lost are named one by one."""


def write_report(
    job: Job,
    *,
    storage: Storage,
    work: WorkStore,
    now: datetime,
    alive: Callable[[], None],
    keep: Callable[[list[File]], None],
    may_go_on: Callable[[], bool],
) -> Report | None:
    """Write the result files that are missing, then manifest.json and its MD5; returns the row
    that describes them, or None when `may_go_on`, asked after each file, said no.

    `alive` is called often and may raise to stop. `keep` is given all files so far after each
    one, for `job.report_files`; it may raise, too. Raises StorageError, WorkStoreError. Calling
    again after a crash overwrites what was begun.
    """
    files = list(job.report_files)
    for file in _missing(job, files, storage, work, alive):
        files.append(file)
        keep(files)
        if not may_go_on():
            return None
    alive()
    files = [{name: file[name] for name in file if name != _LAST} for file in files]
    key = layout.manifest_key(job.report_prefix, job.pk)
    _write_manifest(storage, job.report_bucket, key, files, losses_of(job), now)
    return _describe(job, key, files, now)


def statuses_of(job: Job) -> list[Column]:
    """Those that the report is to have."""
    return ["succeeded", "failed"] if job.report_spec.scope == ReportScope.ALL_TASKS else ["failed"]


def _missing(
    job: Job,
    written: list[File],
    storage: Storage,
    work: WorkStore,
    alive: Callable[[], None],
) -> Iterator[File]:
    for status in statuses_of(job):
        before = [file for file in written if file["status"] == status]
        index, after = len(before), before[-1][_LAST] if before else -1
        while file := _write_file(job, status, index, after, storage, work, alive):
            yield file
            index, after = index + 1, file[_LAST]


def _write_file(
    job: Job,
    status: Column,
    index: int,
    after: int,
    storage: Storage,
    work: WorkStore,
    alive: Callable[[], None],
) -> File | None:
    """The file of the chunks behind the position `after`; None when there are none."""
    chosen = portions(job, status, after=after, limit=conf.report_file_rows())
    first = next(chosen, None)
    if first is None:
        return None
    key = layout.result_key(job.report_prefix, job.pk, status, index)
    rows = 0
    with (
        contextlib.closing(gather(chain([first], chosen), status, work, alive)) as gathered,
        storage.upload(
            job.report_bucket,
            key,
            "text/csv",
            part_bytes=conf.report_part_bytes(),
            alive=alive,
        ) as upload,
    ):
        for portion, lines in gathered:
            alive()
            upload.write(lines)
            rows += portion.rows
            after = portion.position
    return {
        "status": status,
        "key": key,
        "md5": upload.md5,
        "rows": rows,
        "size_bytes": upload.size_bytes,
        _LAST: after,
    }


def _write_manifest(
    storage: Storage, bucket: str, key: str, files: list[File], losses: Losses, now: datetime
) -> None:
    created = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    manifest: dict[str, Any] = {
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
    if losses.parts:
        manifest["LostRows"] = _lost_rows(losses)
    data = json.dumps(manifest).encode()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    storage.put_object(bucket, f"{key}.md5", f"{md5}\n".encode(), "text/plain")
    # Last, so that a reader who sees manifest.json finds everything that it names.
    storage.put_object(bucket, key, data, "application/json")


def _lost_rows(losses: Losses) -> dict[str, Any]:
    """A member of ours: the rows of the list that no result file has, and why."""
    return {
        "ResultsLost": losses.results,
        "NotRun": losses.not_run,
        "Parts": [
            {
                "FirstRow": part.first_row,
                "Rows": part.rows,
                "Reason": "ResultsLost" if part.was_run else "NotRun",
            }
            for part in losses.parts[:MOST_PARTS]
        ],
    }


def _describe(job: Job, key: str, files: list[File], now: datetime) -> Report:
    rows = {
        status: sum(file["rows"] for file in files if file["status"] == status)
        for status in ("succeeded", "failed")
    }
    report, _ = Report.objects.update_or_create(
        job=job,
        defaults={
            "bucket": job.report_bucket,
            "manifest_key": key,
            "files": files,
            "rows_succeeded": rows["succeeded"],
            "rows_failed": rows["failed"],
            "size_bytes": sum(file["size_bytes"] for file in files),
            "written_at": now,
        },
    )
    return report
