"""Inventories for tests: their data files in each format, and a storage of two methods that has them."""

import contextlib
import gzip
import hashlib
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote_plus

import pyarrow as pa
from pyarrow import orc, parquet

from jobs.choices import ManifestFormat
from jobs.errors import StorageError
from jobs.manifests.inventory.source import SOURCE
from jobs.manifests.source import Reading
from jobs.s3.storage import ObjectFacts
from jobs.spec.manifest import ManifestSpec

BUCKET = "inventories"
FOLDER = "inv/photos/daily"
MANIFEST = f"{FOLDER}/2026-11-20T01-00Z/manifest.json"
WITH_VERSIONS = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size")
FILE_NAMES = {"CSV": "csv.gz", "Parquet": "parquet", "ORC": "orc"}


def csv_text(rows, quoted=True):
    """As S3 writes it; rows are lists of texts, keys as they are."""
    sign = '"' if quoted else ""
    return "".join(
        ",".join(
            f"{sign}{quote_plus(cell, safe='/') if n == 1 else cell}{sign}"
            for n, cell in enumerate(row)
        )
        + "\n"
        for row in rows
    ).encode()


def csv_file(rows, **options):
    return gzip.compress(csv_text(rows, **options), mtime=0)


def table(rows, columns):
    """As S3 writes it into Parquet and ORC: its own names, keys not encoded."""
    names = {
        "VersionId": "version_id",
        "IsLatest": "is_latest",
        "IsDeleteMarker": "is_delete_marker",
    }
    arrays = {}
    for name, cells in zip(columns, zip(*rows, strict=True), strict=True):
        if name.startswith("Is"):
            cells = [cell == "true" for cell in cells]
        arrays[names.get(name, name.lower())] = pa.array(cells)
    return pa.table(arrays)


def parquet_file(rows, columns, **options):
    out = io.BytesIO()
    parquet.write_table(table(rows, columns), out, **options)
    return out.getvalue()


def orc_file(rows, columns):
    out = io.BytesIO()
    orc.write_table(table(rows, columns), out)
    return out.getvalue()


def file_of(file_format, rows, columns):
    if file_format == "CSV":
        return csv_file(rows)
    return (parquet_file if file_format == "Parquet" else orc_file)(rows, columns)


def schema_of(file_format, columns):
    small = [{"VersionId": "version_id", "IsDeleteMarker": "is_delete_marker"}.get(c, c.lower())
             for c in columns]  # fmt: skip
    if file_format == "CSV":
        return ", ".join(columns)
    if file_format == "ORC":
        return f"struct<{','.join(f'{name}:string' for name in small)}>"
    return (
        "message s3.inventory {" + "".join(f"  optional binary {n} (STRING);" for n in small) + "}"
    )


def manifest_json(parts, columns=("Bucket", "Key"), file_format="CSV", bucket=BUCKET, **changes):
    """`parts` are (key, bytes)."""
    members = {
        "sourceBucket": "photos",
        "destinationBucket": f"arn:aws:s3:::{bucket}",
        "version": "2016-11-30",
        "creationTimestamp": "1763596800000",
        "fileFormat": file_format,
        "fileSchema": schema_of(file_format, columns),
        "files": [
            {"key": key, "size": len(data), "MD5checksum": hashlib.md5(data).hexdigest()}
            for key, data in parts
        ],
    }
    return json.dumps(members | changes).encode()


@dataclass
class Files:
    """A storage: what lies where, and what it refuses. `reads` has the keys that were opened."""

    objects: dict = field(default_factory=dict)
    refused: dict = field(default_factory=dict)
    encryption: dict = field(default_factory=dict)
    customer_keys: set = field(default_factory=set)
    piece_bytes: int = 1024 * 1024
    reads: list = field(default_factory=list)

    def __call__(self, bucket):
        return self

    def _get(self, bucket, key):
        if (bucket, key) in self.refused:
            raise self.refused[bucket, key]
        if (bucket, key) not in self.objects:
            raise StorageError("NoSuchKey", "There is no such key.", http_status=404)
        return self.objects[bucket, key]

    def head_object(self, bucket, key, version_id=None):
        if (bucket, key) not in self.objects:
            raise StorageError("404", "Not Found", http_status=404)
        data = self.objects[bucket, key]
        return ObjectFacts(
            len(data),
            hashlib.md5(data).hexdigest(),
            None,
            datetime(2026, 11, 20, tzinfo=UTC),
            self.encryption.get((bucket, key)),
            (bucket, key) in self.customer_keys,
        )

    def read_range(self, bucket, key, start, length, version_id=None, if_match=None):
        return self._get(bucket, key)[start : start + length]

    @contextlib.contextmanager
    def open_object(self, bucket, key, *, start_byte=0, version_id=None, if_match=None):
        self.reads.append(key)
        data = self._get(bucket, key)
        size = self.piece_bytes
        yield (data[n : n + size] for n in range(start_byte, len(data), size))


@dataclass
class Given:
    """An inventory that lies in a storage of its own."""

    files: Files
    spec: ManifestSpec

    def blocks(self, checkpoint=None, **options):
        options = {"rows_per_block": 3} | options
        reading = Reading(storage=self.files, **options)
        SOURCE.check(self.spec, reading)
        return SOURCE.blocks(self.spec, reading, checkpoint)


def given(parts, columns=("Bucket", "Key"), file_format="CSV", files=None, **changes):
    """`parts` are the rows of each data file, or its bytes."""
    files = files or Files()
    named = []
    for number, part in enumerate(parts, 1):
        key = f"{FOLDER}/data/part-{number}.{FILE_NAMES[file_format]}"
        data = part if isinstance(part, bytes) else file_of(file_format, part, columns)
        files.objects[BUCKET, key] = data
        named.append((key, data))
    data = manifest_json(named, columns, file_format, **changes)
    files.objects[BUCKET, MANIFEST] = data
    spec = ManifestSpec(
        BUCKET, MANIFEST, hashlib.md5(data).hexdigest(), (), format=ManifestFormat.INVENTORY
    )
    return Given(files, spec)


def key_of_part(number, file_format="CSV"):
    return f"{FOLDER}/data/part-{number}.{FILE_NAMES[file_format]}"
