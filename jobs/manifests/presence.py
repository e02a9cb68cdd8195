"""Whether an object is there, where a list can be read in two ways."""

from enum import StrEnum

from jobs.errors import StorageError, StorageUnavailableError
from jobs.s3.storage import Storage

_DELETE_MARKER = 405
_CUSTOMER_KEY = "CustomerKeyNeeded"


class Presence(StrEnum):
    THERE = "exists"
    ABSENT = "does not exist"
    HIDDEN = "cannot be seen"


def presence(storage: Storage, bucket: str, key: str, version_id: str | None) -> Presence:
    """By HEAD. A delete marker is there. Raises StorageUnavailableError."""
    try:
        storage.head_object(bucket, key, version_id or None)
    except StorageUnavailableError:
        raise
    except StorageError as error:
        if error.http_status == _DELETE_MARKER or error.code == _CUSTOMER_KEY:
            return Presence.THERE
        return Presence.ABSENT if error.http_status == 404 else Presence.HIDDEN
    return Presence.THERE
