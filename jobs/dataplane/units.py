"""What of a chunk is begun next, and how: alone, with others, with a look, or the short way."""

import logging
from collections.abc import Sequence
from typing import Any, Protocol, cast

from jobs.dataplane import short_way
from jobs.dataplane.batch_task import BatchTask
from jobs.dataplane.look_way import LookWay, look_for_any
from jobs.dataplane.short_way import ShortWay, call_for_any
from jobs.dataplane.task import Task
from jobs.dataplane.trust import BucketTrust
from jobs.operations.base import DONE, Outcome
from jobs.operations.units import Unit, units_of
from jobs.spec.target import Target

logger = logging.getLogger(__name__)

Way = ShortWay | LookWay | None


class Flight(short_way.Flight, Protocol):
    def count(self, calls: int) -> None:
        """So many more are in flight."""
        ...


class Units:
    """Of one chunk: a unit is a target, or some that go in one request."""

    def __init__(self, flight: Flight) -> None:
        self._flight = flight
        self._work = flight.work
        self._targets = flight.work.targets
        self._units = units_of(flight.work.operation, flight.work.targets)
        self._next = 0
        self.left = len(self._units)
        """How many are not begun."""
        self.is_none_begun = True
        self._tried_since_s: dict[int, float] = {}
        self._ways: dict[tuple[str, bool], Way] = {}

    def begin_next(self) -> bool:
        """False where the next unit has to wait for the first task of its bucket."""
        unit = self._units[self._next]
        self._next += 1
        self.left -= 1
        self.is_none_begun = False
        if type(unit) is int:
            target = self._targets[unit]
            if type(target) is Target:
                way = self._ways.get((target.bucket, bool(target.version_id)))
                if way is not None:  # nearly always so where a task is one call
                    flight = self._flight
                    flight.count(1)
                    if not way.send(unit, target):
                        Task(self._flight, unit, target).begin()
                    return True
        if self._begin(unit):
            return True
        self._next -= 1
        self.left += 1
        self.is_none_begun = not self._next
        return False

    def add(self, parts: Sequence[Sequence[int]], tried_since_s: float) -> None:
        """After all others, each part together."""
        if tried_since_s:
            for part in parts:
                self._tried_since_s |= dict.fromkeys(part, tried_since_s)
        self._units = [*self._units, *(part if len(part) > 1 else part[0] for part in parts)]
        self.left += len(parts)

    def begin_no_more(self) -> None:
        self._units, self.left = self._units[: self._next], 0

    def forget_ways(self) -> None:
        """How requests are written has changed."""
        self._ways = {}

    def leave(self) -> None:
        """The flight is over, and not to be kept by what it keeps."""
        self.forget_ways()
        del self._flight

    def begun(self) -> frozenset[int]:
        """Targets that were begun and are not decided."""
        outcomes = self._flight.batch.outcomes
        # By count, which looks at identity first: `in` would call Python for each.
        if not self.left and outcomes.count(DONE) == len(outcomes):
            return frozenset()
        found: set[int] = set()
        for unit in self._units[: self._next]:
            found.update((unit,) if isinstance(unit, int) else unit)
        found -= self._flight.batch.untouched
        found.update(self._tried_since_s)
        return frozenset(index for index in found if outcomes[index] is None)

    # --- How one is begun

    def _begin(self, unit: Unit) -> bool:
        target = self._work.targets[unit if isinstance(unit, int) else unit[0]]
        if isinstance(target, Outcome):
            self._flight.decide(cast(int, unit), target)
            return True
        trust = self._work.trust.bucket(target.bucket)
        now_s = self._flight.loop.time()
        if not trust.may_begin(now_s):
            return False
        if self._next == 1:
            trust.want_one()
        self._begin_with_care(unit, target, trust, now_s)
        return True

    def _begin_with_care(
        self, unit: Unit, target: Target, trust: BucketTrust, now_s: float
    ) -> None:
        first = unit if isinstance(unit, int) else unit[0]
        since_s = self._tried_since_s.get(first, 0.0)
        is_alone, is_checked = not trust.is_open, trust.checks_due > 0
        if is_alone:
            trust.alone_since_s = now_s
        elif is_checked:
            trust.checks_due -= 1
        options: dict[str, Any] = {
            "is_checked": is_checked, "is_alone": is_alone, "tried_since_s": since_s
        }  # fmt: skip
        self._flight.count(1)
        if not isinstance(unit, int):
            listed = self._targets
            if isinstance(unit, range):  # nearly always so
                some = listed[unit.start : unit.stop]
            else:
                some = [listed[n] for n in unit]
            targets = cast(Sequence[Target], some)
            BatchTask(self._flight, unit, targets, **options).begin()
            return
        # What somebody may have done before is perhaps looked at first: more than one call.
        if not (is_checked or is_alone or since_s or self._work.tried_since_s):
            way = self._way(target)
            if way is not None and way.send(unit, target):
                return
        Task(self._flight, unit, target, **options).begin()

    def _way(self, target: Target) -> Way:
        name = (target.bucket, bool(target.version_id))
        if name not in self._ways:
            try:
                self._ways[name] = self._make_way(*name)
            except Exception:
                logger.info("no short way to %s", target.bucket, exc_info=True)
                self._ways[name] = None  # a Task finds out, too, and can say so
        return self._ways[name]

    def _make_way(self, bucket: str, with_version: bool) -> Way:
        flight = self._flight
        context = flight.context(-1)
        call = call_for_any(self._work, context, bucket, with_version=with_version)
        look = None
        if call is None and not with_version:
            look = look_for_any(self._work, context, bucket)
            call = look.call if look is not None else None
        if call is None:
            return None
        lane = flight.lane(call.to)
        pattern = None if lane.service.only_performs else lane.service.pattern(call)
        if pattern is None:
            return None
        pool, gate = lane.pool(pattern.origin), flight.gate(call.to)
        if look is not None:
            return LookWay(flight, look, pattern, pool, gate)
        return ShortWay(flight, pattern, pool, gate)
