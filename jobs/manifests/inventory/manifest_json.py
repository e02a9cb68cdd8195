"""manifest.json of an S3 Inventory, read and checked in bounded time and memory."""

import json
import re
from dataclasses import dataclass
from typing import Any

from jobs.errors import ManifestError
from jobs.manifests.inventory.columns import Columns, columns_of
from jobs.manifests.inventory.sentences import AGAIN, wrong_manifest

MAX_BYTES = 16 * 1024 * 1024
MAX_FILES = 50_000
MAX_FILE_BYTES = 5 * 1024**4
_MAX_KEY_BYTES = 1024

CSV, PARQUET, ORC = "CSV", "Parquet", "ORC"
FORMATS = (CSV, PARQUET, ORC)

_DESTINATION = re.compile(r"(?:arn:[a-z0-9-]+:s3:::)?([A-Za-z0-9._-]{3,255})")
_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_NAMED_MANIFEST = "Name the manifest.json of an S3 Inventory."


@dataclass(frozen=True, slots=True)
class DataFile:
    """`md5` is that of its bytes as they lie in the bucket, in small hexadecimal digits."""

    key: str
    size_bytes: int
    md5: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """`bucket` is where the data files lie. `created_ms` counts from 1970, None where it does not say."""

    source_bucket: str
    bucket: str
    file_format: str
    columns: Columns
    files: tuple[DataFile, ...]
    created_ms: int | None


def parsed(data: bytes) -> Inventory:
    """Raises ManifestError with the member that is wrong."""
    if len(data) > MAX_BYTES:
        raise wrong_manifest(f"is larger than {MAX_BYTES:,} bytes.", _NAMED_MANIFEST)
    whole = _json(data)
    file_format = whole.get("fileFormat")
    if file_format not in FORMATS:
        raise wrong_manifest(
            f"has the fileFormat {_shown(file_format)}.", "It must be CSV, Parquet or ORC."
        )
    destination = _DESTINATION.fullmatch(_text(whole, "destinationBucket"))
    if destination is None:
        raise wrong_manifest(
            f"has the destinationBucket {_shown(whole['destinationBucket'])}.",
            "It must be a bucket's ARN: arn:aws:s3:::name.",
        )
    return Inventory(
        source_bucket=_text(whole, "sourceBucket"),
        bucket=destination[1],
        file_format=file_format,
        columns=columns_of(_text(whole, "fileSchema"), file_format),
        files=_files(whole.get("files")),
        created_ms=_milliseconds(whole.get("creationTimestamp")),
    )


def _json(data: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        raise wrong_manifest("is no JSON.", _NAMED_MANIFEST) from None
    if not isinstance(whole, dict) or not ({"files", "fileSchema", "fileFormat"} & set(whole)):
        raise wrong_manifest("is not that of an inventory.", _NAMED_MANIFEST)
    return whole


def _text(whole: dict[str, Any], member: str) -> str:
    value = whole.get(member)
    if not isinstance(value, str) or not value:
        raise wrong_manifest(f"has no {member}.", _NAMED_MANIFEST)
    return value


def _files(found: Any) -> tuple[DataFile, ...]:
    if not isinstance(found, list):
        raise wrong_manifest("has no list of files.", _NAMED_MANIFEST)
    if not found:
        raise wrong_manifest("names no files: the inventory lists no objects.", AGAIN)
    if len(found) > MAX_FILES:
        raise wrong_manifest(
            f"names {len(found):,} files, and at most {MAX_FILES:,} are read.",
            "Make an inventory of each prefix instead.",
        )
    files = tuple(_file(one, place) for place, one in enumerate(found, 1))
    if len({file.key for file in files}) < len(files):
        raise wrong_manifest("names a file more than once.", AGAIN)
    return files


def _file(one: Any, place: int) -> DataFile:
    if not isinstance(one, dict):
        raise _wrong_file(place, "is no object with key, size and MD5checksum")
    key, size, md5 = one.get("key"), one.get("size"), one.get("MD5checksum")
    if not isinstance(key, str) or not key or not _is_key(key):
        raise _wrong_file(place, f"has the key {_shown(key)}")
    # A boolean is an int for Python.
    if type(size) is not int or not 0 <= size <= MAX_FILE_BYTES:
        raise _wrong_file(place, f"({_shown(key)}) has the size {_shown(size)}")
    if not isinstance(md5, str) or _MD5.fullmatch(md5) is None:
        raise _wrong_file(place, f"({_shown(key)}) has the MD5checksum {_shown(md5)}")
    return DataFile(key, size, md5.lower())


def _is_key(key: str) -> bool:
    try:
        return len(key.encode()) <= _MAX_KEY_BYTES and "\0" not in key
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def _wrong_file(place: int, what: str) -> ManifestError:
    return wrong_manifest(f"names files, of which number {place:,} {what}.", AGAIN)


def _milliseconds(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 16 else None


def _shown(value: Any) -> str:
    """Short, whatever it is: a repr of a large one would take as long as it is large."""
    if value is None:
        return "(none)"
    if isinstance(value, list | dict):
        return "(a list)" if isinstance(value, list) else "(an object)"
    text = repr(value) if not isinstance(value, str) else f'"{value}"'
    return text if len(text) <= 80 else text[:79] + "…"
