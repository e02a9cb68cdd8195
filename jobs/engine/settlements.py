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
class Postponed:
    """Rows of a chunk, as indices within it, that nobody takes for `delay_s`, with `look_at_all` and 0
    at once: they were found to wait so often (`waits`). Other rows that are not done were before
    (`waits_before`).
    """

    rows: frozenset[int]
    delay_s: float
    waits: int
    waits_before: int
    look_at_all: bool = False

    def put_off(self, chunk: Chunk, now_s: float, tried_since_s: float) -> None:
        """A chunk of such rows, which is not saved."""
        chunk.state = ChunkState.WAITING if self.delay_s else ChunkState.PENDING
        chunk.owner, chunk.lease_expires_s = "", 0
        chunk.not_before_s, chunk.waits = now_s + self.delay_s, self.waits
        chunk.look_at_all, chunk.tried_since_s = self.look_at_all, tried_since_s


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was done of a chunk: `done` are indices within it, ascending, and empty only where some
    stay in hand or are postponed; `result` names their rows of the report in work storage. Of the
    others those of `hold` stay in hand, those of `postponed` wait, all else is free again; those
    `begun` may have been tried.
    """

    claim: Claim
    done: Sequence[int]
    succeeded: int
    failed: int
    result: str
    begun: frozenset[int] = frozenset()
    hold: Hold | None = None
    postponed: Postponed | None = None

    @property
    def is_whole(self) -> bool:
        """Nothing of the chunk is left to be run."""
        return len(self.done) == self.claim.rows

    @property
    def position(self) -> int:
        return self.claim.position + self.done[0]

    @property
    def rows_kept(self) -> range:
        """Where nothing is done, the rows that the chunk goes on with: the first that stay in hand, or
        else that wait.
        """
        of = self.hold or self.postponed
        held = sorted(of.rows) if of else []
        alike = next(groupby(enumerate(held), lambda one: one[1] - one[0]))[1]
        return range(held[0], held[0] + len([*alike]))


_PUT_OFF = (
    "state",
    "owner",
    "lease_expires_s",
    "not_before_s",
    "waits",
    "look_at_all",
    "tried_since_s",
)


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
        _put_off([one for one in smaller if not one.hold and one.claim.proof in held])
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


def _put_off(settlements: Sequence[Settlement]) -> None:
    """What is left of these chunks waits: nothing of them was done."""
    now_s = database.now_s() if settlements else 0.0
    for one in settlements:
        if one.postponed:
            chunk = Chunk(pk=one.claim.chunk_id)
            one.postponed.put_off(chunk, now_s, one.claim.begun_since_s)
            chunk.save(update_fields=_PUT_OFF)


def _split_off(settlements: Sequence[Settlement]) -> dict[Proof, list[Claim]]:
    """The rows that are not done, as new chunks; returns those that stay in hand."""
    now_s = database.now_s() if any(one.hold or one.postponed for one in settlements) else 0.0
    chunks = {one.claim.proof: _rest_of(one, now_s) for one in settlements}
    Chunk.objects.bulk_create([chunk for rest in chunks.values() for chunk in rest])
    kept = {
        proof: [_claim_of(chunk) for chunk in rest if chunk.state == ChunkState.RUNNING]
        for proof, rest in chunks.items()
    }
    for one in settlements:
        if not one.done and one.hold:
            _, _, position, rows, skip = _shrunk(one)
            claim = replace(one.claim, position=position, rows=rows, skip=skip)
            kept[one.claim.proof].append(claim)
    return kept


def _rest_of(settlement: Settlement, now_s: float) -> list[Chunk]:
    claim, hold, begun = settlement.claim, settlement.hold, settlement.begun
    held = hold.rows if hold else frozenset()
    postponed = settlement.postponed
    later = postponed.rows if postponed else frozenset()
    rest = []
    for start, end in gaps(settlement.done or settlement.rows_kept, claim.rows):
        # One chunk where all of it is alike, which nearly always is so.
        for (is_held, is_begun, is_later), rows in groupby(
            range(start, end), lambda row: (row in held, row in begun, row in later)
        ):
            chunk = _part_of(claim, [*rows])
            chunk.waits = postponed.waits_before if postponed else 0
            if postponed and is_later:
                postponed.put_off(chunk, now_s, claim.begun_since_s)
            elif hold and is_held:
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
