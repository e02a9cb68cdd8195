"""The bytes of an inventory's data files, checked against manifest.json as they are read."""

import contextlib
import hashlib
from collections.abc import Iterator

from jobs.errors import ManifestError, StoppedError, StorageError, StorageUnavailableError
from jobs.manifests.inventory.manifest_json import DataFile
from jobs.manifests.inventory.sentences import (
    AGAIN,
    customer_key,
    denied,
    refused,
    wrong_file,
)
from jobs.manifests.opened import KMS
from jobs.manifests.source import Reading
from jobs.s3.storage import Storage

MISSING = frozenset({"NoSuchKey", "404"})
FORBIDDEN = frozenset({"AccessDenied", "403"})
MOST_GUESSES = 12
"""Of places where a missing file may lie."""


def pieces_of(file: DataFile, bucket: str, reading: Reading) -> Iterator[bytes]:
    """The file from its beginning; its size and MD5 are known to be right when the last piece was
    taken, and not before. Raises ManifestError that names the file, StorageUnavailableError, and
    StoppedError when `reading.stop` is set.
    """
    # It tells a change by accident or from outside, and manifest.json has no other sum.
    md5 = hashlib.md5(usedforsecurity=False)
    size_bytes = 0
    with file_errors(file, bucket, reading):
        storage = reading.storage(bucket)
        with storage.open_object(bucket, file.key) as pieces:
            for piece in pieces:
                if reading.stop.is_set():
                    raise StoppedError
                size_bytes += len(piece)
                if size_bytes > file.size_bytes:
                    raise _altered(file, f"more than the {file.size_bytes:,} bytes")
                md5.update(piece)
                yield piece
    if size_bytes < file.size_bytes:
        raise wrong_file(
            file.key,
            f"is truncated: it has {size_bytes:,} bytes, and manifest.json says"
            f" {file.size_bytes:,}.",
        )
    if md5.hexdigest() != file.md5:
        raise wrong_file(
            file.key,
            f"was altered: its MD5 is {md5.hexdigest()}, and manifest.json says {file.md5}.",
        )


@contextlib.contextmanager
def file_errors(file: DataFile, bucket: str, reading: Reading) -> Iterator[None]:
    """Turns a storage's refusal while the file is read into the job's failure."""
    try:
        yield
    except StorageUnavailableError:
        raise
    except StorageError as error:
        raise _why(error, file, bucket, reading) from error


def _why(error: StorageError, file: DataFile, bucket: str, reading: Reading) -> ManifestError:
    place = f"s3://{bucket}/{file.key}"
    if error.code in MISSING:
        hint = _found_elsewhere(file.key, bucket, reading)
        return wrong_file(file.key, f"is missing in bucket {bucket}.", hint or AGAIN)
    if error.code in FORBIDDEN:
        if is_about_kms(error, bucket, file.key, reading):
            return denied(place, file.key)
        return ManifestError(
            error.code,
            f"Reading the manifest is forbidden: {error.code}. The IAM role may not read {place},"
            " which manifest.json names.",
            file=file.key,
        )
    if error.code == "CustomerKeyNeeded" or "server side encryption" in error.message.lower():
        return customer_key(place, file.key)
    return refused(error, place, file.key)


def is_about_kms(error: StorageError, bucket: str, key: str, reading: Reading) -> bool:
    """Whether a denial is, or may be, that of a key: it says so, or the object is encrypted with one."""
    if "kms" in error.message.lower():
        return True
    try:
        facts = reading.storage(bucket).head_object(bucket, key)
    except StorageError:
        return False
    return facts.encryption in KMS


def _found_elsewhere(key: str, bucket: str, reading: Reading) -> str | None:
    """A prefix that ends in a slash gives keys with two of them, and tools that tidy paths lose one."""
    for other in _other_keys(key):
        if _is_there(reading.storage(bucket), bucket, other):
            return (
                f"An object {other} is there, with another number of slashes: copy it to the name"
                " that manifest.json has, or have the inventory delivered to a prefix that does"
                " not end in a slash."
            )
    return None


def _other_keys(key: str) -> list[str]:
    """With one slash doubled, from the left, or without doubled ones."""
    places = [place for place, sign in enumerate(key) if sign == "/"]
    doubled = [f"{key[:place]}/{key[place:]}" for place in places[: MOST_GUESSES - 1]]
    return [key.replace("//", "/"), *doubled] if "//" in key else doubled


def _is_there(storage: Storage, bucket: str, key: str) -> bool:
    try:
        storage.head_object(bucket, key)
    except StorageError:
        return False
    return True


def _altered(file: DataFile, what: str) -> ManifestError:
    return wrong_file(file.key, f"was altered: it has {what} that manifest.json says.")
