"""What was done of claimed chunks, and what becomes of their other rows: chunks of their own, free for
anybody, or in the hand that they were in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from django.db import transaction
from django.db.backends.utils import CursorWrapper

from jobs.choices import ChunkState
from jobs.engine import database, statements
from jobs.engine.claims import Claim, Proof
from jobs.models import Chunk


@dataclass(frozen=True, slots=True)
class Hold:
    """Rows of a chunk that are on their way while others of it are recorded, as indices within it:
    they stay in the hand of `owner`.
    """

    rows: frozenset[int]
    owner: str
    lease_s: float


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was done of a chunk: `done` are indices within it, ascending, and empty only where some
    stay in hand; `result` names their rows of the report in work storage. Of the others those of
    `hold` stay in hand, all else is free again; those `begun` may have been tried.
    """

    claim: Claim
    done: Sequence[int]
    succeeded: int
    failed: int
    result: str
    begun: frozenset[int] = frozenset()
    hold: Hold | None = None

    @property
    def is_whole(self) -> bool:
        """Nothing of the chunk is left to be run."""
        return len(self.done) == self.claim.rows

    @property
    def position(self) -> int:
        return self.claim.position + self.done[0]

    @property
    def rows_kept(self) -> range:
        """Where nothing is done, the rows that the chunk goes on with: the first that stay in hand."""
        held = sorted(self.hold.rows) if self.hold else []
        alike = next(groupby(enumerate(held), lambda one: one[1] - one[0]))[1]
        return range(held[0], held[0] + len([*alike]))


class Settled(NamedTuple):
    """`proofs` are those that still held: nothing is changed of the others. Not their ids: a worker
    that lost a chunk may have claimed it anew, and bring both. `kept` are new claims of the rows
    that stay in hand, by the proof of their chunk.
    """

    proofs: set[Proof]
    kept: dict[Proof, list[Claim]]


def settle(cursor: CursorWrapper, settlements: Sequence[Settlement]) -> Settled:
    """Mark rows as done and split the others of their chunks off as chunks of their own.

    To be called in a transaction.
    """
    if not cursor.db.in_atomic_block:
        raise transaction.TransactionManagementError("settle() belongs into a transaction")
    held: set[Proof] = set()
    if whole := [_settled(one) for one in settlements if one.is_whole]:
        held |= statements.settle(cursor, whole)
    if parts := [one for one in settlements if one.done and not one.is_whole]:
        rows = [(*_settled(part), part.position, len(part.done)) for part in parts]
        held |= statements.settle_parts(cursor, rows)
    if smaller := [one for one in settlements if not one.done]:
        held |= statements.shrink(cursor, [_shrunk(one) for one in smaller])
    split = [one for one in parts + smaller if one.claim.proof in held]
    return Settled(held, _split_off(split) if split else {})


def _shrunk(settlement: Settlement) -> statements.ShrunkRow:
    claim, rows = settlement.claim, settlement.rows_kept
    return (*claim.proof, claim.position + rows.start, len(rows), claim.skip + rows.start)


def _settled(settlement: Settlement) -> statements.SettledRow:
    return (
        *settlement.claim.proof,
        settlement.succeeded,
        settlement.failed,
        settlement.result,
    )


def _split_off(settlements: Sequence[Settlement]) -> dict[Proof, list[Claim]]:
    """The rows that are not done, as new chunks; returns those that stay in hand."""
    now_s = database.now_s() if any(one.hold for one in settlements) else 0.0
    chunks = {one.claim.proof: _rest_of(one, now_s) for one in settlements}
    Chunk.objects.bulk_create([chunk for rest in chunks.values() for chunk in rest])
    kept = {
        proof: [_claim_of(chunk) for chunk in rest if chunk.state == ChunkState.RUNNING]
        for proof, rest in chunks.items()
    }
    for one in settlements:
        if not one.done:
            _, _, position, rows, skip = _shrunk(one)
            claim = replace(one.claim, position=position, rows=rows, skip=skip)
            kept[one.claim.proof].append(claim)
    return kept


def _rest_of(settlement: Settlement, now_s: float) -> list[Chunk]:
    claim, hold, begun = settlement.claim, settlement.hold, settlement.begun
    held = hold.rows if hold else frozenset()
    rest = []
    for start, end in gaps(settlement.done or settlement.rows_kept, claim.rows):
        # One chunk where all of it is alike, which nearly always is so.
        for (is_held, is_begun), rows in groupby(
            range(start, end), lambda row: (row in held, row in begun)
        ):
            chunk = _part_of(claim, [*rows])
            if hold and is_held:
                chunk.state, chunk.owner, chunk.fence = ChunkState.RUNNING, hold.owner, 1
                chunk.lease_expires_s = now_s + hold.lease_s
                chunk.claimed_s = claim.claimed_s
            elif is_begun:
                chunk.tried_since_s = claim.begun_since_s
            rest.append(chunk)
    return rest


def _part_of(claim: Claim, rows: Sequence[int]) -> Chunk:
    return Chunk(
        job_id=claim.job_id,
        position=claim.position + rows[0],
        rows=len(rows),
        segment=claim.segment,
        offset=claim.offset,
        length=claim.length,
        skip=claim.skip + rows[0],
        tried_since_s=claim.tried_since_s,
    )


def _claim_of(chunk: Chunk) -> Claim:
    return Claim(
        chunk.pk,
        chunk.job_id,
        chunk.position,
        chunk.rows,
        chunk.segment,
        chunk.offset,
        chunk.length,
        chunk.skip,
        chunk.fence,
        chunk.claimed_s,
        chunk.tried_since_s,
    )


def gaps(done: Sequence[int], rows: int) -> list[tuple[int, int]]:
    """The runs of indices below `rows` that are not in `done`, as (start, end)."""
    edges = [-1, *done, rows]
    return [
        (before + 1, after)
        for before, after in zip(edges, edges[1:], strict=False)
        if after - before > 1
    ]
