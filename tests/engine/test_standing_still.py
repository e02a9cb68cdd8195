"""What could keep a job from ever moving again, or from saying why it does not."""

import contextlib
import socket
import threading
from concurrent.futures import Future

import pytest
from django.db import DataError, OperationalError

from jobs import conf
from jobs.choices import JobStatus
from jobs.dataplane.work import Batch
from jobs.engine import claims, database, finisher, recording, runner
from jobs.engine.open_chunks import Open, OpenChunks
from jobs.engine.transport import Transport
from jobs.errors import WorkStoreFullError
from jobs.lifecycle import commands, connections
from jobs.models import Job, Region
from jobs.s3.answers import Answer
from tests.engine.test_outages import (
    answering,
    assert_completes,
    assert_waits,
    confirmed,
    let_time_pass,
    raising,
)

SILENCE = Answer(0, "ReadTimeoutError", "Nothing came.")


def test_object_that_never_gets_an_answer_does_not_keep_the_others_of_its_job_waiting(
    place, steps, settings, monkeypatch
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 1
    settings.BATCHCONSOLE_STORAGE_PATIENCE_S = 0.2
    keys = ["a", "b", "c", "d", "e", "f", "g", "h"]
    job = confirmed(place, steps, keys)
    answering(monkeypatch, lambda key: SILENCE if key in "abc" else None, looks=True)
    for _ in range(6):
        let_time_pass()
        steps.run()
    job = steps.see(job)
    assert (job.tasks_succeeded, job.tasks_failed) == (5, 0)
    assert "does not answer" in job.waiting_for


def test_record_that_the_database_refuses_is_said_by_the_job_which_goes_on_afterwards(
    place, steps, monkeypatch
):
    job = confirmed(place, steps, ["a", "b"])
    with monkeypatch.context() as patch:
        patch.setattr(recording, "record_and_claim", raising(DataError("odd")))
        steps.run()
    assert_waits(steps, job, "unexpected")
    assert_completes(place, steps, job, ["a", "b"])


def test_preparing_that_the_database_refuses_is_said_by_the_job(place, steps, monkeypatch):
    job = place.make_job(place.list_of(["a"]))
    with monkeypatch.context() as patch:
        patch.setattr(commands, "end_preparing", raising(DataError("odd")))
        job = steps.prepare(job)
    assert job.status == JobStatus.PREPARING and "unexpected" in job.waiting_for
    let_time_pass()
    assert steps.prepare(job).status == JobStatus.SUSPENDED


def test_end_that_the_database_refuses_is_said_by_the_job(place, steps, monkeypatch):
    job = confirmed(place, steps, ["a"])
    steps.run()
    with monkeypatch.context() as patch:
        patch.setattr(finisher, "write_report", raising(DataError("odd")))
        job = steps.finish(job)
    assert job.status == JobStatus.COMPLETING and "unexpected" in job.waiting_for
    assert_completes(place, steps, job, ["a"])


def test_runner_is_told_when_no_thread_can_be_started_to_write_results(monkeypatch):
    open_chunks = OpenChunks(None, "ann", None)
    monkeypatch.setattr(open_chunks._threads, "submit", raising(RuntimeError("no thread")))
    batch = Future()
    claim = claims.Claim(1, "job", 0, 0, "", 0, 0, 0, 1, 0.0, 0.0)
    open_chunks.add(Open(None, claim, None, threading.Event(), batch))
    batch.set_result(Batch([]))
    [ended] = open_chunks.take_ended(60)
    with pytest.raises(RuntimeError, match="no thread"):
        ended.written.result()


def test_leases_and_waits_that_a_clock_ahead_set_end_when_it_is_right_again(place, steps):
    job = confirmed(place, steps, ["a"])
    Job.objects.update(status=JobStatus.ACTIVE)
    tomorrow_s = database.now_s() + 86400
    assert claims.claim_chunk(job.pk, owner="dead", lease_s=86400)
    Job.objects.update(waiting_until_s=tomorrow_s, control_lease_expires_s=tomorrow_s)
    steps.sweep()
    soon_s = database.now_s() + conf.lease_s()
    job = steps.see(job)
    assert job.waiting_until_s <= soon_s and job.control_lease_expires_s <= soon_s
    assert job.chunks.get().lease_expires_s <= soon_s


def test_leases_of_workers_that_live_are_left_alone_by_the_sweep(place, steps):
    job = confirmed(place, steps, ["a"])
    assert claims.claim_chunk(job.pk, owner="ann", lease_s=conf.lease_s())
    before_s = job.chunks.get().lease_expires_s
    steps.sweep()
    assert job.chunks.get().lease_expires_s == before_s


def test_worker_whose_data_plane_hangs_hands_its_chunks_back_and_says_so(place, steps, monkeypatch):
    job = confirmed(place, steps, ["a", "b"])
    goes_on, make_plane = threading.Event(), Transport.plane

    def hanging(transport):
        plane = make_plane(transport)
        plane.loop.call_soon_threadsafe(goes_on.wait, 60)
        return plane

    with monkeypatch.context() as patch:
        patch.setattr(Transport, "plane", hanging)
        patch.setattr("jobs.engine.transport.CLOSE_S", 0.01)
        patch.setattr("jobs.engine.transport.LOOK_S", 0.01)
        patch.setattr("jobs.engine.transport.STUCK_LOOKS", 3)
        steps.run()
    assert_waits(steps, job, "unexpected")
    goes_on.set()
    assert_completes(place, steps, job, ["a", "b"])


def test_worker_whose_data_plane_hangs_ends_when_the_database_goes_away(place, steps, monkeypatch):
    confirmed(place, steps, ["a"])
    goes_on, went_on = threading.Event(), threading.Event()
    monkeypatch.setattr("jobs.engine.transport.CLOSE_S", 0.01)

    def hang():
        goes_on.wait(60)
        went_on.set()

    def hang_and_break(worker):
        worker._transport.plane().loop.call_soon_threadsafe(hang)
        raise OperationalError("gone")

    monkeypatch.setattr(runner._Runner, "_wait", hang_and_break)
    with pytest.raises(OperationalError):
        steps.run()
    assert not went_on.is_set()
    goes_on.set()


def test_preparing_that_waits_for_a_full_disk_notes_it_once_however_often_it_is_tried(
    place, steps, monkeypatch
):
    job = place.make_job(place.list_of(["a"]))
    with monkeypatch.context() as patch:
        patch.setattr(steps.work, "put", raising(WorkStoreFullError()))
        for _ in range(3):
            let_time_pass()
            job = steps.prepare(job)
    assert "full" in job.waiting_for
    let_time_pass()
    job = steps.prepare(job)
    assert (job.status, job.waiting_for) == (JobStatus.SUSPENDED, "")
    assert list(job.events.values_list("kind", flat=True)) == ["waiting", "resumed"]


def test_preparing_does_not_wait_for_a_silent_storage_as_long_as_for_a_large_copy(
    place, steps, monkeypatch
):
    job = place.make_job(place.list_of(["a"]))
    monkeypatch.setattr(connections, "LOOK_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        Region.objects.update(endpoint_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        job = steps.prepare(job)
        silent.setblocking(False)
        tries = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                tries += 1
    assert job.status == JobStatus.PREPARING and "Read timeout" in job.waiting_for
    assert tries == 2
