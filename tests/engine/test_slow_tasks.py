"""Chunks of which some tasks take long: the others are recorded meanwhile, and what is in flight
stays in the worker's hand.
"""

import contextlib
import threading
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from django.db import connection
from django.utils import timezone

from jobs import conf
from jobs.choices import ChunkState, JobStatus
from jobs.dataplane import trust
from jobs.dataplane.plane import DataPlane
from jobs.engine import claims, job_status, open_chunks
from jobs.engine.database import now_s
from jobs.errors import WorkStoreFullError
from jobs.lifecycle import commands, pauses
from jobs.models import Chunk
from jobs.workstore.store import FolderStore
from tests import s3_double
from tests.allowed import allowed
from tests.engine.houses import running_chunks
from tests.engine.test_open_chunks import Bench, see
from tests.faults import kill
from tests.s3_double import plausible
from tests.servers import eventually

SLOW = ("k003", "k004", "k011")


@dataclass
class Slow:
    """A worker in a thread, over a storage that answers for some objects only when they `may_go`."""

    bench: Bench
    may_go: threading.Event
    slow: tuple[str, ...] = SLOW
    delay_s: float = 0.0

    def answer(self, received):
        replied = replace(plausible(received), delay_s=self.delay_s)
        if received.method == "PUT" and received.path.endswith(self.slow):
            return replace(replied, until=self.may_go.is_set)
        return replied

    @contextlib.contextmanager
    def working(self):
        def run():
            try:
                self.bench.run()
            finally:
                connection.close()

        worker = threading.Thread(target=run, daemon=True)
        worker.start()
        try:
            yield
            worker.join(60)
            assert not worker.is_alive()
        finally:
            self.may_go.set()
            self.bench.stop.set()
            worker.join(60)


@pytest.fixture
def slow(transactional_db, redis, settings, monkeypatch):
    settings.BATCHCONSOLE_RECORD_EVERY_S = 0.1
    monkeypatch.setattr(open_chunks, "LONG_S", 0.1)
    monkeypatch.setattr("jobs.dataplane.flight.DRAIN_S", 0.1)
    with s3_double.running() as double:
        slow = Slow(
            Bench(double, FolderStore(conf.work_dir()), threading.Event()), threading.Event()
        )
        double.answer = slow.answer
        yield slow


def chunks(job, state):
    found = Chunk.objects.filter(job=job, state=state).order_by("position")
    return [(chunk.position, chunk.rows) for chunk in found]


def assert_each_once(slow, job, rows):
    job = see(job)
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETING, rows)
    each = Counter({f"k{n:03d}": 1 for n in range(rows)})
    assert Counter(slow.bench.keys()) == slow.bench.reported(job) == each
    assert chunks(job, ChunkState.RUNNING) == chunks(job, ChunkState.PENDING) == []


def test_done_tasks_are_recorded_while_slow_ones_of_their_chunk_are_in_flight(slow):
    job = slow.bench.ready(20, rows_per_chunk=20)
    with slow.working():
        eventually(lambda: see(job).tasks_done == 17)
        assert chunks(job, ChunkState.RUNNING) == [(3, 2), (11, 1)]
        held = Chunk.objects.filter(job=job, state=ChunkState.RUNNING)
        assert {(chunk.fence, chunk.tried_since_s) for chunk in held} == {(1, 0)}
        assert all(chunk.owner and chunk.lease_expires_s > chunk.claimed_s > 0 for chunk in held)
        assert sum(slow.bench.reported(job).values()) == 17
        slow.may_go.set()
    assert_each_once(slow, job, 20)


def test_chunk_is_recorded_in_part_again_and_again_as_its_slow_tasks_end(slow):
    slow.slow = tuple(f"k{n:03d}" for n in range(10))
    gates = [threading.Event() for _ in range(10)]

    def answer(received):
        replied, number = plausible(received), int(received.path[-3:])
        return replace(replied, until=gates[number].is_set) if number < 10 else replied

    slow.bench.double.answer = answer
    job = slow.bench.ready(20, rows_per_chunk=20)
    with slow.working():
        for ended, number in enumerate((5, 2, 9, 0, 7)):
            eventually(lambda ended=ended: see(job).tasks_done == 10 + ended)
            gates[number].set()
        eventually(lambda: see(job).tasks_done == 15)
        assert chunks(job, ChunkState.RUNNING) == [(1, 1), (3, 2), (6, 1), (8, 1)]
        for gate in gates:
            gate.set()
    assert_each_once(slow, job, 20)


def test_rows_that_were_not_begun_go_to_whoever_is_free_while_one_of_their_chunk_is_slow(
    slow, settings
):
    """Here that is the same worker, since a slow task takes no more than its own place."""
    settings.BATCHCONSOLE_IN_FLIGHT = 2
    slow.slow, slow.delay_s = ("k000",), 0.02
    job = slow.bench.ready(60, rows_per_chunk=20)
    with slow.working():
        eventually(lambda: see(job).tasks_done == 59)
        assert chunks(job, ChunkState.RUNNING) == [(0, 1)]
        slow.may_go.set()
    assert_each_once(slow, job, 60)


def test_many_chunks_with_a_slow_task_each_do_not_keep_a_worker_from_others(slow):
    slow.slow = tuple(f"k{n:03d}" for n in range(0, 60, 5))
    job = slow.bench.ready(100, rows_per_chunk=5)
    with slow.working():
        eventually(lambda: see(job).tasks_done == 88)
        assert chunks(job, ChunkState.RUNNING) == [(n, 1) for n in range(0, 60, 5)]
        slow.may_go.set()
    assert_each_once(slow, job, 100)


def test_leases_of_slow_tasks_are_kept(slow, settings):
    settings.BATCHCONSOLE_HEARTBEAT_S = 0
    job = slow.bench.ready(20, rows_per_chunk=20)
    with slow.working():
        eventually(lambda: see(job).tasks_done == 17)
        held = Chunk.objects.filter(job=job, state=ChunkState.RUNNING)
        # Not past yet: another would take what has run out.
        soon_s = now_s() + conf.lease_s() / 2
        held.update(lease_expires_s=soon_s)
        eventually(lambda: not held.filter(lease_expires_s__lte=soon_s).exists())
        slow.may_go.set()
    assert_each_once(slow, job, 20)


def test_slow_task_that_another_worker_was_given_is_left_to_that_one(slow):
    job = slow.bench.ready(20, rows_per_chunk=20)
    with slow.working():
        eventually(lambda: see(job).tasks_done == 17)
        Chunk.objects.filter(job=job, position=11).update(lease_expires_s=1)
        taken = claims.claim_chunk(job.pk, owner="other", lease_s=60)
        slow.may_go.set()
    assert (taken.position, taken.rows, taken.fence) == (11, 1, 2)
    first_s = Chunk.objects.get(job=job, state=ChunkState.DONE, position=0).claimed_s
    assert taken.tried_since_s == first_s > 0
    assert see(job).tasks_done == 19
    assert chunks(job, ChunkState.RUNNING) == [(11, 1)]


def test_stop_hands_slow_tasks_back_and_repeats_none_that_was_recorded(slow):
    job = slow.bench.ready(20, rows_per_chunk=20)
    with slow.working():
        eventually(lambda: see(job).tasks_done == 17)
        slow.bench.stop.set()
    assert chunks(job, ChunkState.RUNNING) == []
    assert chunks(job, ChunkState.PENDING) == [(3, 2), (11, 1)]
    slow.may_go.set()
    slow.bench.stop.clear()
    slow.bench.run()
    assert see(job).status == JobStatus.COMPLETING
    assert slow.bench.reported(job) == Counter({f"k{n:03d}": 1 for n in range(20)})
    assert Counter(slow.bench.keys()) == Counter({f"k{n:03d}": 1 for n in range(20)}) + Counter(
        SLOW
    )


@pytest.mark.parametrize(
    ("ask", "status"),
    [(pauses.pause, JobStatus.PAUSED), (commands.cancel, JobStatus.CANCELLING)],
)
def test_job_is_paused_and_cancelled_while_some_of_its_tasks_are_slow(slow, ask, status):
    job = slow.bench.ready(20, rows_per_chunk=20)
    with slow.working():
        eventually(lambda: see(job).tasks_done == 17)
        ask(job.pk, by=allowed(), now=timezone.now())
        eventually(lambda: not running_chunks(job).exists())
    job_status.close_if_ended(job.pk, now=timezone.now())
    job = see(job)
    assert (job.status, job.tasks_done) == (status, 17)
    assert chunks(job, ChunkState.PENDING) == [(3, 2), (11, 1)]


def test_failed_tasks_that_fail_the_job_do_so_while_others_are_slow(slow):
    def answer(received):
        if received.path.endswith(SLOW):
            return slow.answer(received)
        return s3_double.error(404, "NoSuchKey")

    slow.bench.double.answer = answer
    job = slow.bench.ready(20, rows_per_chunk=20, failure_floor=10)
    with slow.working():
        eventually(lambda: see(job).status == JobStatus.FAILING)
    assert see(job).tasks_failed == 17
    assert chunks(job, ChunkState.PENDING) == [(3, 2), (11, 1)]


def test_what_could_not_be_written_while_tasks_were_slow_is_recorded_later(slow, monkeypatch):
    job = slow.bench.ready(20, rows_per_chunk=20)
    put, refused = slow.bench.work.put, []

    def full_once(name, data):
        if not refused:
            refused.append(name)
            raise WorkStoreFullError
        put(name, data)

    monkeypatch.setattr(slow.bench.work, "put", full_once)
    with slow.working():
        eventually(lambda: see(job).tasks_done == 17)
        slow.may_go.set()
    assert len(refused) == 1 and see(job).waiting_for == ""
    assert_each_once(slow, job, 20)


def test_chunk_of_which_all_is_in_flight_is_left_as_it_is(slow, monkeypatch):
    asked, so_far = [], DataPlane.so_far
    monkeypatch.setattr(trust, "ALONE_S", 0.0)  # the first task holds up nobody

    def noted(plane, done):
        asked.append(done)
        return so_far(plane, done)

    monkeypatch.setattr(DataPlane, "so_far", noted)
    slow.slow = ("",)
    job = slow.bench.ready(20, rows_per_chunk=20)
    with slow.working():
        eventually(lambda: len(slow.bench.changes()) == 20)
        eventually(lambda: len(asked) > 2)
        assert chunks(job, ChunkState.RUNNING) == [(0, 20)]
        slow.may_go.set()
    assert_each_once(slow, job, 20)


def test_rows_that_were_not_begun_are_free_though_none_of_their_chunk_is_done(
    slow, settings, monkeypatch
):
    monkeypatch.setattr(trust, "ALONE_S", 0.0)  # the first task holds up nobody
    settings.BATCHCONSOLE_IN_FLIGHT = 2
    slow.slow = ("",)
    job = slow.bench.ready(20, rows_per_chunk=20)
    with slow.working():
        eventually(lambda: chunks(job, ChunkState.RUNNING)[:1] == [(0, 2)])
        slow.may_go.set()
    assert_each_once(slow, job, 20)


@pytest.mark.timeout(240)
def test_killed_worker_repeats_none_but_the_tasks_that_were_slow(house):
    house.start(BATCHCONSOLE_RECORD_EVERY_S="0.1")
    job = house.make(60)
    stuck = {(house.place.source, house.keys[job.pk][n]) for n in (4, 5, 27)}
    house.storage.stuck |= stuck
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    eventually(lambda: see(job).tasks_done == 57)
    kill(*house.family.horses("run"))
    house.fault()
    house.storage.stuck.clear()
    assert house.ends(job).repeated == 3
    assert {place for place, times in house.storage.asked.items() if times > 1} == stuck
