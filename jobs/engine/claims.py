"""Claiming chunks, keeping them, and giving them back."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Case, F, OuterRef, QuerySet, When

from jobs.choices import RUNNABLE, ChunkState
from jobs.engine import database, statements
from jobs.models import Chunk, Job

Proof = tuple[int, int]
"""A chunk's id and the fence under which it was claimed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk in hand; `fence` proves it is still ours. `tried_since_s` is the time since when its
    rows may have been tried before this claim, 0 if nobody has.
    """

    chunk_id: int
    job_id: str
    position: int
    rows: int
    segment: str
    offset: int
    length: int
    skip: int
    fence: int
    claimed_s: float
    tried_since_s: float

    @property
    def proof(self) -> Proof:
        return self.chunk_id, self.fence

    @property
    def begun_since_s(self) -> float:
        """Since when those of its rows that are begun under this claim may have been tried."""
        return self.tried_since_s or self.claimed_s


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


def release(claims: Collection[Claim], *, begun: bool = False) -> None:
    """Give chunks back: untouched ones, or with `begun` those whose rows may have been tried."""
    if claims:
        with statements.cursor() as cursor:
            statements.release(cursor, _proofs(claims), begun=begun)


def has_unfinished(job_id: str) -> bool:
    return unfinished(job_id).exists()


def unfinished(job_id: str | OuterRef) -> QuerySet[Chunk]:
    # By the states that are looked for: "not done" would read past every done chunk.
    states = (ChunkState.PENDING, ChunkState.RUNNING, ChunkState.WAITING)
    return Chunk.objects.filter(job_id=job_id, state__in=states)


def take_from_dead(job_id: str) -> None:
    """Free what is held by workers that were not heard of; they cannot record it any more."""
    running = Chunk.objects.filter(job_id=job_id, state=ChunkState.RUNNING)
    running.filter(lease_expires_s__lt=database.now_s()).update(
        state=ChunkState.PENDING,
        owner="",
        lease_expires_s=0,
        tried_since_s=Case(When(tried_since_s=0, then=F("claimed_s")), default=F("tried_since_s")),
    )


def has_holders(job_id: str) -> bool:
    """Whether a worker still may record a chunk of the job."""
    return Chunk.objects.filter(job_id=job_id, state=ChunkState.RUNNING).exists()


def _proofs(claims: Collection[Claim]) -> list[Proof]:
    return [claim.proof for claim in claims]
