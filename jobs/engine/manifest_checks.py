"""What must be true of a manifest, and of the buckets it names, before a job may run.

Each function raises ManifestError, whose code and sentence become the job's FailureCode and
FailureReason, and StorageUnavailableError when it could not find out.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from jobs.choices import ManifestField
from jobs.errors import ManifestError, StorageError, StorageUnavailableError
from jobs.lifecycle.connections import region_of, storage_to_look_at
from jobs.lifecycle.notes import note_unchecked
from jobs.lifecycle.preflight import encryption_problem
from jobs.manifests.frozen_list import RowBlock, taken_apart
from jobs.models import Job
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.operations.preconditions import Precondition
from jobs.s3.answers import Answer
from jobs.s3.storage import Storage, describe

INVALID = "InvalidManifestContent"
"""FailureCode of a list that cannot be run (docs/batch-operations.md, Errors in a manifest)."""

UNFIT = "InvalidBucketState"
"""S3's name for a bucket that is not as a call needs it."""


@contextlib.contextmanager
def manifest_errors(job: Job) -> Iterator[None]:
    """Turns a storage's refusal while the manifest is read into the job's failure."""
    try:
        yield
    except StorageUnavailableError:
        raise
    except StorageError as error:
        raise _refused(job, error) from error


def _refused(job: Job, error: StorageError) -> ManifestError:
    if error.code in {"AccessDenied", "403"}:
        # AWS's own words (docs/batch-operations.md, Failures of a job): people search for them.
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
    with manifest_errors(job):
        facts = storage.head_object(
            job.manifest_bucket, job.manifest_key, job.manifest_version_id or None
        )
    if facts.etag != job.manifest_etag.strip('"'):
        raise ManifestError("ManifestChanged", _changed(job))
    if refused := encryption_problem(facts, _place(job)):
        raise ManifestError("ManifestEncryptionNotSupported", refused)


CHECKED = 1
"""Stands behind the rows and the line of a bucket that was looked at, until preparing has ended."""


def check_buckets(
    job: Job, stop: threading.Event, clock: Callable[[], datetime], goes_on: Callable[[], bool]
) -> bool:
    """Every bucket that the list names must be there, and be what the operation needs. False where
    `goes_on`, asked between two, says that it ends here: those that were looked at are not asked again.

    Raises ManifestError with the bucket's first line, StorageUnavailableError, and StoppedError when
    `stop` is set.
    """
    operation = registry.get(job.operation).parse(job.parameters)
    left = [bucket for bucket, facts in job.buckets.items() if CHECKED not in facts[2:]]
    for bucket in left:
        _check_bucket(job, bucket, job.buckets[bucket][1], operation, stop, clock)
        job.buckets[bucket].append(CHECKED)
        if bucket != left[-1] and not goes_on():
            return False
    _check_targets(job, operation.knowing(job.found))
    return True


def bare(buckets: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Rows and first line of each, without what is known of it only while a job is prepared."""
    return {bucket: list(facts[:2]) for bucket, facts in buckets.items()}


def _check_bucket(
    job: Job,
    bucket: str,
    line: int,
    operation: Operation,
    stop: threading.Event,
    clock: Callable[[], datetime],
) -> None:
    storage: Storage | None = None
    try:
        storage = storage_to_look_at(bucket, job, stop)
        storage.check_bucket(bucket)
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
    if storage is None:
        return
    for condition in operation.conditions():
        answer = storage.look_at_bucket(bucket, condition.action)
        holds = condition.holds(answer)
        if holds is None and not condition.is_vital:
            note_unchecked(job.pk, _untold(condition, answer), now=clock())
        elif holds:
            _keep(job, bucket, condition, answer, line)
        else:
            sentence = f"{condition.unmet.format(bucket=bucket)}. {operation.label} needs it:"
            if holds is None:
                sentence = f"{_untold(condition, answer)} {operation.label} needs it:"
            raise ManifestError(UNFIT, f"{sentence} line {line} names it.", line=line)


def _keep(job: Job, bucket: str, condition: Precondition, answer: Answer, line: int) -> None:
    """What tasks will go by."""
    if condition.keep is None:
        return
    try:
        job.found[bucket] = condition.keep(answer.data)
    except ValueError as error:
        sentence = f"{error} It is of bucket {bucket}, which line {line} names."
        raise ManifestError(UNFIT, sentence, line=line) from error


def _untold(condition: Precondition, answer: Answer) -> str:
    said = f"{answer.http_status or ''} {answer.code}".strip()
    return f"The storage does not say {condition.asks} on the buckets of the list ({said})."


def _check_targets(job: Job, operation: Operation) -> None:
    for target in operation.target_buckets():
        there = region_of(target, job.region)
        for bucket, (_, line) in bare(job.buckets).items():
            if region_of(bucket, job.region) != there:
                raise ManifestError(
                    "CrossRegionNotSupported",
                    f'Line {line} names bucket "{bucket}" of another Region than "{target}".'
                    f" {operation.label} across Regions is not supported yet.",
                    line=line,
                )


def check_single_bucket(job: Job) -> None:
    """Some operations work within one bucket only (docs/batch-operations.md, Buckets of a list)."""
    operation = registry.get(job.operation)
    has_versions = ManifestField.VERSION_ID in job.manifest_fields
    for problem in operation.parse(job.parameters).unfit_for(
        list(job.buckets), has_versions=has_versions
    ):
        raise ManifestError(INVALID, f"{problem.field}: {problem.message}")
    if operation.single_bucket and len(job.buckets) > 1:
        (first, _), (second, (_, line)) = list(bare(job.buckets).items())[:2]
        raise ManifestError(
            INVALID,
            f'Line {line} names bucket "{second}", the lines before it "{first}".'
            f" {operation.label} needs all objects in one bucket: make a job for each bucket.",
            line=line,
        )


def check_rows(job: Job, operation: Operation, blocks: Sequence[RowBlock]) -> None:
    """What an operation cannot do to a row, where it looks at each (`checks_rows`)."""
    if not operation.checks_rows:
        return
    for block in blocks:
        rows = taken_apart(block.rows)
        for n, (bucket, key) in enumerate(zip(rows.buckets, rows.keys, strict=True)):
            if unfit := operation.unfit_row(bucket, key):
                line = block.first_line + n
                raise ManifestError(
                    INVALID, f'Line {line} names the key "{key}", which {unfit}.', line=line
                )
