"""Servers that go away in mid-job under real workers, and come back."""

import contextlib
import os
import sqlite3
import threading
from collections import Counter

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from jobs.choices import ChunkState, JobStatus
from jobs.lifecycle import commands
from jobs.models import Chunk, Job
from tests import servers
from tests.engine.places import new_place
from tests.servers import eventually

KEYS = [f"photo {n:03d}.jpg" for n in range(300)]
QUICK = {
    "BATCHCONSOLE_CHUNK_ROWS": "20",
    "BATCHCONSOLE_IN_FLIGHT": "1",
    "BATCHCONSOLE_LEASE_S": "3",
    "BATCHCONSOLE_HEARTBEAT_S": "0.5",
    "BATCHCONSOLE_STORAGE_PATIENCE_S": "1",
    "BATCHCONSOLE_TIME_BOX_S": "1",
}
AWAY_S = 4.0


@pytest.fixture
def start(start_worker, start_process):
    def start_all():
        started = [start_process("scheduler", **QUICK), start_worker("control", **QUICK)]
        return started + [start_worker("run", **QUICK) for _ in range(2)]

    return start_all


def see(job):
    return Job.objects.get(pk=job.pk)


def running_since_a_while(place):
    place.put_objects(KEYS)
    job = place.make_job(place.list_of(KEYS))
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    commands.confirm(job.pk, actor=None, now=timezone.now())
    eventually(lambda: see(job).tasks_done > 20)
    return job


def assert_completes_with_each_row_once(place, job):
    eventually(lambda: see(job).is_terminal, within_s=90)
    job = see(job)
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, len(KEYS)), job.failure_reason
    rows = Counter(row[1] for row in place.report_rows(job))
    assert rows == Counter({key: 1 for _, key in place.list_of(KEYS)})


def test_storage_that_is_restarted_in_mid_job_is_waited_for(
    transactional_db, redis, start, tmp_path
):
    port = servers.free_port()
    with servers.storage_running(tmp_path / "first", port) as url:
        s3 = servers.s3_client(url)
        place = new_place(s3, url, lambda: make_bucket(s3))
        start()
        job = running_since_a_while(place)
    eventually(lambda: f":{port} does not answer" in see(job).waiting_for)
    eventually(lambda: not Chunk.objects.filter(job=job, state=ChunkState.RUNNING).exists())
    waiting = see(job)
    assert waiting.status == JobStatus.ACTIVE and 20 < waiting.tasks_done < len(KEYS)
    assert waiting.tasks_failed == 0
    Job.objects.update(waiting_until_s=4e9)  # this storage forgets: first give it back its objects
    with servers.storage_running(tmp_path / "second", port) as url:
        s3 = servers.s3_client(url)
        for bucket in (place.source, place.reports):
            s3.create_bucket(Bucket=bucket)
        place.put_objects(KEYS)
        Job.objects.update(waiting_until_s=0)
        assert_completes_with_each_row_once(place, job)


def make_bucket(s3):
    name = f"restarted-{len(s3.list_buckets()['Buckets'])}"
    s3.create_bucket(Bucket=name)
    return name


def test_database_that_is_away_for_a_while_in_mid_job_loses_nothing(place, redis, start):
    start()
    job = running_since_a_while(place)
    with postgres_away() if connection.vendor == "postgresql" else sqlite_locked():
        threading.Event().wait(AWAY_S)  # longer than a lease, as it is set here
    assert_completes_with_each_row_once(place, job)


@contextlib.contextmanager
def postgres_away():
    """Everyone is thrown out of this test's database, and no one gets in."""
    name = connection.settings_dict["NAME"]
    wanted = ("host", "port", "user", "password")
    facts = {k: v for k, v in connection.get_connection_params().items() if k in wanted}
    connection.close()
    with psycopg.connect(**facts, dbname="postgres", autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            yield
        finally:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@contextlib.contextmanager
def sqlite_locked():
    """Somebody else writes, and nobody gets in between."""
    with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.rollback()


def test_redis_that_is_away_for_a_while_in_mid_job_loses_nothing(place, redis, start):
    programs = start()
    job = running_since_a_while(place)
    socket = redis.connection_pool.connection_kwargs["path"]
    os.rename(socket, f"{socket}.away")
    try:
        redis.client_kill_filter(_type="normal", skipme=True)
        threading.Event().wait(AWAY_S)
    finally:
        os.rename(f"{socket}.away", socket)
    for program in programs:
        # RQ's worker ends when Redis is away while it has work; the supervisor starts it again.
        if not program.runs:
            program.start()
    assert_completes_with_each_row_once(place, job)
