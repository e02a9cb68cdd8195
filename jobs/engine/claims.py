"""Claiming chunks, keeping and losing them, and recording what was done.

The one module with SQL of its own: a claim is a single statement that picks, marks and
returns a chunk, and so needs no lock of ours on either database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet

from jobs.choices import ChunkState
from jobs.engine import database_clock
from jobs.errors import LeaseLostError
from jobs.models import Chunk


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk in hand; `fence` proves it is still ours."""

    chunk_id: int
    job_id: str
    position: int
    rows: int
    segment: str
    offset: int
    length: int
    skip: int
    fence: int


def claim_chunk(job_id: str, *, owner: str, lease_s: float) -> Claim | None:
    """Take a chunk that a dead worker left, or else the first free one; None when others have
    them all.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM_SQL.format(
                now=database_clock.sql(),
                lock="FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else "",
            ),
            [owner, lease_s, job_id, job_id],
        )
        row = cursor.fetchone()
    return Claim(*row) if row else None


_CLAIM_SQL = """
UPDATE jobs_chunk
   SET state = 'Running', owner = %s, fence = fence + 1, lease_expires_s = {now} + %s
 WHERE id = COALESCE(
    (SELECT id FROM jobs_chunk
      WHERE job_id = %s AND state = 'Running' AND lease_expires_s < {now}
      ORDER BY position LIMIT 1 {lock}),
    (SELECT id FROM jobs_chunk
      WHERE job_id = %s AND state = 'Pending'
      ORDER BY position LIMIT 1 {lock}))
RETURNING id, job_id, position, rows, segment, "offset", length, skip, fence
"""


def heartbeat(claim: Claim, *, lease_s: float) -> bool:
    """Keep a chunk; False when it was given to another worker meanwhile."""
    expires_s = database_clock.now_s() + lease_s
    return bool(_held(claim).update(lease_expires_s=expires_s))


def release(claim: Claim) -> None:
    """Give a chunk back untouched."""
    _held(claim).update(state=ChunkState.PENDING, owner="", lease_expires_s=0)


def settle(
    claim: Claim,
    *,
    done: Sequence[int],
    succeeded: int,
    failed: int,
    result: str,
) -> None:
    """Mark the rows `done` (indices within the chunk, ascending, not empty) as done and split the
    others off as chunks of their own. To be called in a transaction. Raises LeaseLostError.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("settle() belongs into a transaction")
    held = _held(claim).update(
        state=ChunkState.DONE,
        position=claim.position + done[0],
        rows=len(done),
        succeeded=succeeded,
        failed=failed,
        result=result,
        lease_expires_s=0,
    )
    if not held:
        raise LeaseLostError
    Chunk.objects.bulk_create(
        Chunk(
            job_id=claim.job_id,
            position=claim.position + start,
            rows=end - start,
            segment=claim.segment,
            offset=claim.offset,
            length=claim.length,
            skip=claim.skip + start,
        )
        for start, end in gaps(done, claim.rows)
    )


def gaps(done: Sequence[int], rows: int) -> list[tuple[int, int]]:
    """The runs of indices below `rows` that are not in `done`, as (start, end)."""
    edges = [-1, *done, rows]
    return [
        (before + 1, after)
        for before, after in zip(edges, edges[1:], strict=False)
        if after - before > 1
    ]


def has_unfinished(job_id: str) -> bool:
    # By the states that are looked for: "not done" would read past every done chunk.
    unfinished = (ChunkState.PENDING, ChunkState.RUNNING)
    return Chunk.objects.filter(job_id=job_id, state__in=unfinished).exists()


def take_from_dead(job_id: str) -> None:
    """Free what is held by workers that were not heard of; they can not record it any more."""
    running = Chunk.objects.filter(job_id=job_id, state=ChunkState.RUNNING)
    running.filter(lease_expires_s__lt=database_clock.now_s()).update(
        state=ChunkState.PENDING, owner="", lease_expires_s=0
    )


def has_holders(job_id: str) -> bool:
    """Whether a worker still may record a chunk of the job."""
    return Chunk.objects.filter(job_id=job_id, state=ChunkState.RUNNING).exists()


def _held(claim: Claim) -> QuerySet[Chunk]:
    return Chunk.objects.filter(pk=claim.chunk_id, fence=claim.fence, state=ChunkState.RUNNING)
