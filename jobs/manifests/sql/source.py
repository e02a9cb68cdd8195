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
from jobs.manifests.sql.at_once import KEEPS_NOTHING, at_once, process_for, run
from jobs.manifests.sql.blocks import Waiting
from jobs.manifests.sql.inputs import input_of
from jobs.manifests.sql.parts import PART_BYTES, Input
from jobs.manifests.sql.process import SqlProcess
from jobs.manifests.sql.scratch import Scratch
from jobs.spec.manifest import ManifestSpec


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
            process = process_for(below, manifest.filter_sql, scratch, reading)
            try:
                is_row_wise = process.ask("plan")["row_wise"]
                if is_row_wise:
                    yield from _in_parts(process, below, scratch, reading, checkpoint)
            finally:
                process.close()
        if not is_row_wise:
            text = json.dumps(manifest.to_wire(), sort_keys=True)
            name = hashlib.sha256(text.encode()).hexdigest()[:32]
            yield from at_once(below, manifest.filter_sql, reading, name, checkpoint)


SOURCE = FilteredBySql()


def _in_parts(
    process: SqlProcess, below: Input, scratch: Scratch, reading: Reading, checkpoint: Checkpoint
) -> Iterator[RowBlock]:
    start = checkpoint or {"at": None, "row": 0, "kept": 0}
    waiting, done = Waiting(below.keys, reading.rows_per_block, kept=start["kept"]), start["row"]
    behind, place = start["at"], Place(0)
    for part in below.parts(scratch, start["at"], PART_BYTES):
        for cells in run(process, scratch, [part], below, after=done):
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
