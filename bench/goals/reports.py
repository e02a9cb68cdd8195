"""Reports of up to 5,000,000 rows: pages, searches and downloads, as the console makes them."""

import contextlib
import functools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import house, sizes
from bench.figures import Findings, figure
from bench.place import Place
from jobs.console.report_downloads import CSV, JSON_LINES, FileFormat, file_as_it_is, rows_in
from jobs.console.report_rows import Place as RowPlace
from jobs.console.report_rows import page_of_rows
from jobs.models import Report
from jobs.reports.reading import COLUMNS
from jobs.reports.scanning import RowFilter
from jobs.s3.clients import make_client
from jobs.s3.storage import Storage

ROWS = (10_000, 1_000_000, 5_000_000)
FILE_ROWS = 1_000_000
BATCH = 10_000
DONE = "succeeded,200,"


def of_any_length(place: Place, found: Findings) -> None:
    there = house.region(place.stub.url())
    credentials = there.credentials.get().to_credentials()
    client = make_client(there.endpoint(), credentials)
    for rows in map(sizes.tasks, ROWS):
        storage = _Counting(client)
        report = _report(place.stub.files, rows)
        _pages(found, report, storage, rows)
        if rows <= FILE_ROWS:
            _downloads(found, report, storage, rows)


class _Counting(Storage):
    """Counts the bytes that it reads."""

    read = 0

    def read_range(self, *args: Any, **more: Any) -> bytes:
        data = super().read_range(*args, **more)
        self.read += len(data)
        return data

    @contextlib.contextmanager
    def open_object(self, *args: Any, **more: Any) -> Iterator[Iterator[bytes]]:
        with super().open_object(*args, **more) as pieces:
            yield map(self._counted, pieces)

    def _counted(self, piece: bytes) -> bytes:
        self.read += len(piece)
        return piece


def _pages(found: Findings, report: Report, storage: "_Counting", rows: int) -> None:
    last = report.files[-1]
    tail = RowPlace(len(report.files) - 1, last["size_bytes"] - 50 * last["row_bytes"])
    search_s = 10.0 if rows > FILE_ROWS else 2.0
    key, nothing, code = (
        RowFilter(q=f"{rows - 1:010} Image"),
        RowFilter(q="nowhere"),
        RowFilter(code="AccessDenied"),
    )
    looks: list[tuple[str, int, float, RowFilter, RowPlace]] = [
        ("first page", 50, 0.5, RowFilter(), RowPlace()),
        ("last page", 50, 0.5, RowFilter(), tail),
        ("search by key", 1, search_s, key, RowPlace()),
        ("search without result", 0, search_s, nothing, RowPlace()),
        ("search by code", 50, 0.5, code, RowPlace()),
    ]
    for what, expected, most_s, wanted, at in looks:
        look = functools.partial(_page, report, storage, wanted, at)
        _look(found, storage, f"{rows:,} rows, {what}", expected, look, most_wall_s=most_s)


def _page(report: Report, storage: Storage, wanted: RowFilter, place: RowPlace) -> int:
    """Rows that were found, with all the "go on" that it takes."""
    count = 0
    while True:
        page = page_of_rows(report, storage, wanted, place=place, clock=time.monotonic)
        count += len(page.rows)
        if not page.unfinished or page.following is None:
            return count
        place = page.following


def _downloads(found: Findings, report: Report, storage: "_Counting", rows: int) -> None:
    share, size = rows / FILE_ROWS, sum(file["size_bytes"] for file in report.files)

    def files() -> int:
        keys = [file["key"] for file in report.files]
        return sum(_length(file_as_it_is(report, storage, key)) for key in keys)

    def rows_as(file_format: FileFormat) -> int:
        return _length(rows_in(file_format, report, storage, RowFilter()))

    # A space for each %20; lines of CSV end in two characters, those of JSON have names.
    decoded = size - 2 * rows
    names = len(json.dumps(dict.fromkeys(COLUMNS, ""))) - (len(COLUMNS) - 1)
    lengths = {CSV: decoded + rows + len(",".join(COLUMNS)) + 2, JSON_LINES: decoded + names * rows}
    what = f"{rows:,} rows, download"
    _look(found, storage, f"{what} of the files", size, files, most_cpu_s=0.5 * share)
    for file_format, expected in lengths.items():
        look = functools.partial(rows_as, file_format)
        name = f"{what} as {file_format.ending}"
        _look(found, storage, name, expected, look, most_cpu_s=4 * share)


def _length(pieces: Iterator[bytes]) -> int:
    return sum(map(len, pieces))


def _look(
    found: Findings,
    storage: "_Counting",
    what: str,
    expected: int,
    look: Callable[[], int],
    *,
    most_wall_s: float | None = None,
    most_cpu_s: float | None = None,
) -> None:
    walls, cpus = [], []
    before = storage.read
    for _ in range(sizes.runs()):
        wall_s, cpu_s = time.monotonic(), time.process_time()
        got = look()
        walls.append(time.monotonic() - wall_s)
        cpus.append(time.process_time() - cpu_s)
        if got != expected:
            found.wrong.append(f"{what}: {got:,} instead of {expected:,}")
    read_mb = (storage.read - before) / sizes.runs() / 1e6
    for name, values, most in (("wall", walls, most_wall_s), ("CPU", cpus, most_cpu_s)):
        spent = figure(values)
        found.add(
            "reports", f"{what} ({read_mb:,.1f} MB read): s of {name}", spent, digits=3,
            aim=f"<= {most:g}" if most else "", met=spent.median <= most if most else None,
        )  # fmt: skip


def _report(folder: Path, rows: int) -> Report:
    """One row of a hundred failed; all rows of a file are of one length."""
    failed = rows // 100
    files = [_file(folder, "failed", 0, failed)]
    for first in range(failed, rows, FILE_ROWS):
        files.append(_file(folder, "succeeded", first, min(FILE_ROWS, rows - first)))
    return Report(bucket=house.FILES, files=files)


def _file(folder: Path, status: str, first: int, rows: int) -> dict[str, Any]:
    end = {"failed": "failed,403,AccessDenied,Access Denied", "succeeded": f"{DONE},Successful"}
    key = f"report-{status}-{first}-{rows}.csv"
    row_bytes = 0
    with (folder / key).open("wb") as file:
        for at in range(first, first + rows, BATCH):
            lines = [
                f"photos,archive/2024/series/{n:010}%20image.jpg,,{end[status]}\n"
                for n in range(at, min(at + BATCH, first + rows))
            ]
            row_bytes = len(lines[0])
            file.write("".join(lines).encode())
    return {
        "status": status, "key": key, "md5": "", "rows": rows,
        "size_bytes": rows * row_bytes, "row_bytes": row_bytes,
    }  # fmt: skip
