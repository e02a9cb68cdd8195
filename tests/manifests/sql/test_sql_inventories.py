"""Inventories that are filtered by SQL: types of columns, delete markers, several files."""

import gzip
import io
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pytest
from pyarrow import orc

from jobs.errors import ManifestError
from jobs.manifests.frozen_list import taken_apart
from jobs.manifests.source import Place, Reading
from jobs.manifests.sql import source
from tests.inventories import BUCKET, WITH_VERSIONS, given, key_of_part

TWO_FILES = [
    [
        ["photos", "a b.jpg", "v1", "true", "false", "5"],
        ["photos", "gone.jpg", "v2", "true", "true", ""],
        ["photos", "a+b.jpg", "v3", "true", "false", "50"],
    ],
    [
        ["photos", "é/ü.jpg", "v4", "false", "false", "500"],
        ["photos", 'new\nline,"x"', "v5", "true", "false", "5000"],
    ],
]
FORMATS = pytest.mark.parametrize("file_format", ["CSV", "Parquet", "ORC"])


def blocks_of(inventory, sql, checkpoint=None, rows_per_block=100, **facts):
    spec = replace(inventory.spec, filter_sql=sql)
    reading = Reading(storage=inventory.files, rows_per_block=rows_per_block, **facts)
    source.SOURCE.check(spec, reading)
    return list(source.SOURCE.blocks(spec, reading, checkpoint))


def keys_of(blocks):
    return [key for block in blocks if block.rows.rows for key in taken_apart(block.rows).keys]


def skipped_of(blocks):
    return sum(block.skipped.get("delete markers", 0) for block in blocks)


def two_files(file_format):
    return given(TWO_FILES, WITH_VERSIONS, file_format)


@FORMATS
@pytest.mark.parametrize(
    "sql", ["SELECT * FROM list WHERE Size > 6", "FROM list WHERE size > 6 ORDER BY size"]
)
def test_numbers_are_compared_as_numbers_and_keys_come_back_byte_for_byte(file_format, sql):
    """As texts, 50, 500 and 5000 would be less than 6."""
    found = blocks_of(two_files(file_format), sql)
    assert keys_of(found) == ["a+b.jpg", "é/ü.jpg", 'new\nline,"x"']
    (block,) = [block for block in found if block.rows.rows]
    assert taken_apart(block.rows).version_ids == ["v3", "v4", "v5"]
    assert skipped_of(found) == 1


@pytest.mark.parametrize(
    ("file_format", "sql"),
    [
        ("CSV", "SELECT * FROM list WHERE NOT IsLatest"),
        ("Parquet", "SELECT * FROM list WHERE NOT is_latest"),
        ("ORC", "SELECT * FROM list WHERE NOT is_latest"),
    ],
)
def test_truth_values_are_truth_values_and_columns_have_the_names_of_the_file(file_format, sql):
    assert keys_of(blocks_of(two_files(file_format), sql)) == ["é/ü.jpg"]


@FORMATS
def test_delete_markers_are_rows_for_operations_that_can_do_something_to_one(file_format):
    sql = "SELECT * FROM list WHERE key = 'gone.jpg'"
    found = blocks_of(two_files(file_format), sql, takes_delete_markers=True)
    assert (keys_of(found), skipped_of(found)) == (["gone.jpg"], 0)


def test_dates_of_csv_are_dates_and_no_date_is_null():
    columns = ("Bucket", "Key", "LastModifiedDate")
    rows = [
        ["photos", "old", "2024-01-01T00:00:00.000Z"],
        ["photos", "new", "2026-01-01T00:00:00.000Z"],
        ["photos", "none", ""],
    ]
    inventory = given([rows], columns)
    old = "SELECT * FROM list WHERE LastModifiedDate < TIMESTAMP '2025-01-01'"
    assert keys_of(blocks_of(inventory, old)) == ["old"]
    aged = "SELECT * FROM list WHERE now() - LastModifiedDate > INTERVAL 1 DAY ORDER BY key"
    assert keys_of(blocks_of(inventory, aged)) == ["new", "old"]
    assert keys_of(blocks_of(inventory, "FROM list WHERE LastModifiedDate IS NULL")) == ["none"]


@FORMATS
def test_place_of_a_row_is_its_line_in_its_file(file_format):
    found = blocks_of(two_files(file_format), "SELECT * FROM list WHERE size = 5000")
    (block,) = [block for block in found if block.rows.rows]
    assert block.place == Place(2, key_of_part(2, file_format))


@FORMATS
def test_every_checkpoint_goes_on_with_the_next_row_and_counts_markers_once(
    file_format, monkeypatch
):
    monkeypatch.setattr(source, "PART_BYTES", 1000)
    rows = [
        ["photos", f"k{n:04d}", f"v{n}", "true", str(n % 7 == 0).lower(), "1"] for n in range(900)
    ]
    inventory = given([rows[:500], rows[500:]], WITH_VERSIONS, file_format)
    sql = "SELECT * FROM list WHERE key LIKE '%3' OR key LIKE '%8'"
    blocks = blocks_of(inventory, sql, rows_per_block=25)
    whole = keys_of(blocks)
    assert (len(whole), skipped_of(blocks)) == (155, 129)
    for number in range(len(blocks)):
        begun = blocks[: number + 1]
        rest = blocks_of(inventory, sql, begun[-1].checkpoint, rows_per_block=25)
        assert keys_of(begun) + keys_of(rest) == whole
        assert skipped_of(begun) + skipped_of(rest) == 129


def test_file_that_was_altered_is_refused_with_its_name():
    inventory = two_files("CSV")
    key = key_of_part(2)
    data = gzip.decompress(inventory.files.objects[BUCKET, key]).replace(b"5000", b"6000")
    inventory.files.objects[BUCKET, key] = gzip.compress(data, mtime=0)
    with pytest.raises(ManifestError) as caught:
        blocks_of(inventory, "SELECT * FROM list")
    assert caught.value.file == key
    assert "was altered" in caught.value.message


def test_line_that_is_no_row_is_refused_with_its_line_and_file():
    inventory = given([gzip.compress(b'"photos","a"\n"photos"\n', mtime=0)])
    with pytest.raises(ManifestError) as caught:
        blocks_of(inventory, "SELECT * FROM list")
    assert (caught.value.line, caught.value.file) == (2, key_of_part(1))
    assert caught.value.message.startswith(f"Line 2 of {key_of_part(1)} has 1 column")


@pytest.mark.parametrize(
    ("file_format", "data"), [("Parquet", b"PAR1 nonsense PAR1"), ("ORC", b"ORC nonsense ORC")]
)
def test_file_that_is_none_is_refused(file_format, data):
    inventory = given([data], WITH_VERSIONS, file_format)
    with pytest.raises(ManifestError):
        blocks_of(inventory, "SELECT * FROM list")


def test_dates_and_sizes_of_orc_are_dates_and_numbers():
    """Two stripes' worth of rows, with the types that S3 writes."""
    moments = [datetime(2024 + n % 3, 1, 1) for n in range(3000)]  # noqa: DTZ001 - ORC has no zone
    table = pa.table(
        {
            "bucket": ["photos"] * 3000,
            "key": [f"k{n:04d}" for n in range(3000)],
            "size": pa.array(range(3000), pa.int64()),
            "last_modified_date": pa.array(moments, pa.timestamp("ns")),
        }
    )
    out = io.BytesIO()
    orc.write_table(table, out, stripe_size=1024, batch_size=1024)
    assert orc.ORCFile(io.BytesIO(out.getvalue())).nstripes > 1
    columns = ("Bucket", "Key", "Size", "LastModifiedDate")
    schema = "struct<bucket:string,key:string,size:bigint,last_modified_date:timestamp>"
    inventory = given([out.getvalue()], columns, "ORC", fileSchema=schema)
    sql = "FROM list WHERE size >= 2990 AND last_modified_date < TIMESTAMP '2025-01-01'"
    assert keys_of(blocks_of(inventory, sql)) == ["k2991", "k2994", "k2997"]
