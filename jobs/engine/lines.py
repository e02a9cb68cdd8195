"""A chunk's lines: from work storage into tasks, and from outcomes into rows of the report."""

from collections.abc import Sequence

from jobs.engine.claims import Claim
from jobs.engine.recording import TaskResult
from jobs.manifests.rows import Row, row_parser
from jobs.operations.base import Outcome
from jobs.reports.rows import report_row
from jobs.spec.manifest import ManifestSpec
from jobs.spec.target import Target
from jobs.workstore import results, segments
from jobs.workstore.store import WorkStore

MISSING_VERSION = Outcome(False, 400, "InvalidRequest", "Task failed due to missing VersionId")
"""Reference 3.1: an empty version ID fails that task alone."""

RESULT_ROW_BYTES = 512
"""What a row of results takes at most, in all but odd cases."""


def read_rows(work: WorkStore, claim: Claim, manifest: ManifestSpec) -> list[Row]:
    """Raises WorkStoreError."""
    block = work.read_range(claim.segment, claim.offset, claim.length)
    lines = segments.unpack(block)[claim.skip : claim.skip + claim.rows]
    if len(lines) != claim.rows:
        raise segments.damaged()
    parse = row_parser(manifest.fields)
    return [parse(line, number) for number, line in enumerate(lines, claim.position + 1)]


def prove_room(work: WorkStore, claim: Claim) -> None:
    """Raises WorkStoreFullError, before any call, where the results of a chunk would not fit: else
    its calls would be made again and again for as long as the disk is full.
    """
    name = f"{claim.job_id}/room/{claim.chunk_id}-{claim.fence}.bin"
    work.put(name, bytes(claim.rows * RESULT_ROW_BYTES))
    work.delete(name)


def target_of(row: Row) -> Target | Outcome:
    if row.version_id == "":
        return MISSING_VERSION
    return Target(row.bucket, row.key, row.version_id)


def encode(done: Sequence[TaskResult]) -> bytes:
    """The rows of the report, as they lie in work storage."""
    lines: dict[bool, list[bytes]] = {True: [], False: []}
    for result in done:
        row, outcome = result.row, result.outcome
        lines[outcome.succeeded].append(
            report_row(
                bucket=row.bucket,
                raw_key=row.raw_key,
                version_id=row.version_id,
                succeeded=outcome.succeeded,
                http_status=outcome.http_status,
                code=outcome.code,
                message=outcome.message,
            )
        )
    return results.encode(b"".join(lines[True]), b"".join(lines[False]))
