"""What an SQL filter would keep of a list's beginning, for a page, within a few seconds."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from jobs import conf
from jobs.errors import ManifestError
from jobs.manifests.frozen_list import Rows, taken_apart
from jobs.manifests.problems import INVALID_CONTENT
from jobs.manifests.source import Place, Reading
from jobs.manifests.sql import scratch as folders
from jobs.manifests.sql.at_once import RESULT, checked_length
from jobs.manifests.sql.blocks import block_of
from jobs.manifests.sql.inputs import input_of
from jobs.manifests.sql.parts import Input, Part
from jobs.manifests.sql.process import Limits, SqlProcess
from jobs.spec.object_list import ListSpec

SAMPLE_BYTES = 1024 * 1024
ROWS_SHOWN = 5
_FETCH_S = 2.0
_RUN_S = 5.0
_START_S = 15.0
_NOTHING = Rows([], [], [], [])


@dataclass(frozen=True, slots=True)
class Trial:
    """`columns` and the first `rows` of the result; it has `kept` rows, of the `of` first ones of the
    list. `sees_whole_list` says that more rows may change which of these are kept.
    """

    columns: list[str]
    rows: list[list[str | None]]
    kept: int
    of: int
    sees_whole_list: bool


def page_limits() -> Limits:
    """While somebody waits."""
    return Limits(conf.sql_memory_bytes(), _RUN_S, _START_S)


def try_out(manifest: ListSpec, reading: Reading) -> Trial:
    """Raises SqlRefusedError for SQL that cannot run, ManifestError and StorageError for the list."""
    with _begun(manifest, reading) as (process, plan, part):
        if part is None:
            return Trial(plan["columns"], [], 0, 0, not plan["row_wise"])
        found = process.ask("show", file=part.name, most=ROWS_SHOWN)
        return Trial(
            found["columns"], found["rows"], found["kept"], found["of"], not plan["row_wise"]
        )


def some_rows(manifest: ListSpec, reading: Reading, most: int) -> tuple[Rows, int]:
    """At most so many rows that are kept, and of how many; raises as `try_out`."""
    with _begun(manifest, reading) as (process, plan, part):
        if part is None:
            return _NOTHING, 0
        rows, count = _NOTHING, 0
        for cells in process.rows([part.name]):
            if plan["row_wise"]:
                cells.pop()
            if len(rows) < most:
                cut = [column[: most - len(rows)] for column in cells]
                places = [Place(n, RESULT) for n in range(1, len(cut[0]) + 1)]
                keys = input_of(manifest, reading).keys
                new = taken_apart(block_of(cut, places, None, keys).rows)
                rows = rows + new if len(rows) else new
            count += len(cells[0])
        return rows, count


@contextmanager
def _begun(
    manifest: ListSpec, reading: Reading
) -> Iterator[tuple[SqlProcess, dict[str, Any], Part | None]]:
    """A process that looked at the SQL, what it says of it, and the list's beginning."""
    until_s = time.monotonic() + _FETCH_S
    reading = replace(reading, is_slow=lambda: time.monotonic() > until_s)
    below = input_of(manifest, reading)
    question = below.question(checked_length(manifest.filter_sql))
    with folders.private(conf.sql_folder(), conf.sql_disk_bytes()) as scratch:
        process = SqlProcess(question, scratch.folder, page_limits(), reading.stop)
        with closing(process):
            plan = process.ask("plan")
            _refuse_large(below)
            with closing(below.parts(scratch, None, SAMPLE_BYTES)) as parts:
                yield process, plan, next(parts, None)


def _refuse_large(below: Input) -> None:
    if refusal := below.too_large_to_try():
        raise ManifestError(INVALID_CONTENT, refusal)
