"""A dry run of a few objects, while somebody waits in front of a page.

It reads only, through the client of every dry run, with a few requests at a time and for a few
seconds: what is not answered by then is said. Nothing of it is kept.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.choices import ManifestField
from jobs.dataplane import retry
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.dataplane.work import Batch, Limits, Work
from jobs.engine.chunk_rows import targets_of, unpacked
from jobs.engine.preparing.sampling import cut, runs
from jobs.engine.running_job import Places
from jobs.engine.transport import services
from jobs.errors import BatchConsoleError
from jobs.lifecycle.page_turns import page_patience, page_turn
from jobs.manifests.frozen_list import Rows
from jobs.manifests.keys import AS_WRITTEN, KeyRules
from jobs.manifests.rows import row_parser
from jobs.models import Job
from jobs.operations import registry
from jobs.operations.base import Operation, Outcome, Steps
from jobs.operations.context import Context
from jobs.operations.dry_run import DryRun
from jobs.operations.guarded import guarded
from jobs.spec.target import Target
from jobs.workstore.store import WorkStore

ROWS = 100
PLACES = 10
"""Of the list, from which these rows are read: each is a read of work storage."""

WITHIN_S = 3.0
IN_FLIGHT = 16
THREADS = 4


@dataclass(frozen=True, slots=True)
class QuickLook:
    """What came of the rows that were asked about, None for those without an answer; `trouble` is
    why there is none, as a sentence, where that is known.
    """

    rows: Rows
    outcomes: Sequence[Outcome | None]
    trouble: str = ""


def rows_of(job: Job, work: WorkStore) -> Rows:
    """Some rows of a prepared list, spread evenly over it. Raises WorkStoreError."""
    rows = Rows([], [], [], [])
    for start, wanted in runs(job.prepared_rows, min(ROWS, job.prepared_rows), PLACES):
        for chunk in cut(job, start, wanted):
            block = work.read_range(chunk.segment, chunk.offset, chunk.length)
            found = unpacked(block, job.manifest)
            rows += found.cut(chunk.skip, chunk.rows)
    return rows


def look_ahead(job: Job, rows: Rows) -> QuickLook:
    """`job` may be one that is not made yet. Trouble stands in the result."""
    told: dict[int, Outcome] = {}
    try:
        operation = registry.of_job(job.operation, job.parameters, job.found)
        if job.guarded_by_id:
            operation = guarded(operation)
        with page_turn(WITHIN_S):
            left_s = page_patience().until_s - time.monotonic()
            batch = _run(_work(job, operation, rows, told), max(0.0, min(WITHIN_S, left_s)))
    except BatchConsoleError as error:
        return QuickLook(rows, [None] * len(rows), error.message)
    if batch is None:
        return QuickLook(rows, [told.get(index) for index in range(len(rows))])
    answer = batch.fatal or batch.outage
    return QuickLook(rows, batch.outcomes, answer.message or answer.code if answer else "")


class _Telling(DryRun):
    """Tells of each task when it ends, since somebody may not wait for the last."""

    def __init__(
        self, operation: Operation, targets: Sequence[object], told: dict[int, Outcome]
    ) -> None:
        super().__init__(operation)
        self._index = {id(target): index for index, target in enumerate(targets)}
        self._told = told

    def run(self, target: Target, context: Context) -> Steps:
        outcome = yield from super().run(target, context)
        self._told[self._index[id(target)]] = outcome
        return outcome


def _work(job: Job, operation: Operation, rows: Rows, told: dict[int, Outcome]) -> Work:
    """Raises StorageError where a bucket cannot be called."""
    targets = targets_of(rows)
    told |= {n: target for n, target in enumerate(targets) if isinstance(target, Outcome)}
    places = Places(job)
    places.connect_all(operation, set(rows.buckets))
    limits = Limits(IN_FLIGHT, task_deadline_s=WITHIN_S, patience_s=WITHIN_S)
    telling = _Telling(operation, targets, told)
    return Work(telling, targets, places, limits, threading.Event(), retry.decide)


def _run(work: Work, within_s: float) -> Batch | None:
    """None where the time was up before the last answer."""
    plane = DataPlane(
        in_flight=IN_FLIGHT,
        timeouts=Timeouts(connect_s=WITHIN_S, silence_s=WITHIN_S),
        services=services(),
        most_threads=THREADS,
    )
    try:
        return plane.submit(work).result(within_s)
    except TimeoutError:
        work.stop.set()
        return None
    finally:
        # In a thread, since it waits for the loop; the page does not.
        threading.Thread(target=plane.close, name="closing", daemon=True).start()


def read_some(
    lines: Sequence[bytes], fields: tuple[ManifestField, ...], rules: KeyRules = AS_WRITTEN
) -> Rows:
    """Some of the lines of a manifest, spread evenly. Raises ManifestError."""
    some = [lines[start] for start, _ in runs(len(lines), min(ROWS, len(lines)), ROWS)]
    parse = row_parser(fields, rules)
    return Rows.of([parse(line, number) for number, line in enumerate(some, 1)])
