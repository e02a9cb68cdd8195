"""What must be true of a manifest, and of the buckets it names, before a job may run.

Each function raises ManifestError, whose code and sentence become the job's FailureCode and
FailureReason, and StorageUnavailableError when it could not find out.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from jobs.choices import INVENTORIES, ManifestField
from jobs.errors import ManifestError, StorageError, StorageUnavailableError
from jobs.lifecycle.connections import region_of, storage_to_look_at
from jobs.lifecycle.notes import note_unchecked
from jobs.manifests.frozen_list import taken_apart
from jobs.manifests.generated.refusals import nothing_matches
from jobs.manifests.inventory.sentences import NO_OBJECTS
from jobs.manifests.source import Place, RowBlock
from jobs.models import Job
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.operations.preconditions import Precondition
from jobs.s3.answers import Answer
from jobs.s3.storage import Storage
from jobs.spec.generator import GeneratorSpec

INVALID = "InvalidManifestContent"
"""FailureCode of a list that cannot be run (docs/batch-operations.md, Errors in a manifest)."""

UNFIT = "InvalidBucketState"
"""S3's name for a bucket that is not as a call needs it."""


KEEPS_NOTHING = (
    "The filter by tags or metadata keeps no object of the list. Look at the tags and metadata of one of"
    " the objects, and change the filter."
)


def nothing_listed(job: Job) -> ManifestError:
    """Of a list that has no row."""
    manifest = job.manifest
    if isinstance(manifest, GeneratorSpec):
        return nothing_matches(manifest)
    if manifest.tags or manifest.metadata:
        return ManifestError(INVALID, KEEPS_NOTHING)
    if manifest.format in INVENTORIES:
        return ManifestError(INVALID, NO_OBJECTS)
    return ManifestError(INVALID, "The manifest is empty. List at least one object.")


def check_buckets(
    job: Job, stop: threading.Event, clock: Callable[[], datetime], goes_on: Callable[[], bool]
) -> bool:
    """Every bucket that the list names must be there, and be what the operation needs. False where
    `goes_on`, asked between two, says that it ends here: those that were looked at are not asked again.

    Raises ManifestError with the bucket's first line, StorageUnavailableError, and StoppedError when
    `stop` is set.
    """
    operation = registry.get(job.operation).parse(job.parameters)
    left = [bucket for bucket in job.buckets if bucket not in job.buckets_checked]
    for bucket in left:
        _check_bucket(job, bucket, operation, stop, clock)
        job.buckets_checked.append(bucket)
        if bucket != left[-1] and not goes_on():
            return False
    _check_targets(job, operation.knowing(job.found))
    return True


def first_of(job: Job, bucket: str) -> Place:
    """Where the list names the bucket first."""
    _, line, *file = job.buckets[bucket]
    return Place(line, *file)


def _at(place: Place, code: str, rest: str) -> ManifestError:
    return ManifestError(code, f"{place} {rest}", line=place.line or None, file=place.file)


def _check_bucket(
    job: Job,
    bucket: str,
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
            what = error.message if error.code == "NoCredentials" else "it does not exist."
            place = first_of(job, bucket)
            raise _at(place, INVALID, f'names bucket "{bucket}": {what}') from error
    if storage is None:
        return
    for condition in operation.conditions():
        answer = storage.look_at_bucket(bucket, condition.action)
        holds = condition.holds(answer)
        if holds is None and not condition.is_vital:
            note_unchecked(job.pk, _untold(condition, answer), now=clock())
        elif holds:
            _keep(job, bucket, condition, answer)
        else:
            sentence = f"{condition.unmet.format(bucket=bucket)}. {operation.label} needs it:"
            if holds is None:
                sentence = f"{_untold(condition, answer)} {operation.label} needs it:"
            raise _of_bucket(job, bucket, sentence, "names it.")


def _of_bucket(job: Job, bucket: str, before: str, after: str) -> ManifestError:
    """With the place that names the bucket first between the two texts."""
    place = first_of(job, bucket)
    words = f"{before} {str(place)[:1].lower()}{str(place)[1:]} {after}"
    return ManifestError(UNFIT, words, line=place.line or None, file=place.file)


def _keep(job: Job, bucket: str, condition: Precondition, answer: Answer) -> None:
    """What tasks will go by."""
    if condition.keep is None:
        return
    try:
        job.found[bucket] = condition.keep(answer.data)
    except ValueError as error:
        said = f"{error} It is of bucket {bucket}, which"
        raise _of_bucket(job, bucket, said, "names.") from error


def _untold(condition: Precondition, answer: Answer) -> str:
    said = f"{answer.http_status or ''} {answer.code}".strip()
    return f"The storage does not say {condition.asks} on the buckets of the list ({said})."


def _check_targets(job: Job, operation: Operation) -> None:
    for target in operation.target_buckets():
        there = region_of(target, job.region)
        for bucket in job.buckets:
            if region_of(bucket, job.region) != there:
                raise _at(
                    first_of(job, bucket),
                    "CrossRegionNotSupported",
                    f'names bucket "{bucket}" of another Region than "{target}".'
                    f" {operation.label} across Regions is not supported yet.",
                )


def check_single_bucket(job: Job, buckets: Mapping[str, Sequence[Any]]) -> None:
    """Some operations work within one bucket only (docs/batch-operations.md, Buckets of a list).
    `buckets` are those that were found so far, as a job has them.
    """
    operation = registry.get(job.operation)
    for problem in operation.parse(job.parameters).unfit_for(
        list(buckets), has_versions=job.names_versions
    ):
        raise ManifestError(INVALID, f"{problem.field}: {problem.message}")
    if operation.single_bucket and len(buckets) > 1:
        first, second = list(buckets)[:2]
        _, line, *file = buckets[second]
        raise _at(
            Place(line, *file),
            INVALID,
            f'names bucket "{second}", the rows before it "{first}".'
            f" {operation.label} needs all objects in one bucket: make a job for each bucket.",
        )


def check_columns(job: Job, operation: Operation) -> None:
    """Those of a list that says itself which it has, and so could not be asked when the job was made."""
    fields = [ManifestField.BUCKET, ManifestField.KEY]
    if job.names_versions:
        fields.append(ManifestField.VERSION_ID)
    if unfit := operation.unfit_columns(fields):
        raise ManifestError(INVALID, unfit)


def check_rows(job: Job, operation: Operation, blocks: Sequence[RowBlock]) -> None:
    """What an operation cannot do to a row, where it looks at each (`checks_rows`)."""
    if not operation.checks_rows:
        return
    for block in blocks:
        rows = taken_apart(block.rows)
        for n, (bucket, key) in enumerate(zip(rows.buckets, rows.keys, strict=True)):
            if unfit := operation.unfit_row(bucket, key):
                raise _at(block.place_of(n), INVALID, f'names the key "{key}", which {unfit}.')
