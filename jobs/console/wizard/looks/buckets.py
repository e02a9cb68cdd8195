"""What the buckets of the first rows are: whether they are there, and whether they keep versions."""

from jobs.console.wizard.found import Found, problem
from jobs.errors import StorageError
from jobs.lifecycle.connections import storage_for_page
from jobs.models import Region, Role

ASKED = 3
"""So many buckets are asked about; a list over more has its own word in the preview."""

_GONE = frozenset({"404", "NoSuchBucket"})


def note_buckets(found: Found, region: Region, role: Role) -> None:
    """Warnings: a job whose bucket is not there yet is not stopped by a look. Who has a bucket listed
    chooses the versions on the same page.
    """
    for bucket in list(found.buckets)[:ASKED]:
        if _is_gone(bucket, region, role):
            found.problems.append(_gone(bucket, found.buckets[bucket]))
        elif (
            not found.has_version_ids
            and found.kind != "generated"
            and _is_versioned(bucket, region, role)
        ):
            found.problems.append(_newest(bucket, found.buckets[bucket]))


def _is_gone(bucket: str, region: Region, role: Role) -> bool:
    try:
        storage_for_page(bucket, region, role).check_bucket(bucket)
    except StorageError as error:
        return error.code in _GONE
    return False


def _is_versioned(bucket: str, region: Region, role: Role) -> bool:
    try:
        return bool(storage_for_page(bucket, region, role).versioning_enabled(bucket))
    except StorageError:
        return False  # said where it matters: a warning that cannot be had stops nobody


def _gone(bucket: str, rows: int) -> dict[str, object]:
    return problem(
        "no-such-bucket",
        "Bucket not there",
        f'The bucket "{bucket}" does not exist.',
        "Check its name and the Region. As it stands, each of its tasks fails.",
        blocking=False,
        count=rows,
    )


def _newest(bucket: str, rows: int) -> dict[str, object]:
    """Rows without version IDs mean the newest version at run time.

    See docs/batch-operations.md, Statuses.
    """
    return problem(
        "newest-versions",
        "Newest versions",
        f"{bucket} keeps versions, and the list names none: the job acts on the newest at run"
        " time, which may differ from today's.",
        "If that matters, choose Pin current versions, or list version IDs.",
        blocking=False,
        count=rows,
    )
