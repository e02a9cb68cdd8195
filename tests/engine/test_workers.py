"""Jobs on real RQ workers, as processes, that die and are stopped in the middle."""

import os
import signal
from collections import Counter

import psutil
import pytest
from django.utils import timezone

from jobs import queueing
from jobs.choices import ChunkState, JobStatus
from jobs.lifecycle import commands
from jobs.models import Chunk, Job
from tests.servers import eventually

KEYS = [f"photo {n:03d}.jpg" for n in range(300)]
QUICK = {
    "BATCHCONSOLE_CHUNK_ROWS": "20",
    "BATCHCONSOLE_IN_FLIGHT": "2",
    "BATCHCONSOLE_LEASE_S": "3",
    "BATCHCONSOLE_HEARTBEAT_S": "0.5",
}


@pytest.fixture
def start(start_worker, start_process):
    def start_all(runners=2):
        start_process("scheduler", **QUICK)
        start_worker("control", **QUICK)
        workers = [start_worker("run", **QUICK) for _ in range(runners)]
        eventually(lambda: queueing.workers_of(queueing.RUN) >= runners)
        return workers

    return start_all


def see(job):
    return Job.objects.get(pk=job.pk)


def prepared(place):
    place.put_objects(KEYS)
    job = place.make_job(place.list_of(KEYS))
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    commands.confirm(job.pk, actor=None, now=timezone.now())
    return job


def running_chunks(job):
    return Chunk.objects.filter(job=job, state=ChunkState.RUNNING)


def rows_per_key(place, job):
    return Counter(row[1] for row in place.report_rows(job))


def once_each(place):
    return Counter({key: 1 for _, key in place.list_of(KEYS)})


def test_killed_worker_loses_nothing_and_doubles_no_row_of_the_report(place, redis, start):
    workers = start()
    job = prepared(place)
    victim, horse = eventually(lambda: frozen_with_a_chunk(workers, job))
    held = held_by(horse, job)
    os.kill(victim.process.pid, signal.SIGKILL)
    horse.kill()
    eventually(lambda: see(job).status == JobStatus.COMPLETE, within_s=60)
    taken_over = Chunk.objects.filter(pk__in=[chunk.pk for chunk in held], fence__gt=1)
    assert taken_over.count() == len(held)
    assert rows_per_key(place, job) == once_each(place)
    assert see(job).tasks_succeeded == len(KEYS)


def held_by(horse, job):
    return set(running_chunks(job).filter(owner__endswith=f":{horse.pid}"))


def frozen_with_a_chunk(workers, job):
    """A worker and its process that was stopped while it runs a chunk of `job`; or None."""
    for worker in workers:
        for horse in psutil.Process(worker.process.pid).children():
            horse.suspend()
            if held_by(horse, job):
                return worker, horse
            horse.resume()
    return None


def test_stopped_worker_hands_back_within_ten_seconds_and_repeats_nothing(place, redis, start):
    (worker,) = start(runners=1)
    job = prepared(place)
    eventually(lambda: see(job).tasks_done > 20 and running_chunks(job).exists())
    worker.process.send_signal(signal.SIGTERM)
    worker.process.wait(timeout=10)
    stopped = see(job)
    assert stopped.status == JobStatus.ACTIVE and 0 < stopped.tasks_done < len(KEYS)
    assert not running_chunks(job).exists()
    start(runners=1)
    eventually(lambda: see(job).status == JobStatus.COMPLETE, within_s=60)
    assert rows_per_key(place, job) == once_each(place)


def test_cancel_stops_running_workers_and_reports_exactly_what_was_done(place, redis, start):
    start()
    job = prepared(place)
    eventually(lambda: see(job).tasks_done > 20)
    commands.cancel(job.pk, actor=None, now=timezone.now(), reason="wrong tag")
    eventually(lambda: see(job).status == JobStatus.CANCELLED)
    done = see(job).tasks_done
    assert done < len(KEYS)
    assert sum(rows_per_key(place, job).values()) == done


def test_redis_that_forgets_everything_in_mid_job_loses_nothing(place, redis, start):
    start()
    job = prepared(place)
    eventually(lambda: see(job).tasks_done > 20)
    redis.flushall()
    eventually(lambda: see(job).status == JobStatus.COMPLETE, within_s=60)
    assert rows_per_key(place, job) == once_each(place)
