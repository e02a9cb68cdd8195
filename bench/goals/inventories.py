"""Reading inventories: quoted gzip CSV beside Python's csv module, Parquet beside DuckDB, one core each."""

import gzip
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pyarrow as pa
from pyarrow import parquet

from bench import contest, lists, programs, sizes
from bench.contest import Peer
from bench.figures import Findings, Sample, cpu, of, per_s, ratio
from bench.place import Place

GOAL = "inventory"
OURS, CSV_MODULE, DUCKDB = "preparing", "Python's csv, reading alone", "DuckDB, threads=1"
BLOCK = 50_000
CSV_AIM, PARQUET_AIM = 2.0, 0.8


def read(place: Place, found: Findings) -> None:
    rows = sizes.tasks(1_000_000)
    folder = place.stub.files
    _beside(found, "CSV", _csv(folder, rows), rows, (CSV_MODULE, "csv"), CSV_AIM)
    _beside(found, "Parquet", _parquet(folder, rows), rows, (DUCKDB, "duckdb"), PARQUET_AIM)


def _beside(
    found: Findings, file_format: str, data: Path, rows: int, other: tuple[str, str], aim: float
) -> None:
    name, reader = other
    peers = [
        _peer(OURS, "ours", file_format, data, rows, found),
        _peer(name, reader, file_format, data, rows, found),
    ]
    rounds = contest.take_turns(peers)
    for peer in rounds:
        found.add(GOAL, f"{file_format}, {peer}: rows/s", of(rounds, peer, per_s))
        for sample in rounds[peer]:
            found.peak(f"{GOAL} {file_format}, {peer}", sample.pss_mb)
    times = ratio(rounds, name, OURS, cpu)
    found.add(
        GOAL, f"{file_format}: CPU of {name}, times preparing's", times, digits=2, aim=f">= {aim:g}",
        met=times.median >= aim,
    )  # fmt: skip


def _peer(name: str, reader: str, file_format: str, data: Path, rows: int, found: Findings) -> Peer:
    def run() -> Sample:
        took = programs.python("bench.inventories", reader, file_format, data)
        if took.said["rows"] != rows:
            found.wrong.append(f"{file_format}, {name}: {took.said['rows']:,} of {rows:,} rows")
        return Sample(rows, took.said["wall_s"], took.said["cpu_s"], took.pss_mb)

    return Peer(name, run)


def _rows(rows: int) -> Iterator[tuple[str, str, int, str]]:
    """Key, version, size and ETag of objects that nobody has."""
    chance = random.Random(1)  # noqa: S311 - no secret
    for number in range(rows):
        yield (
            lists.key_of(number),
            f"{chance.getrandbits(128):032x}",
            chance.randrange(10_000_000),
            f"{chance.getrandbits(128):032x}",
        )


def _csv(folder: Path, rows: int) -> Path:
    """As S3 writes it, with eleven columns."""
    path = folder / f"inventory-{rows}.csv.gz"
    with gzip.open(path, "wb", compresslevel=6) as file:
        for key, version, size, etag in _rows(rows):
            cells = (
                lists.BUCKET, quote_plus(key, safe="/"), version, "true", "false", str(size),
                "2026-11-20T10:11:12.000Z", etag, "STANDARD", "false", "",
            )  # fmt: skip
            file.write(('"' + '","'.join(cells) + '"\n').encode())
    return path


def _parquet(folder: Path, rows: int) -> Path:
    path = folder / f"inventory-{rows}.parquet"
    keys, versions, object_sizes, etags = zip(*_rows(rows), strict=True)
    table = pa.table(
        {
            "bucket": pa.array([lists.BUCKET]).take(pa.array([0] * rows)),
            "key": keys,
            "version_id": versions,
            "is_latest": pa.array([True] * rows),
            "is_delete_marker": pa.array([False] * rows),
            "size": object_sizes,
            "e_tag": etags,
        }
    )
    parquet.write_table(table, path, row_group_size=10 * BLOCK)
    return path
