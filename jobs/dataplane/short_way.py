"""Tasks that are one call each, sent without a Task of their own.

Nearly every call is answered with a plain success, and then nothing of it has to be kept. Whatever
else becomes of one, a Task takes over as if it had sent the request itself.
"""

from typing import Protocol

from jobs.dataplane import task
from jobs.dataplane.gate import Gate
from jobs.dataplane.pool import Pool
from jobs.dataplane.task import Task
from jobs.dataplane.work import Work
from jobs.s3.calls import Call
from jobs.s3.parsing import is_plain_success
from jobs.s3.stencil import Stencil
from jobs.s3.template import KEY_MARK, VERSION_MARK
from jobs.spec.target import Target


class Flight(task.Flight, Protocol):
    def succeeded(self, index: int) -> None:
        """A task has ended as nearly all do."""
        ...


def call_for_any(work: Work, bucket: str, *, with_version: bool) -> Call | None:
    """What is called for every object of `bucket`, with marks in the object's place; None where
    tasks are more than one call, or differ in more.
    """
    endpoint = work.endpoint_of(bucket)
    if not work.operation.is_one_call(endpoint):
        return None
    return work.operation.start(
        Target(bucket, KEY_MARK, VERSION_MARK if with_version else None), endpoint
    )


class ShortWay:
    """For the objects of one bucket of a chunk, all with a version or all without."""

    __slots__ = ("_loop", "_pool", "_stencil", "flight", "gate")

    def __init__(
        self, flight: Flight, stencil: Stencil, pool: Pool, gate: Gate[Task] | None
    ) -> None:
        self.flight = flight
        self.gate = gate
        self._stencil = stencil
        self._pool = pool
        self._loop = flight.loop

    def send(self, index: int, target: Target) -> bool:
        """False, and nothing was sent, where a Task has to: it may have to wait, or to fail."""
        try:
            request = self._stencil.request(target.key, target.version_id)
        except ValueError:  # text that is no Unicode
            return False
        if request is None:
            return False
        now_s = self._loop.time()
        if self.gate is not None and not self.gate.admits(now_s):
            return False
        self._pool.send(_Sent(self, index, now_s), request, is_head=self._stencil.is_head)
        return True


class _Sent:
    """A request on its way: the connection's Exchange."""

    __slots__ = ("_began_s", "_index", "_way")

    def __init__(self, way: ShortWay, index: int, began_s: float) -> None:
        self._way = way
        self._index = index
        self._began_s = began_s

    @property
    def wanted(self) -> bool:
        return not self._way.flight.over

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        flight, gate = self._way.flight, self._way.gate
        if flight.over:
            return
        if not is_plain_success(status, body):
            self._task().answered(status, head, body)
            return
        try:
            if gate is not None:
                gate.turns.answered(throttled=False)
            flight.succeeded(self._index)
        except Exception as error:
            flight.fail(error)  # the loop would lose it

    def lost(self, cause: str, detail: object = "", *, untouched: bool = False) -> None:
        if not self._way.flight.over:
            self._task().lost(cause, detail, untouched=untouched)

    def _task(self) -> Task:
        flight = self._way.flight
        target = flight.work.targets[self._index]
        assert isinstance(target, Target)  # noqa: S101 - nothing else was sent
        made = Task(flight, self._index, target)
        made.take_over(self._began_s)
        return made
