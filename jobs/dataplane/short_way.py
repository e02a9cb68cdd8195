"""Tasks that are one call each, sent without a Task of their own.

Nearly every call is answered with a plain success, and then nothing of it has to be kept. Whatever
else becomes of one, a Task takes over as if it had sent the request itself.
"""

from typing import Generic, Protocol, TypeVar

from jobs.dataplane import flight_of_a_task
from jobs.dataplane.asking import Asking
from jobs.dataplane.gate import Gate
from jobs.dataplane.pool import Pool
from jobs.dataplane.task import Task
from jobs.dataplane.work import Work
from jobs.operations.context import Context
from jobs.s3.template import KEY_MARK, VERSION_MARK
from jobs.services.base import Pattern
from jobs.services.call import Call
from jobs.spec.target import Target


class Flight(flight_of_a_task.Flight, Protocol):
    def succeeded(self, index: int) -> None:
        """A task has ended as nearly all do."""
        ...


def call_for_any(work: Work, context: Context, bucket: str, *, with_version: bool) -> Call | None:
    """What is called for every object of `bucket`, with marks in the object's place; None where
    tasks are more than one call, or differ in more.
    """
    version = VERSION_MARK if with_version else None
    return work.operation.only_call(Target(bucket, KEY_MARK, version), context)


class ShortWay:
    """For the objects of one bucket of a chunk, all with a version or all without."""

    __slots__ = ("_loop", "_pattern", "_pool", "flight", "gate", "is_proven")

    def __init__(
        self, flight: Flight, pattern: Pattern, pool: Pool, gate: Gate[Asking] | None
    ) -> None:
        self.flight = flight
        self.gate = gate
        self._pattern = pattern
        self._pool = pool
        self._loop = flight.loop
        self.is_proven = pattern.is_proven

    def send(self, index: int, target: Target) -> bool:
        """False, and nothing was sent, where a Task has to: it may have to wait, or to fail, or not
        to touch what is not as it was.
        """
        if target.guard is not None:
            return False
        try:
            request = self._pattern.request(target.key, target.version_id)
        except ValueError:  # text that is no Unicode
            return False
        if request is None:
            return False
        now_s = self._loop.time()
        if self.gate is not None and not self.gate.admits(now_s):
            return False
        self._pool.send(_Sent(self, index, now_s), request, is_head=self._pattern.is_head)
        return True


class Way(Protocol):
    @property
    def flight(self) -> Flight: ...


W = TypeVar("W", bound=Way)


class Sent(Generic[W]):
    """A request on its way, without what takes its answer: a connection's Exchange."""

    __slots__ = ("_began_s", "_index", "_way")

    def __init__(self, way: W, index: int, began_s: float) -> None:
        self._way = way
        self._index = index
        self._began_s = began_s

    @property
    def wanted(self) -> bool:
        return not self._way.flight.over

    def lost(self, cause: str, detail: object = "", *, untouched: bool = False) -> None:
        if not self._way.flight.over:
            self._asking().lost(cause, detail, untouched=untouched)

    def _asking(self) -> Asking:
        """That of a Task, which takes over."""
        flight = self._way.flight
        target = flight.work.targets[self._index]
        assert isinstance(target, Target)  # noqa: S101 - nothing else was sent
        return Task(flight, self._index, target).take_over(self._began_s)


class _Sent(Sent[ShortWay]):
    __slots__ = ()

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        flight, gate = self._way.flight, self._way.gate
        if flight.over:
            return
        try:
            if not self._way.is_proven(status, head, body):
                self._asking().answered(status, head, body)
                return
            if gate is not None:
                gate.turns.answered(throttled=False)
            flight.succeeded(self._index)
        except Exception as error:
            flight.fail(error)  # the loop would lose it
