"""Parquet and ORC files, decoded by a process of its own."""

import io
import os
import subprocess
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from jobs.errors import ManifestError, StoppedError, WorkStoreFullError
from jobs.manifests.frozen_list import taken_apart
from jobs.manifests.inventory import columnar
from tests.inventories import given, key_of_part, orc_file, parquet_file

TWO = ("Bucket", "Key")
FILES = {"Parquet": parquet_file, "ORC": orc_file}
FORMATS = tuple(FILES)


def rows_of(keys):
    return [["photos", key] for key in keys]


def keys_of(blocks):
    return [key for block in blocks for key in taken_apart(block.rows).keys]


def refusal(inventory):
    with pytest.raises(ManifestError) as refused:
        list(inventory.blocks())
    assert refused.value.code == "InvalidManifestContent"
    return refused.value


def written(table, file_format):
    out = io.BytesIO()
    (parquet if file_format == "Parquet" else orc).write_table(table, out)
    return out.getvalue()


@pytest.mark.parametrize("file_format", FORMATS)
def test_rows_of_many_batches_come_once_and_in_order(file_format):
    keys = [f"k {n}/ü" if n % 7 == 0 else f"k{n}" for n in range(40_000)]
    inventory = given([rows_of(keys)], file_format=file_format)
    assert keys_of(inventory.blocks(rows_per_block=500)) == keys


def test_row_groups_before_the_checkpoint_are_passed_over():
    keys = [f"k{n}" for n in range(100)]
    inventory = given([parquet_file(rows_of(keys), TWO, row_group_size=7)], file_format="Parquet")
    for block in list(inventory.blocks(rows_per_block=9))[:-1]:
        line = block.checkpoint["line"]
        assert keys_of(inventory.blocks(block.checkpoint, rows_per_block=9)) == keys[line - 1 :]


@pytest.mark.parametrize("file_format", FORMATS)
def test_text_of_every_type_is_read(file_format):
    texts = pa.array(["photos"] * 3)
    table = pa.table({"bucket": texts, "key": pa.array([b"a", b"b c", b"\xc3\xbc"], pa.binary())})
    if file_format == "Parquet":
        table = table.set_column(0, "bucket", texts.dictionary_encode())
    inventory = given([written(table, file_format)], file_format=file_format)
    assert keys_of(inventory.blocks()) == ["a", "b c", "ü"]


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(
    ("key", "words"),
    [
        (b"\xff", "has a key that is not UTF-8"),
        (b"a\0b", "has a key with a NUL byte"),
        (b"", "has no key"),
        (b"k" * 1025, "has a key of 1,025 bytes"),
        (b"k" * 3 * 1024**2, "has a key of 3,145,728 bytes"),
        (None, "has no key"),
    ],
)
def test_key_that_cannot_be_one_fails_with_its_row_and_file(file_format, key, words):
    keys = pa.array([b"a", key, b"b"], pa.binary())
    table = pa.table({"bucket": ["photos"] * 3, "key": keys})
    said = refusal(given([written(table, file_format)], file_format=file_format))
    assert (said.line, said.file) == (2, key_of_part(1, file_format))
    assert words in said.message


@pytest.mark.parametrize("file_format", FORMATS)
def test_file_without_a_key_column_says_so(file_format):
    data = written(pa.table({"bucket": ["photos"]}), file_format)
    said = refusal(given([data], file_format=file_format))
    assert f"file {key_of_part(1, file_format)} has no column key." in said.message


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("data", [b"", b"nothing", b"PAR1" + b"\0" * 100 + b"PAR1", b"ORC" * 99])
def test_file_of_another_kind_fails_with_its_name(file_format, data):
    said = refusal(given([data], file_format=file_format))
    assert said.file == key_of_part(1, file_format)
    assert f"is no {file_format} file of an inventory" in said.message


@pytest.mark.parametrize("file_format", FORMATS)
def test_file_that_is_damaged_in_its_middle_fails_with_its_name(file_format):
    data = bytearray(FILES[file_format](rows_of([os.urandom(8).hex() for _ in range(999)]), TWO))
    middle = len(data) // 3
    data[middle : middle + 200] = os.urandom(200)
    said = refusal(given([bytes(data)], file_format=file_format))
    assert said.file == key_of_part(1, file_format)


@pytest.mark.parametrize("file_format", FORMATS)
def test_file_that_grows_beyond_the_memory_that_it_may_have_is_refused(file_format, monkeypatch):
    keys = pa.array([b"k" * 1024**2], pa.binary()).take([0] * 600)
    table = pa.table({"bucket": ["photos"] * 600, "key": keys})
    monkeypatch.setattr(columnar, "MOST_MEMORY_BYTES", 900 * 1024**2)
    said = refusal(given([written(table, file_format)], file_format=file_format))
    assert "memory" in said.message


def test_file_whose_md5_is_another_is_not_decoded(monkeypatch):
    inventory = given([rows_of(["a"])], file_format="Parquet")
    inventory.files.objects["inventories", key_of_part(1, "Parquet")] = parquet_file(
        rows_of(["b"]), TWO
    )
    monkeypatch.setattr(subprocess, "Popen", None)
    assert "was altered: its MD5 is" in refusal(inventory).message


def test_file_for_which_the_disk_has_no_room_is_waited_for(monkeypatch):
    monkeypatch.setattr(columnar, "SPARE_BYTES", 1024**6)
    with pytest.raises(WorkStoreFullError, match=r"has no room for the inventory's file"):
        list(given([rows_of(["a"])], file_format="ORC").blocks())


@pytest.mark.parametrize("file_format", ["CSV", *FORMATS])
def test_reading_stops_when_it_is_told_to(file_format):
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        list(given([rows_of(["a"])], file_format=file_format).blocks(stop=stop))


def children():
    return {
        path.name
        for path in Path("/proc").glob("[0-9]*")
        if b"columnar_child" in _read(path / "cmdline")
        and f"PPid:\t{os.getpid()}\n".encode() in _read(path / "status")
    }


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_decoder_is_gone_when_reading_is_given_up():
    keys = [f"k{n}" for n in range(200_000)]
    blocks = given([rows_of(keys)], file_format="Parquet").blocks()
    next(blocks)
    assert len(children()) == 1
    blocks.close()
    assert not children()


def test_decoder_sees_none_of_our_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("BATCHCONSOLE_SECRET_KEYS", "secret")
    blocks = given([rows_of([f"k{n}" for n in range(200_000)])], file_format="Parquet").blocks()
    next(blocks)
    (child,) = children()
    assert b"secret" not in Path(f"/proc/{child}/environ").read_bytes()
    blocks.close()
