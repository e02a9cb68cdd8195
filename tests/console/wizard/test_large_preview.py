"""A look at a manifest of any size reads its beginning only, and asks for few objects."""

from datetime import UTC, datetime

import pytest

from jobs.console.wizard.looks import csv_manifest
from jobs.errors import StorageError
from jobs.lifecycle import preflight
from jobs.s3.storage import ObjectFacts

MIB = 1024 * 1024
GIB = 1024 * MIB


class HugeStorage:
    """One manifest of a gibibyte, and no object; it counts what is asked of it."""

    def __init__(self, line):
        self.line = line
        self.read_bytes, self.reads, self.heads = 0, 0, 0

    def read_range(self, bucket, key, start, length, version_id=None, if_match=None):
        self.reads += 1
        self.read_bytes += length
        return (self.line * (length // len(self.line) + 1))[:length]

    def head_object(self, bucket, key, version_id=None):
        self.heads += 1
        raise StorageError("NoSuchKey", "Not there.", http_status=404)

    def check_bucket(self, bucket):
        pass

    def versioning_enabled(self, bucket):
        return False


@pytest.mark.parametrize(
    "line", [b"photos,/a%2520b/c+d.jpg\n", b"photos,a b\n", b"x" * 997 + b"\n", b"photos,a\n"]
)
def test_preview_of_a_gibibyte_reads_a_mebibyte_once_and_asks_for_few_objects(
    wizard, region, role, monkeypatch, line
):
    storage = HugeStorage(line)
    facts = ObjectFacts(GIB, "abc", None, datetime(2026, 1, 1, tzinfo=UTC), None, False)
    monkeypatch.setattr(preflight, "look_at", lambda *place: facts)
    monkeypatch.setattr(csv_manifest, "storage_for_page", lambda *place: storage)
    wizard.press("manifest", "check", manifest_object="s3://manifests/huge.csv")
    found = wizard.draft.data["found"]
    assert found["rows_exact"] is None
    assert found["rows_estimated"] == pytest.approx(GIB / len(line), rel=0.01)
    assert (storage.reads, storage.read_bytes) == (1, MIB)
    assert storage.heads <= 24
