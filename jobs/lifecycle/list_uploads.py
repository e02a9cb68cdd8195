"""Uploads of lists in slices: begun, gone on with, finished, and aborted where nobody comes back.

Each slice is one part of a multipart upload, so nothing of a list lies on this machine's disk, and
its memory holds the slices that are under way.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from jobs.errors import BatchConsoleError, StorageError, StorageUnavailableError
from jobs.lifecycle.connections import parts_for, parts_for_page
from jobs.lifecycle.list_places import CSV, ListPlace
from jobs.lifecycle.page_turns import page_turn
from jobs.models import Draft, ListUpload
from jobs.s3.multipart import ENDED, Parts
from jobs.s3.storage import describe

SLICE_BYTES = 16 * 1024 * 1024
MOST_BYTES = 5 * 1000**3
MOST_SLICES = -(-MOST_BYTES // SLICE_BYTES)
ABANDONED_AFTER = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(days=8)
"""A storage that does not answer is asked again for so long."""

ABORTED_AT_A_TIME = 20
STORAGE_S = 60.0
"""How long the storage may take for one slice."""

_sending = threading.BoundedSemaphore(1)
"""One slice of this process is on its way to a storage at a time, so that other pages have turns left."""


class UploadRefusedError(BatchConsoleError):
    """This slice cannot be taken."""

    def __init__(self, http_status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.http_status = http_status


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the browser knows of a file; `modified_ms` since the epoch, of the first bytes the hash."""

    name: str
    size_bytes: int
    modified_ms: int
    head_sha256: str


def begin(
    draft: Draft, owner: User, place: ListPlace, file: FileFacts, *, now: datetime
) -> ListUpload:
    """The upload of that file, begun before or anew. Raises UploadRefusedError and StorageError."""
    check_size(file.size_bytes)
    return _same(draft, owner, place, file) or begin_unknown(draft, owner, place, file, now=now)


def begin_unknown(
    draft: Draft, owner: User, place: ListPlace, file: FileFacts, *, now: datetime
) -> ListUpload:
    """A new upload, also of a file whose size nobody knows before its end. Raises StorageError."""
    key = place.key_for(file.name, now)
    with turn():
        upload_id = parts_for_page(place.bucket, key, place.region, place.role).begin(CSV)
    return ListUpload.objects.create(
        draft=draft,
        owner=owner,
        region=place.region,
        role=place.role,
        bucket=place.bucket,
        key=key,
        upload_id=upload_id,
        name=file.name[-255:],
        size_bytes=file.size_bytes,
        modified_ms=file.modified_ms,
        head_sha256=file.head_sha256,
        created_at=now,
        updated_at=now,
    )


def _same(draft: Draft, owner: User, place: ListPlace, file: FileFacts) -> ListUpload | None:
    if not file.head_sha256:
        return None
    return ListUpload.objects.filter(
        draft=draft,
        owner=owner,
        region=place.region,
        name=file.name[-255:],
        size_bytes=file.size_bytes,
        modified_ms=file.modified_ms,
        head_sha256=file.head_sha256,
        ended_at=None,
    ).first()


def check_size(size_bytes: int) -> None:
    """Raises UploadRefusedError."""
    if size_bytes <= 0:
        raise UploadRefusedError(400, "The file is empty. Choose one that lists objects.")
    if size_bytes > MOST_BYTES:
        raise UploadRefusedError(
            413,
            "The file is larger than 5 GB. Put it in a bucket with another tool and use its path.",
        )


def size_of_slice(upload: ListUpload, number: int) -> int:
    """How many bytes slice `number`, from 1, of a file of known size has."""
    return min(SLICE_BYTES, upload.size_bytes - (number - 1) * SLICE_BYTES)


def check_slice(upload: ListUpload, number: int) -> None:
    """Raises UploadRefusedError unless that slice is the next one."""
    if upload.ended_at is not None:
        raise UploadRefusedError(409, "This upload has ended. Choose the file again to start over.")
    if number <= upload.slices:
        raise UploadRefusedError(
            409, f"Slice {number} is there already. Continue with the next one."
        )
    if number != upload.slices + 1:
        raise UploadRefusedError(
            409, f"Slice {number} comes too early: send slice {upload.slices + 1} first."
        )
    if number > MOST_SLICES or (upload.size_bytes and size_of_slice(upload, number) <= 0):
        raise UploadRefusedError(413, "The file has ended: it has no such slice.")


def add_slice(upload: ListUpload, number: int, data: bytes, *, now: datetime) -> None:
    """Raises UploadRefusedError and StorageError."""
    check_slice(upload, number)
    if upload.size_bytes and len(data) != size_of_slice(upload, number):
        raise UploadRefusedError(
            400,
            f"Slice {number} has {len(data):,} bytes, and {size_of_slice(upload, number):,} are"
            " expected. Send it again.",
        )
    with turn(), _ended_elsewhere(upload, now):
        etag = _parts(upload).put(upload.upload_id, number, data)
    changes = {
        "etags": [*upload.etags, etag],
        "slices": number,
        "received_bytes": upload.received_bytes + len(data),
        "updated_at": now,
    }
    # Who sent the same slice meanwhile has recorded it; the storage keeps the one that came last.
    won = ListUpload.objects.filter(pk=upload.pk, slices=number - 1, ended_at=None).update(
        **changes
    )
    upload.refresh_from_db()
    if not won:
        raise UploadRefusedError(
            409, f"Slice {number} is there already. Continue with the next one."
        )


def finish(upload: ListUpload, *, now: datetime) -> None:
    """The object is there then. Raises UploadRefusedError and StorageError."""
    if upload.ended_at is not None:
        raise UploadRefusedError(409, "This upload has ended. Choose the file again to start over.")
    if upload.size_bytes and upload.received_bytes != upload.size_bytes:
        raise UploadRefusedError(
            409,
            f"{upload.received_bytes:,} of {upload.size_bytes:,} bytes have come. Send the rest first.",
        )
    with turn(), _ended_elsewhere(upload, now):
        _parts(upload).complete(upload.upload_id, upload.etags)
    _end(upload, now)


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """A page's turn for one slice. Raises StorageUnavailableError where none is free."""
    if not _sending.acquire(timeout=STORAGE_S):
        raise StorageUnavailableError(
            "UploadsBusy", "Other uploads take all the time of the storage. Try again in a minute."
        )
    try:
        with page_turn(STORAGE_S):
            yield
    finally:
        _sending.release()


@contextlib.contextmanager
def _ended_elsewhere(upload: ListUpload, now: datetime) -> Iterator[None]:
    """Raises UploadRefusedError where the storage knows the upload no more."""
    try:
        yield
    except StorageError as error:
        if error.code != ENDED:
            raise
        _end(upload, now)
        raise UploadRefusedError(
            409, "The storage ended this upload. Choose the file again to start over."
        ) from error


def _parts(upload: ListUpload) -> Parts:
    return parts_for_page(upload.bucket, upload.key, upload.region, upload.role)


def _end(upload: ListUpload, now: datetime) -> None:
    upload.ended_at = now
    upload.save(update_fields=["ended_at"])


def give_up(upload: ListUpload, *, now: datetime) -> None:
    """Abort what was begun, for a person who waits; what cannot be aborted now is left to the sweep."""
    with contextlib.suppress(StorageError), turn():
        _parts(upload).abort(upload.upload_id)
        _end(upload, now)


def abort_abandoned(now: datetime, stop: threading.Event) -> None:
    """Uploads that nobody went on with for a day; those first that waited longest."""
    left = ListUpload.objects.filter(ended_at=None, updated_at__lt=now - ABANDONED_AFTER)
    rows = left.select_related("region", "role").order_by("updated_at")
    for upload in rows[:ABORTED_AT_A_TIME]:
        try:
            parts_for(upload.bucket, upload.key, upload.region, upload.role, stop).abort(
                upload.upload_id
            )
        except StorageUnavailableError:
            if now - upload.updated_at < GIVEN_UP_AFTER:
                continue
        except StorageError:
            pass  # It has ended, or is out of our reach for good.
        _end(upload, now)


def sentence(error: StorageError, place: str) -> str:
    return describe(error, place=place, verb="write to")
