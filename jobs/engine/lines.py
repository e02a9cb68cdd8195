"""A chunk's lines: from work storage into tasks, and from outcomes into rows of the report."""

from collections.abc import Sequence

from jobs.engine.claims import Claim
from jobs.manifests.rows import Row, row_parser
from jobs.operations.base import DONE, Outcome
from jobs.reports.rows import SUCCEEDED, report_row
from jobs.spec.manifest import ManifestSpec
from jobs.spec.target import Target
from jobs.workstore import results, segments
from jobs.workstore.store import WorkStore

_NEEDS_QUOTES = frozenset(',"\r\n')
_DONE_END = f",{SUCCEEDED},{DONE.http_status},{DONE.code},{DONE.message}\n"

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


def encode(rows: Sequence[Row], outcomes: Sequence[Outcome | None]) -> bytes:
    """The rows of the report, as they lie in work storage; None is a task that was not run."""
    lines: dict[bool, list[bytes]] = {True: [], False: []}
    plain: list[str] = []
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome is DONE and _is_plain(row):
            plain.append(f"{row.bucket},{row.raw_key},{row.version_id or ''}{_DONE_END}")
        elif outcome is not None:
            lines[outcome.succeeded].append(_line(row, outcome))
    succeeded = b"".join(["".join(plain).encode(), *lines[True]])
    return results.encode(succeeded, b"".join(lines[False]))


def _is_plain(row: Row) -> bool:
    """No field needs quotes; that of the bucket never does."""
    return _NEEDS_QUOTES.isdisjoint(row.raw_key) and (
        row.version_id is None or _NEEDS_QUOTES.isdisjoint(row.version_id)
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
