"""Servers and disks that fail in mid-job under real workers, and come back."""

import contextlib
import os
import sqlite3
import subprocess
import threading
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from jobs import conf
from jobs.choices import JobStatus
from jobs.models import Job
from tests.engine.houses import QUICK, running_chunks, see
from tests.requirements import unavailable
from tests.servers import eventually

pytestmark = pytest.mark.timeout(240)
OPEN_ROWS = 2 * 3 * int(QUICK["BATCHCONSOLE_CHUNK_ROWS"])
"""What two workers have in hand, and may have claimed before they knew."""
AWAY_S = 4.0
"""Longer than a lease, and than SQLite's patience with a lock, as they are set here."""


def wait_s(seconds):
    threading.Event().wait(seconds)


def assert_waits(job, words):
    """The job says so, holds nothing, and no task has failed of it."""
    eventually(lambda: words in see(job).waiting_for)
    eventually(lambda: not running_chunks(job).exists())
    assert see(job).tasks_failed <= 3  # those of objects that are not there


def test_storage_that_goes_away_in_mid_job_is_waited_for(house):
    house.start()
    job = house.in_the_middle()
    with house.storage.away():
        house.fault()
        assert_waits(job, f":{house.storage.port} does not answer")
        waiting = see(job)
        assert waiting.status == JobStatus.ACTIVE
    assert house.ends(job).tasks == 300
    assert see(job).waiting_for == ""


def test_storage_that_hinders_many_calls_delays_a_job_and_fails_no_task(house):
    house.storage.throttled, house.storage.broken = 0.1, 0.1
    house.fault()
    house.start()
    house.ends(house.begin())


@pytest.mark.parametrize("refusal", [(403, "AccessDenied"), (404, "NoSuchBucket")])
def test_report_bucket_that_refuses_fails_the_job_with_the_reason(house, refusal):
    house.start()
    job = house.begin()
    house.storage.refused[house.place.reports] = refusal
    house.fault()
    eventually(lambda: see(job).is_terminal)
    job = see(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILED, "ReportNotWritten")
    assert job.failure_reason.startswith("The job report could not be written")
    assert f"s3://{house.place.reports}/out" in job.failure_reason
    assert (job.tasks_succeeded, job.tasks_failed) == (297, 3)
    assert all(times == 1 for times in house.storage.asked.values())
    eventually(lambda: not (conf.work_dir() / job.pk).exists())


def test_database_that_is_away_for_a_while_in_mid_job_loses_nothing(house):
    house.start()
    job = house.in_the_middle()
    with database_away():
        house.fault()
        wait_s(AWAY_S)
    house.ends(job)


def database_away():
    return postgres_away() if connection.vendor == "postgresql" else sqlite_locked()


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


def test_redis_that_forgets_everything_and_goes_away_in_mid_job_loses_nothing(house, redis):
    house.start()
    job = house.in_the_middle(600)
    redis.flushall()
    house.fault()
    wait_s(1)
    with redis_away(redis):
        house.fault()
        wait_s(AWAY_S)
    house.ends(job)


@contextlib.contextmanager
def redis_away(redis):
    """Connections are broken off, and nobody finds the socket."""
    socket = redis.connection_pool.connection_kwargs["path"]
    os.rename(socket, f"{socket}.away")
    try:
        redis.client_kill_filter(_type="normal", skipme=True)
        yield
    finally:
        os.rename(f"{socket}.away", socket)


def test_full_disk_of_the_work_storage_is_said_and_waited_for(house):
    house.start(inside=on_a_small_disk(conf.work_dir()))
    job = house.in_the_middle()
    with full(house):
        house.fault()
        assert_waits(job, "disk of the work storage is full")
        second = house.make(300)
        eventually(lambda: "disk of the work storage is full" in see(second).waiting_for)
        assert see(second).status == JobStatus.PREPARING
        house.fault()
        for _ in range(20):  # the end of twenty waits, for what it would make of them
            Job.objects.update(waiting_until_s=0)
            wait_s(0.2)
    found = house.ends(job)
    assert found.repeated <= OPEN_ROWS


def on_a_small_disk(folder):
    """A command that gives `folder` a disk of its own to what it executes, and to nobody else."""
    folder.mkdir(parents=True)
    own = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else [])]
    script = 'mount -t tmpfs -o size=4m bc "$0" && exec "$@"'
    try:
        subprocess.run([*own, "sh", "-c", script, folder, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        unavailable("Disk: this account may not mount one, not even in a namespace of its own")
    return (*own, "sh", "-c", script, str(folder))


@contextlib.contextmanager
def full(house):
    """Something else takes all there is, and what becomes free meanwhile."""
    folder = Path(f"/proc/{house.family.pid}/root") / conf.work_dir().relative_to("/")
    filler, ended = folder / "filler", threading.Event()

    def fill(size_bytes):
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            while file.write(bytes(size_bytes)) == size_bytes:
                pass

    def go_on():
        while not ended.wait(0.001):
            fill(4096)

    fill(65_536)
    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        filler.unlink()


def test_storage_that_takes_requests_and_answers_none_is_waited_for(house):
    house.start(BATCHCONSOLE_ANSWER_TIMEOUT_S="1")
    job = house.in_the_middle()
    house.storage.silent.add(house.place.source)
    house.fault()
    assert_waits(job, "does not answer")
    assert see(job).status == JobStatus.ACTIVE
    house.storage.silent.clear()
    house.ends(job)
    assert see(job).waiting_for == ""


def test_workers_that_are_stopped_while_the_storage_is_silent_hand_back(house):
    house.start()
    job = house.in_the_middle()
    house.storage.silent.add(house.place.source)
    eventually(lambda: house.storage.unanswered > 4)
    process = house.programs[-1].process
    process.terminate()
    assert process.wait(60) == 0
    house.fault(2)
    assert see(job).status == JobStatus.ACTIVE and not running_chunks(job).exists()
    house.storage.silent.clear()
    house.start()
    assert house.ends(job).repeated == 0
