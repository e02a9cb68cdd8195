"""What must be true of a manifest, and of the buckets it names, before a job may run.

Each function raises ManifestError, whose code and sentence become the job's FailureCode and
FailureReason, and StorageUnavailableError when it could not find out.
"""

import contextlib
import threading
from collections.abc import Iterator

from jobs.errors import ManifestError, StorageError, StorageUnavailableError
from jobs.lifecycle.connections import region_of, storage_to_look_at
from jobs.lifecycle.preflight import encryption_problem
from jobs.models import Job
from jobs.operations import registry
from jobs.s3.storage import Storage, describe

INVALID = "InvalidManifestContent"
"""Reference 3.6."""


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


def check_buckets(job: Job, stop: threading.Event) -> None:
    """Every bucket that the list names must be there. Raises ManifestError with its first line,
    StorageUnavailableError, and StoppedError when `stop` is set.
    """
    for bucket, (_, line) in job.buckets.items():
        try:
            storage_to_look_at(bucket, job, stop).check_bucket(bucket)
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


def check_single_bucket(job: Job) -> None:
    """Some operations work within one bucket only (docs/batch-operations.md, Buckets of a list)."""
    operation = registry.get(job.operation)
    if operation.single_bucket and len(job.buckets) > 1:
        (first, _), (second, (_, line)) = list(job.buckets.items())[:2]
        raise ManifestError(
            INVALID,
            f'Line {line} names bucket "{second}", the lines before it "{first}".'
            f" {operation.label} needs all objects in one bucket: make a job for each bucket.",
            line=line,
        )
