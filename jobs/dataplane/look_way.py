"""Tasks of a dry run that are one read each, sent without a Task of their own: as `short_way`.

Of an object that a listing showed there is one thing left to ask, and nearly every answer to that is
of a shape that is read at a glance. Whatever else becomes of one, a Task takes over.
"""

from collections.abc import Mapping
from typing import NamedTuple

from jobs.dataplane.asking import Asking
from jobs.dataplane.gate import Gate
from jobs.dataplane.pool import Pool
from jobs.dataplane.short_way import Flight, Sent
from jobs.dataplane.work import Work
from jobs.operations.base import Outcome
from jobs.operations.context import Context
from jobs.operations.dry_run import DryRun, Looked
from jobs.s3.answers import Answer
from jobs.s3.glances import Glance, glance_of
from jobs.s3.template import KEY_MARK
from jobs.services.base import Pattern
from jobs.services.call import Call
from jobs.spec.target import Guard, Target

MOST_KNOWN = 1000
"""Answers whose meaning is kept: many objects of a list have the same tags."""

_GOOD = Answer(200, "", "")

Seen = Mapping[tuple[str, str], Guard]


class Look(NamedTuple):
    """What is asked about every object of a bucket, with a mark in the object's place, and how its
    answers are read at a glance.
    """

    operation: DryRun
    target: Target
    call: Call
    glance: Glance


def look_for_any(work: Work, context: Context, bucket: str) -> Look | None:
    """None where the tasks of `work` are no such look."""
    operation, target = work.operation, Target(bucket, KEY_MARK)
    if not isinstance(operation, DryRun):
        return None
    call = operation.only_look(target, context)
    glance = glance_of(call.action) if call else None
    return Look(operation, target, call, glance) if call and glance else None


class LookWay:
    """For the objects of one bucket of a chunk, without versions."""

    __slots__ = (
        *("_context", "_glance", "_known", "_loop", "_operation", "_pattern", "_pool", "_seen"),
        *("_target", "flight", "gate", "is_aside"),
    )

    def __init__(
        self,
        flight: Flight,
        look: Look,
        pattern: Pattern,
        pool: Pool,
        gate: Gate[Asking] | None,
    ) -> None:
        self.flight = flight
        self.gate = gate
        self.is_aside = look.call.is_aside
        self._operation = look.operation
        self._glance = look.glance
        self._target = look.target
        self._context = flight.context(-1)
        self._seen: Seen = self._context.seen_before
        self._loop = flight.loop
        self._pattern = pattern
        self._pool = pool
        self._known: dict[bytes, Outcome] = {}

    def send(self, index: int, target: Target) -> bool:
        """False, and nothing was sent, where a Task has to."""
        seen = self._seen.get((target.bucket, target.key))
        if seen is None:
            return False
        request = self._pattern.request(target.key, target.version_id)
        if request is None:
            return False
        now_s = self._loop.time()
        if self.gate is not None and not self.gate.admits(now_s):
            return False
        self._pool.send(_Look(self, index, now_s, seen), request, is_head=self._pattern.is_head)
        return True

    def outcome_of(self, status: int, body: bytes) -> Outcome | None:
        """None for what has to be read with care."""
        if status != 200:
            return None
        known = self._known.get(body)
        if known is not None:
            return known
        data = self._glance(body)
        if data is None:
            return None
        outcome = self._operation.foretold(self._target, self._context, data)
        if outcome is not None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[body] = outcome
        return outcome


class _Look(Sent[LookWay]):
    __slots__ = ("_seen",)

    def __init__(self, way: LookWay, index: int, began_s: float, seen: Guard) -> None:
        super().__init__(way, index, began_s)
        self._seen = seen

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        flight, gate = self._way.flight, self._way.gate
        if flight.over:
            return
        try:
            found = self._way.outcome_of(status, body)
            if found is None:
                self._asking().answered(status, head, body)
                return
            if gate is not None:
                gate.turns.answered(throttled=False)
            flight.note(_GOOD, is_aside=self._way.is_aside)
            said = (found.succeeded, found.http_status, found.code, found.message)
            flight.decide(self._index, Looked(*said, seen=self._seen))
            flight.ended(None)
        except Exception as error:
            flight.fail(error)  # the loop would lose it
