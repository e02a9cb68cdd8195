"""The data plane of a worker process: one event loop in a thread of its own."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from jobs.dataplane.aside import Aside
from jobs.dataplane.flight import Flight
from jobs.dataplane.lane import Lane
from jobs.dataplane.pool import Timeouts
from jobs.dataplane.room import ROOM_BYTES, Room
from jobs.dataplane.work import Batch, Share, Work
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.services.destination import Destination
from jobs.services.habits import Habits
from jobs.services.table import SERVICES, MakeService

try:
    import uvloop as loops
except ImportError:  # not made for every platform; asyncio's own loop takes twice the CPU
    loops = asyncio  # type: ignore[misc]

logger = logging.getLogger(__name__)

SWEEP_S = 0.05
IDLE_SWEEP_S = 1.0
MAX_LANES = 16
MOST_THREADS = 32
"""Of one lane, for calls that go through a library."""

APART_THREADS = 4
"""For what tasks do besides calling; they share the worker's one core anyway."""


class DataPlane:
    """Made after the fork, for a process has to have its own loop. `in_flight` is the limit of
    all works of one place; connections are kept from one chunk to the next.
    """

    def __init__(
        self,
        *,
        in_flight: int,
        timeouts: Timeouts | None = None,
        services: Mapping[str, MakeService] = SERVICES,
        most_threads: int = MOST_THREADS,
    ) -> None:
        self.loop: asyncio.AbstractEventLoop = loops.new_event_loop()
        self._in_flight = in_flight
        self._timeouts = timeouts or Timeouts()
        self._services = services
        self._most_threads = most_threads
        self._flights: list[Flight] = []
        self._shares: dict[str, Share] = {}
        self._lanes: dict[tuple[str, Endpoint, Credentials | None], Lane] = {}
        self._habits: dict[Destination, Habits] = {}
        self._apart = Aside(self.loop, APART_THREADS)
        self.room = Room(ROOM_BYTES)
        self._lock = threading.Lock()
        self._has_ended = False
        self._timer = self.loop.call_later(IDLE_SWEEP_S, self._sweep)
        self._thread = threading.Thread(target=self._run, name="dataplane", daemon=True)
        self._thread.start()

    def run(self, work: Work) -> Batch:
        """Run the targets; returns early, with some left to run, when the work's stop is set,
        the storage gives no answer for its patience, or an answer says that nothing can succeed.

        Raises StorageError where an endpoint's URL or region code is none.
        """
        return self.submit(work).result()

    def submit(self, work: Work) -> Future[Batch]:
        """As `run`, without waiting. With more than one on its way, the connections of one that
        runs out of targets go over to the next.
        """
        flight = Flight(self, work)
        try:
            for bucket in work.buckets():
                flight.lane(work.places.bucket(bucket))
            for wanted in work.operation.connections():
                flight.lane(work.places.connected(wanted))
            for region, bucket in work.operation.target_places():
                flight.lane(work.places.bucket_in(region, bucket))
            with self._lock:
                if self._has_ended:
                    raise RuntimeError("the data plane has ended")
                self._flights.append(flight)
        except Exception:
            self._give_back(flight.lanes())
            raise
        self.loop.call_soon_threadsafe(self._admit, flight)
        return flight.done

    def so_far(self, done: Future[Batch]) -> Future[Batch | None]:
        """What came by now of the work that `submit` gave `done` for, as `Flight.so_far` says;
        None when it is over.
        """
        asked: Future[Batch | None] = Future()

        def tell() -> None:
            flight = next((one for one in self._flights if one.done is done), None)
            asked.set_result(flight.so_far() if flight else None)

        self.loop.call_soon_threadsafe(tell)
        return asked

    def close(self) -> None:
        """Ends the loop; what is on its way fails."""
        self.loop.call_soon_threadsafe(self._end)
        self._thread.join()
        self.loop.close()

    # --- For flights

    def take_lane(self, to: Destination) -> Lane:
        """From any thread, since making one takes long."""
        with self._lock:
            lane = self._lanes.get(to.speaker)
            if lane is None:
                service = self._services[to.service](
                    to.endpoint,
                    to.credentials,
                    connect_timeout_s=self._timeouts.connect_s,
                    read_timeout_s=self._timeouts.silence_s,
                )
                lane = self._lanes[to.speaker] = Lane(
                    self.loop, service, self._timeouts, most_threads=self._most_threads
                )
            lane.users += 1
        return lane

    def habits(self, to: Destination) -> Habits:
        habits = self._habits.get(to)
        if habits is None:
            habits = self._habits[to] = self.take_habits(to)
        return habits

    def take_habits(self, to: Destination) -> Habits:
        with self._lock:
            return self._lanes[to.speaker].service.habits()

    def apart(self, function: Callable[[], Any], tell: Callable[[Any], None]) -> None:
        """Run `function` in a thread, then `tell` the loop what it returned, or the exception that
        it raised.
        """
        self._apart.run(function, tell)

    def share(self, place: str) -> Share:
        return self._shares.setdefault(place, Share(self._in_flight))

    def pump(self) -> None:
        for flight in list(self._flights):
            flight.start()

    def forget_ways(self) -> None:
        """How requests are written has changed."""
        for flight in self._flights:
            flight.drop_ways()

    def left(self, flight: Flight) -> None:
        self._flights.remove(flight)
        self._give_back(flight.lanes())
        self.loop.call_soon(self.pump)

    def _give_back(self, lanes: Iterable[Lane]) -> None:
        with self._lock:
            for lane in lanes:
                lane.users -= 1

    # --- The loop

    def _run(self) -> None:
        try:
            self.loop.run_forever()
        finally:
            with self._lock:
                self._has_ended = True
            # Its leases would be kept for as long as somebody waits for it.
            self._fail_all()

    def _fail_all(self) -> None:
        for flight in list(self._flights):
            flight.fail(RuntimeError("the data plane was closed"))

    def _admit(self, flight: Flight) -> None:
        self.pump()
        flight.finish_if_idle()
        self._timer.cancel()
        self._timer = self.loop.call_later(SWEEP_S, self._sweep)

    def _sweep(self) -> None:
        try:
            for flight in list(self._flights):
                self._sweep_flight(flight)
            self.room.sweep()
            self.pump()  # a job may have got more room meanwhile
            self._sweep_lanes()
        finally:
            pause_s = SWEEP_S if self._flights else IDLE_SWEEP_S
            self._timer = self.loop.call_later(pause_s, self._sweep)

    def _sweep_flight(self, flight: Flight) -> None:
        try:
            flight.sweep()
        except Exception as error:
            logger.exception("a chunk could not be looked after")
            flight.fail(error)

    def _sweep_lanes(self) -> None:
        with self._lock:
            lanes = list(self._lanes.values())
        for lane in lanes:
            lane.sweep()  # not under the lock: a flight that ends of it takes that, too
        with self._lock:
            idle = [name for name, lane in self._lanes.items() if not lane.users]
            spare = idle[: max(0, len(self._lanes) - MAX_LANES)]
            closing = [self._lanes.pop(name) for name in spare]
        for lane in closing:
            lane.close()

    def _end(self) -> None:
        self.loop.call_soon(self.loop.stop)  # whatever goes wrong here, `close` waits for that
        self._timer.cancel()
        self._fail_all()
        for lane in list(self._lanes.values()):
            lane.close()
        self._apart.close()
