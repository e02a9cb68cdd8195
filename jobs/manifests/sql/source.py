"""A list filtered by SQL: the rows of another list that one SELECT keeps.

See docs/manifests.md, Filter by SQL. Where a row is kept for its own sake (WHERE alone), the list is
fetched, filtered and forgotten in parts, of any number; a checkpoint is a part and a row in it, so
nothing depends on what the SQL would say a second time. Any other SELECT needs the whole list at once:
its files and then its result lie in a folder on this machine until the list is prepared. On another
machine it is run again, and must give the same rows up to the checkpoint.
"""

import hashlib
import json
from collections.abc import Iterator

from jobs import conf
from jobs.errors import ManifestError
from jobs.manifests.problems import INVALID_CONTENT
from jobs.manifests.source import Checkpoint, Place, Reading, RowBlock
from jobs.manifests.sql import scratch as folders
from jobs.manifests.sql.blocks import Keys, Waiting, block_of, counted_markers
from jobs.manifests.sql.frames import Cells
from jobs.manifests.sql.inputs import input_of
from jobs.manifests.sql.parts import PART_BYTES, Input, Part, line_problem
from jobs.manifests.sql.process import Limits, SqlProcess, SqlRefusedError, WrongLineError
from jobs.manifests.sql.result import Result
from jobs.manifests.sql.scratch import Scratch
from jobs.spec.manifest import MOST_SQL, ManifestSpec

RESULT = "the SQL filter's result"
KEEPS_NOTHING = (
    "The SQL filter keeps no row of the list. Look at its preview, and change the filter."
)


class FilteredBySql:
    """A checkpoint is {"at": a part's start, "row": rows of it that are done, "kept": how many so far}
    or, where the whole list is needed at once, {"rows": how many are done, "sum": of all these}.
    """

    def check(self, manifest: ManifestSpec, reading: Reading) -> None:
        input_of(manifest, reading).check()

    def blocks(
        self, manifest: ManifestSpec, reading: Reading, checkpoint: Checkpoint
    ) -> Iterator[RowBlock]:
        """The SQL is looked at before any of the list is fetched."""
        with folders.private(conf.sql_folder(), conf.sql_disk_bytes()) as scratch:
            below = input_of(manifest, reading)
            process = _process(manifest, below, scratch, reading)
            try:
                is_row_wise = process.ask("plan")["row_wise"]
                if is_row_wise:
                    yield from _in_parts(process, below, scratch, reading, checkpoint)
            finally:
                process.close()
        if not is_row_wise:
            yield from _at_once(manifest, below, reading, checkpoint)


SOURCE = FilteredBySql()


def limits() -> Limits:
    return Limits(conf.sql_memory_bytes(), conf.sql_time_s())


def _process(
    manifest: ManifestSpec, below: Input, scratch: Scratch, reading: Reading
) -> SqlProcess:
    question = below.question(checked_length(manifest.filter_sql))
    return SqlProcess(question, scratch.folder, limits(), reading.stop)


def checked_length(sql: str) -> str:
    """The SQL again. Raises SqlRefusedError where it is too long."""
    if len(sql) > MOST_SQL:
        raise SqlRefusedError(
            f"It has {len(sql):,} characters, and at most {MOST_SQL:,} are read. Put long lists of"
            " values into the list itself."
        )
    return sql


def _in_parts(
    process: SqlProcess, below: Input, scratch: Scratch, reading: Reading, checkpoint: Checkpoint
) -> Iterator[RowBlock]:
    start = checkpoint or {"at": None, "row": 0, "kept": 0}
    waiting, done = Waiting(below.keys, reading.rows_per_block, kept=start["kept"]), start["row"]
    behind, place = start["at"], Place(0)
    for part in below.parts(scratch, start["at"], PART_BYTES):
        for cells in _run(process, scratch, [part], below, after=done):
            rows = [int(row) for row in cells.pop()]
            places = [Place(part.first_line + row - 1, part.file) for row in rows]
            waiting.feed(cells, rows, places, part.start)
            yield from waiting.full()
        waiting.skipped += process.skipped
        scratch.remove(part.name)
        done, behind, place = 0, part.behind, Place(part.first_line, part.file)
        if reading.is_slow():
            yield waiting.cut_short(behind, place)
    if not waiting.is_empty:
        yield waiting.cut_short(behind, place)
    if not waiting.kept:
        raise ManifestError(INVALID_CONTENT, KEEPS_NOTHING)


def _run(
    process: SqlProcess, scratch: Scratch, parts: list[Part], below: Input, *, after: int = 0
) -> Iterator[Cells]:
    try:
        yield from process.rows([part.name for part in parts], after)
    except WrongLineError as wrong:
        if len(parts) == 1:
            raise line_problem(scratch, parts[0], wrong.line, below.layout) from None
        raise ManifestError(
            INVALID_CONTENT, f"Line {wrong.line} of a file of the list cannot be read as CSV."
        ) from None


def _at_once(
    manifest: ManifestSpec, below: Input, reading: Reading, checkpoint: Checkpoint
) -> Iterator[RowBlock]:
    name = hashlib.sha256(json.dumps(manifest.to_wire(), sort_keys=True).encode()).hexdigest()[:32]
    with folders.kept(conf.sql_folder(), name, conf.sql_disk_bytes()) as scratch:
        result = Result(scratch)
        try:
            if not result.is_whole:
                _fill(result, manifest, below, scratch, reading)
            yield from _of_result(result, below.keys, reading.rows_per_block, checkpoint)
        except ManifestError:
            folders.finish(scratch)
            raise
        folders.finish(scratch)


def _fill(
    result: Result, manifest: ManifestSpec, below: Input, scratch: Scratch, reading: Reading
) -> None:
    reading.hold_turn()
    parts = list(below.parts(scratch, None, None))
    process = _process(manifest, below, scratch, reading)
    try:
        process.ask("plan")
        result.write(_run(process, scratch, parts, below), lambda: process.skipped)
    finally:
        process.close()
    for part in parts:
        scratch.remove(part.name)


def _of_result(
    result: Result, keys: Keys, rows_per_block: int, checkpoint: Checkpoint
) -> Iterator[RowBlock]:
    done = checkpoint or {"rows": 0, "sum": ""}
    digest, row, waiting = hashlib.sha256(), 0, Cells()
    for cells in result.rows():
        if row < done["rows"]:
            passed = min(done["rows"] - row, len(cells[0]))
            row += passed
            _add(digest, [column[:passed] for column in cells])
            cells = [column[passed:] for column in cells]
            if row == done["rows"] and digest.hexdigest() != done["sum"]:
                raise _other_rows(row)
        if waiting:
            cells = [mine + new for mine, new in zip(waiting, cells, strict=True)]
        waiting = cells
        while len(waiting[0]) >= rows_per_block:
            taken = [column[:rows_per_block] for column in waiting]
            waiting = [column[rows_per_block:] for column in waiting]
            yield _block(taken, row, digest, keys, result)
            row += rows_per_block
    if row < done["rows"]:
        raise _other_rows(done["rows"])
    if waiting and waiting[0]:
        yield _block(waiting, row, digest, keys, result)
    elif not row:
        raise ManifestError(INVALID_CONTENT, KEEPS_NOTHING)


def _block(cells: Cells, row: int, digest: "hashlib._Hash", keys: Keys, result: Result) -> RowBlock:
    """`row` is the number of those before it. The first one tells what was left out."""
    skipped = {} if row else counted_markers(result.skipped())
    behind = row + len(cells[0])
    _add(digest, cells)
    places = [Place(number, RESULT) for number in range(row + 1, behind + 1)]
    return block_of(cells, places, {"rows": behind, "sum": digest.hexdigest()}, keys, skipped)


def _add(digest: "hashlib._Hash", cells: Cells) -> None:
    digest.update(
        "".join([f"{row}\n" for row in map("\0".join, zip(*cells, strict=True))]).encode()
    )


def _other_rows(row: int) -> ManifestError:
    return ManifestError(
        INVALID_CONTENT,
        "The SQL filter was run again, on another machine, and gave other rows than the first time up"
        f" to row {row:,}. Add ORDER BY, and leave out random values and the time of day.",
    )
