"""Lists in a storage that is a dictionary, and what an SQL filter keeps of them."""

import contextlib
import hashlib
import threading
from datetime import UTC, datetime

from jobs.choices import ManifestField
from jobs.manifests.frozen_list import taken_apart
from jobs.manifests.source import Reading
from jobs.manifests.sql.source import SOURCE
from jobs.s3.storage import ObjectFacts
from jobs.spec.manifest import ManifestSpec

BARE = ("Bucket", "Key")
COLUMNS = (("Bucket", ""), ("Key", ""), ("Size", "BIGINT"))
"""Of the list that the processes of tests have."""

MEMORY_BYTES = 256 * 1024 * 1024
CANARY = "canary-8f2c"
MANY = "".join(f"bucket,k{n:05d}\n" for n in range(5000))


class DictStorage:
    """`objects`: (bucket, key) -> bytes. `pieces` counts those that were given away."""

    def __init__(self, objects, piece_bytes=1024):
        self.objects = objects
        self.piece_bytes = piece_bytes
        self.pieces = 0

    def head_object(self, bucket, key, version_id=None):
        data = self.objects[bucket, key]
        etag = hashlib.md5(data).hexdigest()
        return ObjectFacts(len(data), etag, None, datetime(2026, 1, 1, tzinfo=UTC), None, False)

    def read_range(self, bucket, key, start, length, version_id=None, if_match=None):
        return self.objects[bucket, key][start : start + length]

    @contextlib.contextmanager
    def open_object(self, bucket, key, *, start_byte=0, version_id=None, if_match=None):
        yield self._pieces(self.objects[bucket, key][start_byte:])

    def _pieces(self, data):
        for start in range(0, len(data), self.piece_bytes):
            self.pieces += 1
            yield data[start : start + self.piece_bytes]


def csv_spec(sql, fields=BARE, **facts):
    return ManifestSpec(
        "lists", "list.csv", "etag", tuple(map(ManifestField, fields)), filter_sql=sql, **facts
    )


def csv_storage(text, **facts):
    data = text if isinstance(text, bytes) else text.encode()
    return DictStorage({("lists", "list.csv"): data}, **facts)


def reading(storage, rows_per_block=1000, **facts):
    return Reading(storage=lambda bucket: storage, rows_per_block=rows_per_block, **facts)


def blocks_of(sql, text, fields=BARE, checkpoint=None, storage=None, spec=None, **facts):
    storage = storage or csv_storage(text)
    facts.setdefault("stop", threading.Event())
    spec = spec or csv_spec(sql, fields)
    return list(SOURCE.blocks(spec, reading(storage, **facts), checkpoint))


def rows_of(blocks):
    """(bucket, raw key) or, with versions, (bucket, raw key, version ID)."""
    rows = []
    for block in blocks:
        if not block.rows.rows:
            continue
        found = taken_apart(block.rows)
        for bucket, key, version in zip(
            found.buckets, found.raw_keys, found.version_ids, strict=True
        ):
            rows.append((bucket, key) if version is None else (bucket, key, version))
    return rows


def kept(sql, text, fields=BARE, **facts):
    return rows_of(blocks_of(sql, text, fields, **facts))


def run(one):
    one.ask("plan")
    return list(one.rows(["list.csv"]))
