"""A chunk's lines: from work storage into tasks, and from outcomes into rows of the report."""

from collections.abc import Sequence

from jobs.engine.claims import Claim
from jobs.manifests.columns import Rows, read_lines
from jobs.manifests.rows import Row
from jobs.operations.base import DONE, Outcome
from jobs.reports.rows import SUCCEEDED, report_row
from jobs.spec.manifest import ManifestSpec
from jobs.spec.target import Target
from jobs.workstore import results, segments
from jobs.workstore.store import WorkStore

_NEED_QUOTES = ',"\r\n'
_DONE_END = f",{SUCCEEDED},{DONE.http_status},{DONE.code},{DONE.message}\n"

MISSING_VERSION = Outcome(False, 400, "InvalidRequest", "Task failed due to missing VersionId")
"""Reference 3.1: an empty version ID fails that task alone."""

RESULT_ROW_BYTES = 512
"""What a row of results takes at most, in all but odd cases."""


def read_rows(work: WorkStore, claim: Claim, manifest: ManifestSpec) -> Rows:
    """Raises WorkStoreError."""
    block = work.read_range(claim.segment, claim.offset, claim.length)
    lines = segments.unpack(block)[claim.skip : claim.skip + claim.rows]
    if len(lines) != claim.rows:
        raise segments.damaged()
    return read_lines(lines, manifest.fields, first_line=claim.position + 1)


def prove_room(work: WorkStore, claim: Claim) -> None:
    """Raises WorkStoreFullError, before any call, where the results of a chunk would not fit: else
    its calls would be made again and again for as long as the disk is full.
    """
    name = f"{claim.job_id}/room/{claim.chunk_id}-{claim.fence}.bin"
    work.put(name, bytes(claim.rows * RESULT_ROW_BYTES))
    work.delete(name)


def targets_of(rows: Rows) -> list[Target | Outcome]:
    targets: list[Target | Outcome] = [*map(Target, rows.buckets, rows.keys, rows.version_ids)]
    if "" in rows.version_ids:
        for index, version_id in enumerate(rows.version_ids):
            if version_id == "":
                targets[index] = MISSING_VERSION
    return targets


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
