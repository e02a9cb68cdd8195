"""Report rows of finished chunks, put into work storage before anything is recorded.

In threads of their own: to wait for the disk is most of it, and the next chunks need not wait.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from jobs.dataplane.work import Batch
from jobs.engine.claims import Claim
from jobs.engine.lines import encode
from jobs.engine.recording import Finished, TaskResult
from jobs.manifests.columns import Rows
from jobs.operations.base import DONE
from jobs.workstore.store import WorkStore

THREADS = 2


class Written(NamedTuple):
    """`finished` is None when nothing of the chunk was done."""

    batch: Batch
    finished: Finished | None


class Writer:
    def __init__(self, work: WorkStore) -> None:
        self._work = work
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="writer")

    def after(self, batch: Future[Batch], claim: Claim, rows: Rows) -> Future[Written]:
        """What is known once the chunk has ended and its rows are written; raises WorkStoreError
        then, and whatever `batch` raised.
        """
        written: Future[Written] = Future()

        def write(done: Future[Batch]) -> None:
            try:
                self._threads.submit(self._write, written, done, claim, rows)
            except RuntimeError as error:
                # No thread can be started. Said nowhere else: the runner would wait for ever, and
                # keep the chunk's lease.
                written.set_exception(error)

        batch.add_done_callback(write)
        return written

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def _write(
        self,
        written: Future[Written],
        batch: Future[Batch],
        claim: Claim,
        rows: Rows,
    ) -> None:
        try:
            ended = batch.result()
            written.set_result(Written(ended, _put(self._work, claim, rows, ended)))
        except BaseException as error:
            # The runner's to deal with, whatever it is: it waits for this.
            written.set_exception(error)


def _put(work: WorkStore, claim: Claim, rows: Rows, batch: Batch) -> Finished | None:
    outcomes = batch.outcomes
    done: Sequence[int] = range(len(outcomes))
    failed: list[TaskResult] = []
    # By count, which looks at identity first: `in` and `==` would call Python for each.
    if outcomes.count(DONE) < len(outcomes):
        done = [index for index, outcome in enumerate(outcomes) if outcome is not None]
        failed = [
            TaskResult(index, rows.row(index), outcome)
            for index, outcome in enumerate(outcomes)
            if outcome is not None and not outcome.succeeded
        ]
    if not done:
        return None
    # Not by position: after a split two chunks begin there in turn, with equal fences.
    name = f"{claim.job_id}/results/{claim.chunk_id:012d}-{claim.fence}.bin"
    work.put(name, encode(rows, outcomes))
    return Finished(claim, done, failed, name)
