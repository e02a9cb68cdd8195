"""Claiming chunks, keeping and losing them, and settling what was done of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from jobs.choices import RUNNABLE, ChunkState
from jobs.engine import database_clock, statements
from jobs.models import Chunk, Job


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

    @property
    def proof(self) -> tuple[int, int]:
        return self.chunk_id, self.fence


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was done of a chunk: `done` are indices within it, ascending and not empty; `result`
    names their rows of the report in work storage.
    """

    claim: Claim
    done: Sequence[int]
    succeeded: int
    failed: int
    result: str

    @property
    def is_whole(self) -> bool:
        """Nothing of the chunk is left to be run."""
        return len(self.done) == self.claim.rows

    @property
    def position(self) -> int:
        return self.claim.position + self.done[0]


def claim_chunks(
    job_id: str, limit: int, *, owner: str, lease_s: float, least_tried: bool = False
) -> list[Claim]:
    """Take up to `limit` chunks: those that dead workers left, then free ones, by position;
    with `least_tried` those first that were claimed less often than others.

    None of a job that may not run (any more): who ends a job sets its status first and looks for
    holders then, and so must find these or have been seen here.
    """
    with statements.cursor() as cursor:
        rows = statements.claim(
            cursor, job_id, limit, owner=owner, lease_s=lease_s, least_tried=least_tried
        )
    claims = [Claim(*row) for row in rows]
    # SQLite has one writer at a time, so that the claim itself saw the status that holds.
    if claims and connection.vendor != "sqlite" and not _may_run(job_id):
        release(claims)
        return []
    return claims


def claim_of_locked(
    cursor: CursorWrapper, job_id: str, limit: int, *, owner: str, lease_s: float
) -> list[Claim]:
    """As `claim_chunks`, in a transaction that has written to the job's row before: the status that
    is seen here is the one that holds, since nobody can change it until these claims are there.
    """
    rows = statements.claim(cursor, job_id, limit, owner=owner, lease_s=lease_s)
    return [Claim(*row) for row in rows]


def claim_chunk(job_id: str, *, owner: str, lease_s: float) -> Claim | None:
    """As `claim_chunks`, for one."""
    return next(iter(claim_chunks(job_id, 1, owner=owner, lease_s=lease_s)), None)


def _may_run(job_id: str) -> bool:
    return Job.objects.filter(pk=job_id, status__in=RUNNABLE).exists()


def beat(claims: Collection[Claim], *, lease_s: float) -> set[int]:
    """Keep chunks; returns the ids of those that no other worker was given meanwhile."""
    if not claims:
        return set()
    with statements.cursor() as cursor:
        return statements.beat(cursor, _proofs(claims), lease_s=lease_s)


def heartbeat(claim: Claim, *, lease_s: float) -> bool:
    """As `beat`, for one."""
    return bool(beat([claim], lease_s=lease_s))


def release(claims: Collection[Claim]) -> None:
    """Give chunks back untouched."""
    if claims:
        with statements.cursor() as cursor:
            statements.release(cursor, _proofs(claims))


def settle(cursor: CursorWrapper, settlements: Sequence[Settlement]) -> set[tuple[int, int]]:
    """Mark rows as done and split the others of their chunks off as chunks of their own. Returns
    the proofs that still held: nothing is changed of the others. Not their ids: a worker that lost
    a chunk may have claimed it anew, and bring both.

    To be called in a transaction.
    """
    if not cursor.db.in_atomic_block:
        raise transaction.TransactionManagementError("settle() belongs into a transaction")
    held: set[tuple[int, int]] = set()
    if whole := [_settled(one) for one in settlements if one.is_whole]:
        held |= statements.settle(cursor, whole)
    if parts := [one for one in settlements if not one.is_whole]:
        rows = [(*_settled(part), part.position, len(part.done)) for part in parts]
        held |= statements.settle_parts(cursor, rows)
    rest = [
        chunk
        for settlement in settlements
        if settlement.claim.proof in held
        for chunk in _rest_of(settlement)
    ]
    if rest:
        Chunk.objects.bulk_create(rest)
    return held


def _settled(settlement: Settlement) -> statements.Settled:
    return (
        *settlement.claim.proof,
        settlement.succeeded,
        settlement.failed,
        settlement.result,
    )


def _rest_of(settlement: Settlement) -> list[Chunk]:
    claim, done = settlement.claim, settlement.done
    if settlement.is_whole:
        return []
    return [
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
    ]


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


def _proofs(claims: Collection[Claim]) -> list[tuple[int, int]]:
    return [claim.proof for claim in claims]
