"""Decodes one Parquet or ORC file for `columnar.py`, in a process of its own without secrets.

A script: it imports nothing of ours, so that neither Django nor a setting is in this process. Arguments
are the format, the file's descriptor, the row to begin with (from 1), whether delete markers are rows, and
the most memory in bytes. It writes frames to standard output: a line of JSON, then as many bytes of text
as that says, then as many of row numbers (32 bits, native) where rows were left out. With the format
"ORC as Parquet" the texts make up a Parquet file with all rows and columns.
"""

import importlib
import json
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROWS_AT_ONCE = 16 * 1024
"""With keys of 1,024 bytes, all of them encoded, some 48 MiB."""

READ_BYTES = 1024 * 1024
AS_PARQUET = "ORC as Parquet"
WANTED = ("bucket", "key", "versionid", "isdeletemarker")
_HEX = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_IS_PLAIN = np.zeros(256, bool)
_IS_PLAIN[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")] = True
_PERCENT = 0x25


class UnfitError(Exception):
    """The file is not one of an inventory; the text goes on from "The inventory's file x "."""


def columns_of(names: list[str]) -> dict[str, str]:
    """Wanted name -> the file's own. Raises UnfitError."""
    found = {name.replace("_", "").lower(): name for name in names}
    columns = {name: found[name] for name in WANTED if name in found}
    if missing := [name for name in ("bucket", "key") if name not in columns]:
        raise UnfitError(f"has no column {missing[0]}")
    return columns


def parquet_batches(file: BinaryIO, first: int) -> Iterator[tuple[int, Any]]:
    """(number of the first row, rows); whole row groups before `first` are not read."""
    parquet = pq.ParquetFile(file, buffer_size=READ_BYTES, pre_buffer=False)
    columns = columns_of(parquet.schema_arrow.names)
    row = 1
    groups: list[int] = []
    for group in range(parquet.num_row_groups):
        rows = parquet.metadata.row_group(group).num_rows
        if not groups and row + rows <= first:
            row += rows
        else:
            groups.append(group)
    if not groups:
        return
    batches = parquet.iter_batches(
        ROWS_AT_ONCE, row_groups=groups, columns=list(columns.values()), use_threads=False
    )
    for batch in batches:
        yield row, renamed(batch, columns)
        row += batch.num_rows


def orc_batches(file: BinaryIO, first: int) -> Iterator[tuple[int, Any]]:
    # Both take as long to import as a small file takes to be read, and Parquet needs neither.
    orc, dataset = (importlib.import_module(f"pyarrow.{name}") for name in ("orc", "dataset"))
    columns = columns_of(orc.ORCFile(file).schema.names)
    fragment = dataset.OrcFileFormat().make_fragment(pa.PythonFile(file, mode="r"))
    row = 1
    batches = fragment.to_batches(
        columns=list(columns.values()),
        batch_size=ROWS_AT_ONCE,
        use_threads=False,
        batch_readahead=0,
        fragment_readahead=0,
    )
    for batch in batches:
        if row + batch.num_rows > first:
            yield row, renamed(batch, columns)
        row += batch.num_rows


class Sink:
    """What a Parquet writer writes, which only asks how far it came: pipes do not know that."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._bytes = 0

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._bytes += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._bytes

    def flush(self) -> None:
        """Nothing waits here for longer than until it is taken."""

    def close(self) -> None:
        """It ends with the process."""

    def taken(self) -> Iterator[bytes]:
        data, self._parts = b"".join(self._parts), []
        for start in range(0, len(data), READ_BYTES):
            part = data[start : start + READ_BYTES]
            yield json.dumps({"bytes": len(part)}).encode() + b"\n"
            yield part


def as_parquet(file: BinaryIO) -> Iterator[bytes]:
    """The same rows for who reads no ORC; a row group for each stripe."""
    source = importlib.import_module("pyarrow.orc").ORCFile(file)
    columns_of(source.schema.names)
    sink = Sink()
    with pq.ParquetWriter(
        pa.PythonFile(sink, mode="w"), source.schema, compression="snappy"
    ) as out:
        for number in range(source.nstripes):
            out.write_batch(source.read_stripe(number))
            yield from sink.taken()
    yield from sink.taken()


def renamed(batch: Any, columns: dict[str, str]) -> dict[str, Any]:
    return {wanted: batch.column(name) for wanted, name in columns.items()}


def frames(batches: Iterator[tuple[int, Any]], first: int, keep_all: bool) -> Iterator[bytes]:
    for row, columns in batches:
        count = len(columns["key"])
        if row < first:
            columns = {name: column.slice(first - row) for name, column in columns.items()}
            count, row = count - (first - row), first
        if count > 0:
            yield from frame(columns, row, count, keep_all)


def frame(columns: dict[str, Any], row: int, count: int, keep_all: bool) -> Iterator[bytes]:
    kept = None
    markers = columns.get("isdeletemarker")
    if markers is not None and not keep_all and pc.any(as_flags(markers)).as_py():
        is_row = pc.invert(as_flags(markers))
        columns = {name: column.filter(is_row) for name, column in columns.items()}
        kept = np.flatnonzero(is_row.to_numpy(zero_copy_only=False)).astype(np.int32)
    text = text_of(columns)
    head = {"row": row, "rows": count, "bytes": len(text)}
    if kept is not None:
        head["kept"] = len(kept)
    yield json.dumps(head).encode() + b"\n"
    yield text
    if kept is not None:
        yield kept.tobytes()


def as_flags(markers: Any) -> Any:
    """Some tools write true and false as text."""
    if not pa.types.is_boolean(markers.type):
        markers = pc.equal(pc.utf8_lower(markers.cast(pa.string())), "true")
    return pc.fill_null(markers, False)


def text_of(columns: dict[str, Any]) -> bytes:
    """Lines of the frozen list: bucket, encoded key and version, with commas between them."""
    fields = [as_bytes(columns["bucket"]), encoded(as_bytes(columns["key"]))]
    if "versionid" in columns:
        fields.append(as_bytes(columns["versionid"]))
    if not len(fields[0]):
        return b""
    ends = pa.scalar(b"\n", pa.binary())
    separated = [part for field in fields for part in (field, pa.scalar(b",", pa.binary()))]
    lines = pc.binary_join_element_wise(*separated[:-1], ends, pa.scalar(b"", pa.binary()))
    offsets = np.frombuffer(lines.buffers()[1], np.int32)
    start, stop = int(offsets[lines.offset]), int(offsets[lines.offset + len(lines)])
    return memoryview(lines.buffers()[2])[start:stop].tobytes()


def as_bytes(column: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    column = column.cast(pa.binary())
    return pc.fill_null(column, b"") if column.null_count else column


def encoded(keys: Any) -> Any:
    """Each byte but letters, digits, - . _ ~ and / as %XX, as urllib.parse.quote writes it."""
    start, codes = content_of(keys)
    if not len(codes):
        return keys
    places = np.flatnonzero(~_IS_PLAIN[codes])
    if not len(places):
        return keys
    # Few keys have such a byte: the others are left as they are.
    rows = np.unique(np.searchsorted(start, places, side="right") - 1)
    mask = np.zeros(len(keys), bool)
    mask[rows] = True
    return pc.replace_with_mask(keys, pa.array(mask), all_encoded(keys.take(pa.array(rows))))


def content_of(keys: Any) -> tuple[Any, Any]:
    """Where each key begins, and the last one ends, and the bytes of all of them."""
    offsets = np.frombuffer(keys.buffers()[1], np.int32)[keys.offset : keys.offset + len(keys) + 1]
    if not len(keys) or offsets[0] == offsets[-1]:
        return offsets, np.zeros(0, np.uint8)
    codes = np.frombuffer(keys.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    return offsets - offsets[0], codes


def all_encoded(keys: Any) -> Any:
    ends, codes = content_of(keys)
    is_odd = ~_IS_PLAIN[codes]
    places = np.flatnonzero(is_odd)
    signs = codes[places]
    table = np.repeat(codes, 1 + 2 * is_odd.astype(np.uint8))
    at = places + 2 * np.arange(len(places))
    table[at], table[at + 1], table[at + 2] = _PERCENT, _HEX[signs >> 4], _HEX[signs & 15]
    ends = (ends + 2 * np.searchsorted(places, ends)).astype(np.int32)
    buffers = [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(table.tobytes())]
    return pa.Array.from_buffers(pa.binary(), len(keys), buffers)


def limit(most_bytes: int) -> None:
    """What a file may do that was made to do harm: nothing but to end this process."""
    for what, most in (
        (resource.RLIMIT_AS, most_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def main() -> int:
    file_format, descriptor, first, keep_all, most_bytes = sys.argv[1:]
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    limit(int(most_bytes))
    out = sys.stdout.buffer
    last: dict[str, Any] = {"end": True}
    try:
        with os.fdopen(int(descriptor), "rb", buffering=0) as file:
            if file_format == AS_PARQUET:
                parts = as_parquet(file)
            else:
                batches = parquet_batches if file_format == "Parquet" else orc_batches
                parts = frames(batches(file, int(first)), int(first), keep_all == "1")
            for part in parts:
                out.write(part)
    except UnfitError as error:
        last = {"wrong": str(error)}
    except MemoryError:
        last = {"wrong": "needs more memory to be decoded than it may have"}
    except Exception as error:
        last = {
            "wrong": f"is no {file_format.partition(' ')[0]} file of an inventory ({type(error).__name__})"
        }
    out.write(json.dumps(last).encode() + b"\n")
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
