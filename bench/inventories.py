"""One reader of an inventory's data file, in a process of its own; says what it took.

Ours goes the whole way of preparing, from manifest.json to the packed blocks of the frozen list; the file
lies on the disk. Python's csv module reads the rows and does nothing with them. DuckDB writes the same
columns of the same Parquet file as CSV with zstd, whose level it does not let one choose.
"""

import contextlib
import csv
import gzip
import hashlib
import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import django
import duckdb

django.setup()

from jobs.choices import ManifestFormat  # noqa: E402
from jobs.manifests import frozen_list  # noqa: E402
from jobs.manifests.source import Reading  # noqa: E402
from jobs.manifests.sources import source_of  # noqa: E402
from jobs.s3.storage import Storage  # noqa: E402
from jobs.spec.manifest import ManifestSpec  # noqa: E402
from jobs.workstore import segments  # noqa: E402

ROWS_PER_BLOCK, BLOCKS_PER_SEGMENT = 500, 256
PIECE_BYTES = 1024 * 1024
BUCKET = "inventories"
CSV_COLUMNS = (
    "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass,"
    " IsMultipartUploaded, ReplicationStatus"
)
PARQUET_COLUMNS = (
    "message s3.inventory { required binary bucket (STRING); required binary key (STRING);"
    " optional binary version_id (STRING); optional boolean is_delete_marker; }"
)


class OnDisk:
    """A storage of one folder, as far as a source asks for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_range(self, _bucket: str, key: str, start: int, length: int, **_: object) -> bytes:
        return (self._folder / key).read_bytes()[start : start + length]

    @contextlib.contextmanager
    def open_object(self, _bucket: str, key: str, **_: object) -> Iterator[Iterator[bytes]]:
        with (self._folder / key).open("rb") as file:
            yield iter(lambda: file.read(PIECE_BYTES), b"")


def manifest_of(data: Path, file_format: str) -> ManifestSpec:
    """Writes the manifest.json beside the data file."""
    content = data.read_bytes()
    file = {
        "key": data.name,
        "size": len(content),
        "MD5checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }
    members = {
        "sourceBucket": "data",
        "destinationBucket": f"arn:aws:s3:::{BUCKET}",
        "fileFormat": file_format,
        "fileSchema": CSV_COLUMNS if file_format == "CSV" else PARQUET_COLUMNS,
        "files": [file],
    }
    name = f"{data.name}.manifest.json"
    data.with_name(name).write_text(json.dumps(members))
    return ManifestSpec(BUCKET, name, "etag", (), format=ManifestFormat.INVENTORY)


def packed(manifest: ManifestSpec, storage: Storage) -> int:
    """How many rows; all of them are packed as they would lie in work storage."""
    reading = Reading(storage=lambda _: storage, rows_per_block=ROWS_PER_BLOCK)
    rows, group = 0, []
    for block in source_of(manifest).blocks(manifest, reading, None):
        if block.rows.rows:
            rows += block.rows.rows
            group.append(block.rows)
        if len(group) == BLOCKS_PER_SEGMENT:
            segments.pack(map(frozen_list.encode, group))
            group = []
    segments.pack(map(frozen_list.encode, group))
    return rows


def by_csv_module(data: Path) -> int:
    with gzip.open(data, "rt", encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file))


def by_duckdb(data: Path) -> int:
    with duckdb.connect(config={"threads": 1}) as connection:
        written = connection.execute(
            f"COPY (SELECT bucket, key, version_id FROM read_parquet('{data}'))"  # noqa: S608
            f" TO '{data}.csv.zst' (FORMAT csv, COMPRESSION zstd)"
        )
        return int(written.fetchall()[0][0])


def used_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    reader, file_format, path = sys.argv[1:]
    data = Path(path)
    manifest = manifest_of(data, file_format)
    source_of(manifest)  # what is imported is not measured, of either
    cpu_s, began_s = used_s(), time.monotonic()
    if reader == "ours":
        rows = packed(manifest, cast(Storage, OnDisk(data.parent)))
    else:
        rows = (by_csv_module if reader == "csv" else by_duckdb)(data)
    took = {"wall_s": time.monotonic() - began_s, "cpu_s": used_s() - cpu_s}
    print(json.dumps({**took, "rows": rows}))


if __name__ == "__main__":
    main()
