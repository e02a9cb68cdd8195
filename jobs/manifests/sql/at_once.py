"""A SELECT that needs a whole list at once: its files, and then its result, lie in a folder here."""

import hashlib
from collections.abc import Iterator

from jobs import conf
from jobs.errors import ManifestError
from jobs.manifests.problems import INVALID_CONTENT
from jobs.manifests.source import Checkpoint, Place, Reading, RowBlock
from jobs.manifests.sql import scratch as folders
from jobs.manifests.sql.blocks import Keys, block_of, counted_markers
from jobs.manifests.sql.frames import Cells
from jobs.manifests.sql.parts import Input, Part, line_problem
from jobs.manifests.sql.process import Limits, SqlProcess, SqlRefusedError, WrongLineError
from jobs.manifests.sql.result import Result
from jobs.manifests.sql.scratch import Scratch
from jobs.spec.manifest import MOST_SQL

RESULT = "the SQL filter's result"
KEEPS_NOTHING = (
    "The SQL filter keeps no row of the list. Look at its preview, and change the filter."
)


class OtherRowsError(ManifestError):
    """The SELECT was run again, and gave other rows."""

    def __init__(self, row: int) -> None:
        super().__init__(
            INVALID_CONTENT,
            "The SQL filter was run again, on another machine, and gave other rows than the first time"
            f" up to row {row:,}. Add ORDER BY, and leave out random values and the time of day.",
        )


def limits() -> Limits:
    return Limits(conf.sql_memory_bytes(), conf.sql_time_s())


def checked_length(sql: str) -> str:
    """The SQL again. Raises SqlRefusedError where it is too long."""
    if len(sql) > MOST_SQL:
        raise SqlRefusedError(
            f"It has {len(sql):,} characters, and at most {MOST_SQL:,} are read. Put long lists of"
            " values into the list itself."
        )
    return sql


def process_for(below: Input, sql: str, scratch: Scratch, reading: Reading) -> SqlProcess:
    question = below.question(checked_length(sql))
    return SqlProcess(question, scratch.folder, limits(), reading.stop)


def run(
    process: SqlProcess, scratch: Scratch, parts: list[Part], below: Input, *, after: int = 0
) -> Iterator[Cells]:
    """The result over these parts, in pieces. Raises ManifestError for a line that is no row."""
    try:
        yield from process.rows([part.name for part in parts], after)
    except WrongLineError as wrong:
        if len(parts) == 1:
            raise line_problem(scratch, parts[0], wrong.line, below.layout) from None
        raise ManifestError(
            INVALID_CONTENT, f"Line {wrong.line} of a file of the list cannot be read as CSV."
        ) from None


def at_once(
    below: Input, sql: str, reading: Reading, name: str, checkpoint: Checkpoint
) -> Iterator[RowBlock]:
    """`name` is that of the folder. A checkpoint is {"rows": how many are done, "sum": of all these};
    what stands there besides stays. Raises OtherRowsError, and as sources do.
    """
    with folders.kept(conf.sql_folder(), name, conf.sql_disk_bytes()) as scratch:
        result = Result(scratch)
        try:
            if not result.is_whole:
                _fill(result, below, sql, scratch, reading)
            yield from _of_result(result, below.keys, reading.rows_per_block, checkpoint)
        except ManifestError:
            folders.finish(scratch)
            raise
        folders.finish(scratch)


def _fill(result: Result, below: Input, sql: str, scratch: Scratch, reading: Reading) -> None:
    reading.hold_turn()
    parts = list(below.parts(scratch, None, None))
    before = sum(part.skipped for part in parts)
    process = process_for(below, sql, scratch, reading)
    try:
        process.ask("plan")
        result.write(run(process, scratch, parts, below), lambda: process.skipped + before)
    finally:
        process.close()
    for part in parts:
        scratch.remove(part.name)


def _of_result(
    result: Result, keys: Keys, rows_per_block: int, checkpoint: Checkpoint
) -> Iterator[RowBlock]:
    done = {"rows": 0, "sum": ""} | (checkpoint or {})
    digest, row, waiting = hashlib.sha256(), 0, Cells()
    for cells in result.rows():
        if row < done["rows"]:
            passed = min(done["rows"] - row, len(cells[0]))
            row += passed
            _add(digest, [column[:passed] for column in cells])
            cells = [column[passed:] for column in cells]
            if row == done["rows"] and digest.hexdigest() != done["sum"]:
                raise OtherRowsError(row)
        if waiting:
            cells = [mine + new for mine, new in zip(waiting, cells, strict=True)]
        waiting = cells
        while len(waiting[0]) >= rows_per_block:
            taken = [column[:rows_per_block] for column in waiting]
            waiting = [column[rows_per_block:] for column in waiting]
            yield _block(taken, row, digest, keys, result, done)
            row += rows_per_block
    if row < done["rows"]:
        raise OtherRowsError(done["rows"])
    if waiting and waiting[0]:
        yield _block(waiting, row, digest, keys, result, done)
    elif not row:
        raise ManifestError(INVALID_CONTENT, KEEPS_NOTHING)


def _block(
    cells: Cells,
    row: int,
    digest: "hashlib._Hash",
    keys: Keys,
    result: Result,
    checkpoint: Checkpoint,
) -> RowBlock:
    """`row` is the number of those before it. The first one tells what was left out."""
    skipped = {} if row else counted_markers(result.skipped())
    behind = row + len(cells[0])
    _add(digest, cells)
    places = [Place(number, RESULT) for number in range(row + 1, behind + 1)]
    behind_it = checkpoint | {"rows": behind, "sum": digest.hexdigest()}
    return block_of(cells, places, behind_it, keys, skipped)


def _add(digest: "hashlib._Hash", cells: Cells) -> None:
    digest.update(
        "".join([f"{row}\n" for row in map("\0".join, zip(*cells, strict=True))]).encode()
    )
