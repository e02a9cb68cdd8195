"""A chunk's rows: read from work storage and made into tasks, then, with what came of them, written
there as rows of the report, before anything is recorded.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from jobs.dataplane.work import Batch
from jobs.engine.claims import Claim
from jobs.engine.preparing.frozen_rows import put_frozen
from jobs.engine.recording import Finished, TaskResult
from jobs.errors import WorkStoreFullError
from jobs.manifests import frozen_list
from jobs.manifests.frozen_list import Rows
from jobs.manifests.rows import Row, row_parser
from jobs.operations.base import DONE, Outcome
from jobs.operations.foreseeing import kinds_of
from jobs.reports.rows import SUCCEEDED, report_row
from jobs.spec.object_list import ListSpec
from jobs.spec.target import Target
from jobs.workstore import results, segments
from jobs.workstore.store import WorkStore

_NEED_QUOTES = ',"\r\n'
_DONE_END = f",{SUCCEEDED},{DONE.http_status},{DONE.code},{DONE.message}\n"

MISSING_VERSION = Outcome(False, 400, "InvalidRequest", "Task failed due to missing VersionId")
"""An empty version ID fails that task alone (docs/batch-operations.md, CSV manifests)."""

RESULT_ROW_BYTES = 512
"""What a row of results takes at most, in all but odd cases."""

OTHERS = 4
"""So many workers may write to the same disk, each as much as this one."""


def read_rows(work: WorkStore, claim: Claim, manifest: ListSpec) -> Rows:
    """Raises WorkStoreError."""
    packed = work.read_range(claim.segment, claim.offset, claim.length)
    rows = unpacked(packed, manifest)
    if (claim.skip, claim.rows) != (0, len(rows)):
        rows = rows.cut(claim.skip, claim.rows)
    if len(rows) != claim.rows:
        raise segments.damaged()
    return rows


def unpacked(packed: bytes, manifest: ListSpec) -> Rows:
    """A block of the frozen list. Raises WorkStoreLostError for damage."""
    block = segments.unpack(packed)
    if segments.is_of_old(packed):
        return _rows_of_old(block, manifest)
    return frozen_list.decode(block)


def _rows_of_old(block: bytes, manifest: ListSpec) -> Rows:
    """Of a job that an older version prepared: lines of its manifest, which were checked then."""
    parse = row_parser(manifest.fields)
    lines = block.split(b"\n")
    if lines.pop():
        raise segments.damaged()
    return Rows.of([parse(line, number) for number, line in enumerate(lines, 1)])


def is_away(work: WorkStore, job_id: str) -> bool:
    """Nothing at all of the job is there: a disk that is not mounted, or another folder than that of
    the other workers, rather than a loss.
    """
    return next(iter(work.list(f"{job_id}/")), None) is None


def see_room(work: WorkStore, rows: int) -> None:
    """Raises WorkStoreFullError, before any call, where the results of so many rows would not fit:
    those of all chunks that are open here, and of as many elsewhere. One look at the disk, for every
    chunk; what cannot be seen so (a quota, a bucket) is proven as soon as it was met once.
    """
    free_bytes = work.free_bytes()
    if free_bytes is not None and free_bytes < rows * RESULT_ROW_BYTES * OTHERS:
        raise WorkStoreFullError(
            "The disk of the work storage is full: there is no room for the results of what would be"
            " called next. Free some space: the job then goes on."
        )


def prove_room(work: WorkStore, claim: Claim) -> None:
    """Raises WorkStoreFullError, before any call, where the results of a chunk cannot be written:
    else its calls would be made again and again for as long as that is so.
    """
    name = f"{claim.job_id}/room/{claim.chunk_id}-{claim.fence}.bin"
    work.put(name, bytes(claim.rows * RESULT_ROW_BYTES))
    work.delete(name)


def targets_of(rows: Rows) -> list[Target | Outcome]:
    columns = [rows.buckets, rows.keys, rows.version_ids, *([rows.guards] if rows.guards else [])]
    targets: list[Target | Outcome] = [*map(Target, *columns)]
    if "" in rows.version_ids:
        for index, version_id in enumerate(rows.version_ids):
            if version_id == "":
                targets[index] = MISSING_VERSION
    return targets


class LateTargets:
    """`targets_of` rows, made when one of them is asked for: nearly always none is."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._made: list[Target | Outcome] = []

    def __getitem__(self, index: int) -> Target | Outcome:
        self._made = self._made or targets_of(self._rows)
        return self._made[index]


def encode(rows: Rows, outcomes: Sequence[Outcome | None]) -> bytes:
    """The rows of the report, as they lie in work storage; None is a task that was not run."""
    done = _plain_ones(rows, outcomes)
    lines: dict[bool, list[bytes]] = {True: [done.encode()], False: []}
    if done.count("\n") < len(outcomes):
        for index, outcome in enumerate(outcomes):
            if outcome is not None and not (done and outcome is DONE):
                lines[outcome.succeeded].append(_line(rows.row(index), outcome))
    return results.encode(b"".join(lines[True]), b"".join(lines[False]))


def _plain_ones(rows: Rows, outcomes: Sequence[Outcome | None]) -> str:
    """All that are DONE; empty where one may need quotes, which a bucket never does."""
    texts = "".join(rows.raw_keys) + "".join(filter(None, rows.version_ids))
    if any(sign in texts for sign in _NEED_QUOTES):
        return ""
    columns = zip(rows.buckets, rows.raw_keys, rows.version_ids, outcomes, strict=True)
    return "".join(
        [
            f"{bucket},{raw_key},{version_id or ''}{_DONE_END}"
            for bucket, raw_key, version_id, outcome in columns
            if outcome is DONE
        ]
    )


def _line(row: Row, outcome: Outcome) -> bytes:
    return report_row(
        bucket=row.bucket,
        raw_key=row.raw_key,
        version_id=row.version_id,
        succeeded=outcome.succeeded,
        http_status=outcome.http_status,
        code=outcome.code,
        message=outcome.message,
    )


def put_results(
    work: WorkStore,
    claim: Claim,
    rows: Rows,
    outcomes: Sequence[Outcome | None],
    *,
    freeze: bool = False,
    buckets: Collection[str] = (),
) -> Finished | None:
    """None where nothing was done. Where the list has several `buckets`, they are counted. With `freeze` the rows that were run are kept with what was seen
    of their objects. Raises WorkStoreError.
    """
    done: Sequence[int] = range(len(outcomes))
    failed: list[TaskResult] = []
    foreseen: dict[str, int] = {}
    # By count, which looks at identity first: `in` and `==` would call Python for each.
    if outcomes.count(DONE) < len(outcomes):
        done = [index for index, outcome in enumerate(outcomes) if outcome is not None]
        failed = [
            TaskResult(index, rows.row(index), outcome)
            for index, outcome in enumerate(outcomes)
            if outcome is not None and not outcome.succeeded
        ]
        foreseen = kinds_of(outcomes)
    if not done:
        return None
    # Not by position: after a split two chunks begin there in turn, with equal fences.
    name = f"{claim.job_id}/results/{claim.chunk_id:012d}-{claim.fence}.bin"
    if freeze:
        put_frozen(work, name, rows, done, outcomes)
    work.put(name, encode(rows, outcomes))
    by_bucket = _by_bucket(rows, done, failed, buckets) if len(buckets) > 1 else {}
    return Finished(claim, done, failed, name, foreseen=foreseen, by_bucket=by_bucket)


def _by_bucket(
    rows: Rows, done: Sequence[int], failed: Sequence[TaskResult], buckets: Collection[str]
) -> dict[str, tuple[int, int]]:
    """How many succeeded, and how many failed."""
    ran = Counter(rows.buckets[index] for index in done)
    bad = Counter(result.row.bucket for result in failed)
    return {name: (n - bad[name], bad[name]) for name, n in ran.items() if name in buckets}


def part_of(rows: Rows, batch: Batch, start: int, length: int) -> tuple[Rows, Batch]:
    """Those of a chunk's rows that are a chunk of their own now, and what came of them."""
    if length == len(rows):
        return rows, batch
    part = slice(start, start + length)
    begun = frozenset(i - start for i in batch.begun if start <= i < start + length)
    return (
        rows.cut(start, length),
        Batch(batch.outcomes[part], begun=begun),
    )
