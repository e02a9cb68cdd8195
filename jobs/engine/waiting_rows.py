"""Rows that were asked for and are not there yet, archived objects that are restored say: their chunk
waits, and nobody holds it. Each visit looks at a few of its rows, spread over it; where none of these
waits any more the next visit is at once, and looks at all.

A visit of all splits off what still waits as chunks of their own, as any row that is not done is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jobs.choices import RUNNABLE, ChunkState
from jobs.dataplane.work import Batch
from jobs.engine.claims import Claim
from jobs.engine.database import now_s
from jobs.engine.settlements import Postponed
from jobs.models import Chunk, Job
from jobs.operations import registry
from jobs.operations.base import Operation, Outcome
from jobs.operations.waiting import WaitingOperation, Waits
from jobs.spec.target import Target

LOOKED_AT = 4
"""Rows of a chunk that a visit looks at: a list of a million then costs some thousand reads each."""

FARTHEST_S = 4 * 3600.0
"""No operation waits for longer between two visits."""

_NOT_ASKED = Waits(False, 0, "", "")
"""Of a row that this visit does not look at: no success either, which would be taken for one."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Of a chunk whose operation may wait. `rows` are those that are looked at, None for all; `waits`
    is how often they were found to wait before, 0 where they were not asked for yet; the next visit
    is `delay_s` after this one.
    """

    waits: int
    rows: frozenset[int] | None
    delay_s: float

    def targets(self, targets: Sequence[Target | Outcome]) -> Sequence[Target | Outcome]:
        """What is run of a chunk's targets."""
        looked_at = self.rows
        if looked_at is None:
            return targets
        return [one if n in looked_at else _NOT_ASKED for n, one in enumerate(targets)]


def visit_of(claim: Claim, operation: Operation) -> Visit | None:
    """None, and no query, where no task of the operation waits."""
    if not (isinstance(operation, WaitingOperation) and operation.is_waiting):
        return None
    found = Chunk.objects.filter(pk=claim.chunk_id).values_list("waits", "look_at_all").first()
    waits, look_at_all = found or (0, False)
    looks_at_few = waits and not look_at_all and claim.rows > LOOKED_AT
    rows = frozenset(_spread(claim.rows, waits)) if looks_at_few else None
    return Visit(waits, rows, operation.wait_s(waits))


def _spread(rows: int, turn: int) -> list[int]:
    """A few rows over all of a chunk, each turn others."""
    step = rows // LOOKED_AT
    return [(turn + n * step) % rows for n in range(LOOKED_AT)]


def parted(batch: Batch, visit: Visit | None, *, is_over: bool) -> tuple[Batch, Postponed | None]:
    """What is left to record of a chunk, or of the part of it that is in hand, without rows that wait;
    and what becomes of these.
    """
    if visit is None:
        return batch, None
    if visit.rows is None:
        return _after_all(batch, visit)
    return _after_few(batch, visit) if is_over else (_nothing_of(batch), None)


def _after_all(batch: Batch, visit: Visit) -> tuple[Batch, Postponed]:
    waiting = [n for n, outcome in enumerate(batch.outcomes) if isinstance(outcome, Waits)]
    outcomes = [None if isinstance(one, Waits) else one for one in batch.outcomes]
    later = Postponed(frozenset(waiting), visit.delay_s, visit.waits + 1, waits_before=visit.waits)
    return replace(batch, outcomes=outcomes), later


def _after_few(batch: Batch, visit: Visit) -> tuple[Batch, Postponed | None]:
    """Nothing is recorded: what the few are like, the visit of all finds again."""
    looked_at = [batch.outcomes[n] for n in visit.rows or ()]
    if None in looked_at:
        return _nothing_of(batch), None
    rows = frozenset(range(len(batch.outcomes)))
    if any(isinstance(outcome, Waits) for outcome in looked_at):
        later = Postponed(rows, visit.delay_s, visit.waits + 1, waits_before=visit.waits)
    else:
        later = Postponed(rows, 0.0, visit.waits, waits_before=visit.waits, look_at_all=True)
    return _nothing_of(batch), later


def _nothing_of(batch: Batch) -> Batch:
    """As if nothing of it was begun: looks change nothing."""
    return replace(batch, outcomes=[None] * len(batch.outcomes), begun=frozenset())


# --- When they are due


def wake_due() -> None:
    """Chunks whose time has come may be claimed, of jobs that run. To be called often."""
    found = Job.objects.going().filter(operation__in=registry.WAITING, status__in=RUNNABLE)
    jobs = list(found.values_list("pk", flat=True))
    if not jobs:
        return
    now = now_s()
    waiting = Chunk.objects.filter(job__in=jobs, state=ChunkState.WAITING)
    # Too far ahead is what the database's clock was before it was set.
    due = waiting.filter(not_before_s__lte=now) | waiting.filter(not_before_s__gt=now + FARTHEST_S)
    if due.exists():  # a look alone keeps nobody from writing
        due.update(state=ChunkState.PENDING)
