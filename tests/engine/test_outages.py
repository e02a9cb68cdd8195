"""Storage, work storage, Redis and database that fail for a while: jobs wait, say why, and go on."""

import threading
import time

import django_rq.settings
import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from jobs import conf
from jobs.choices import ChunkState, JobStatus
from jobs.dataplane import flight
from jobs.errors import WorkStoreError, WorkStoreFullError
from jobs.lifecycle import commands, losses
from jobs.models import Chunk, Job, RoleCredentials
from jobs.s3.answers import Answer
from jobs.services.s3 import S3Service
from tests.allowed import allowed
from tests.hints import turns_asked_for


def confirmed(place, steps, keys):
    place.put_objects(keys)
    job = steps.prepare(place.make_job(place.list_of(keys)))
    return steps.confirm(job)


def let_time_pass():
    Job.objects.update(waiting_until_s=0)


def assert_waits(steps, job, words):
    """The job says `words`, nothing is in hand, and no worker spins on it."""
    job = steps.see(job)
    assert words in job.waiting_for and job.waiting_since
    assert not Chunk.objects.filter(job=job, state=ChunkState.RUNNING).exists()
    assert steps.run() == 0
    return job


def assert_completes(place, steps, job, keys):
    let_time_pass()
    steps.run()
    job = steps.finish(job)
    assert (job.status, job.waiting_for) == (JobStatus.COMPLETE, "")
    assert sorted(row[1] for row in place.report_rows(job)) == sorted(keys)


def answering(monkeypatch, answer_to, *, looks=False):
    """Calls are answered by `answer_to(key)`, or by the storage where that is None; with `looks`
    also those that look at an object and change nothing.
    """
    monkeypatch.setattr(conf, "data_plane", lambda: False)
    real = S3Service.perform

    def perform(service, call):
        is_ours = looks or not call.action.startswith(("Head", "Get"))
        return (is_ours and answer_to(call.params["Key"])) or real(service, call)

    monkeypatch.setattr(S3Service, "perform", perform)


def test_silent_storage_is_noticed_although_chunks_are_recorded_more_often_than_it_is_waited_for(
    place, steps, settings, monkeypatch
):
    settings.BATCHCONSOLE_RECORD_EVERY_S = 0.05
    settings.BATCHCONSOLE_STORAGE_PATIENCE_S = 1.2
    settings.BATCHCONSOLE_TIME_BOX_S = 5
    job = confirmed(place, steps, ["a", "b"])
    silent = [True]
    nothing = Answer(0, "EndpointConnectionError", "No.")
    answering(monkeypatch, lambda key: nothing if silent else None, looks=True)
    began_s = time.monotonic()
    steps.run()
    assert time.monotonic() - began_s < 4
    assert_waits(steps, job, "does not answer")
    silent.clear()
    assert_completes(place, steps, job, ["a", "b"])


def test_task_that_is_refused_for_ever_fails_at_its_deadline_although_chunks_are_recorded_sooner(
    place, steps, settings, monkeypatch
):
    settings.BATCHCONSOLE_RECORD_EVERY_S = 0.05
    settings.BATCHCONSOLE_TASK_DEADLINE_S = 1.2
    settings.BATCHCONSOLE_TIME_BOX_S = 4
    job = confirmed(place, steps, ["a", "b"])
    error = Answer(500, "InternalError", "We encountered an internal error.")
    answering(monkeypatch, lambda key: error if key == "b" else None)
    steps.run()
    job = steps.finish(job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 1, 1)


def test_task_that_takes_longer_than_a_chunk_is_waited_for_and_runs_once(
    place, steps, settings, monkeypatch
):
    settings.BATCHCONSOLE_RECORD_EVERY_S = 0.05
    settings.BATCHCONSOLE_TIME_BOX_S = 10
    monkeypatch.setattr(flight, "DRAIN_S", 0.1)
    job = confirmed(place, steps, ["a", "slow", "c"])
    asked = []

    def answer_to(key):
        if key == "slow":
            asked.append(key)
            threading.Event().wait(1.0)

    answering(monkeypatch, answer_to)
    steps.run()
    assert steps.finish(job).tasks_succeeded == 3
    assert asked == ["slow"]


def test_answer_that_breaks_the_operation_fails_its_task_alone(place, steps, monkeypatch):
    job = confirmed(place, steps, ["a", "odd"])
    answering(monkeypatch, lambda key: {}["nothing there"] if key == "odd" else None)
    steps.run()
    job = steps.finish(job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 1, 1)
    assert ["failed", "500", "InternalError"] in [row[3:6] for row in place.report_rows(job)]


def test_missing_rows_in_work_storage_are_said_and_found_again(place, steps, settings):
    job = confirmed(place, steps, ["a", "b"])
    folder = settings.BATCHCONSOLE_WORK_DIR / job.pk
    folder.rename(folder.with_suffix(".away"))
    steps.run()
    assert_waits(steps, job, "not in the work storage")
    folder.with_suffix(".away").rename(folder)
    assert_completes(place, steps, job, ["a", "b"])


def test_damaged_rows_in_work_storage_are_said_and_no_object_is_touched(place, steps):
    job = confirmed(place, steps, ["a", "b"])
    (name,) = steps.work.list(f"{job.pk}/segments")
    whole = steps.work.read(name)
    steps.work.put(name, whole[:-1] + bytes([whole[-1] ^ 1]))
    steps.run()
    assert_waits(steps, job, "part of the list is lost")
    assert place.s3.get_object_tagging(Bucket=place.source, Key="a")["TagSet"] == []
    steps.work.put(name, whole)
    losses.look_again(job.pk, by=allowed(), now=timezone.now())
    assert_completes(place, steps, job, ["a", "b"])


def test_full_disk_under_the_results_makes_the_job_wait_and_each_row_is_reported_once(
    place, steps, monkeypatch
):
    job = confirmed(place, steps, ["a", "b"])
    with monkeypatch.context() as patch:
        patch.setattr(steps.work, "put", raising(WorkStoreFullError()))
        steps.run()
    job = assert_waits(steps, job, "full")
    assert job.tasks_done == 0
    assert_completes(place, steps, job, ["a", "b"])


def test_full_disk_while_preparing_makes_the_job_wait(place, steps, monkeypatch):
    place.put_objects(["a"])
    job = place.make_job(place.list_of(["a"]))
    with monkeypatch.context() as patch:
        patch.setattr(steps.work, "put", raising(WorkStoreFullError()))
        job = steps.prepare(job)
    assert (job.status, job.prepared_rows) == (JobStatus.PREPARING, 0)
    assert "full" in job.waiting_for
    assert steps.prepare(job).status == JobStatus.PREPARING  # not yet
    let_time_pass()
    assert steps.prepare(job).status == JobStatus.SUSPENDED


def test_work_storage_that_is_away_under_the_report_makes_the_job_wait(place, steps, monkeypatch):
    job = confirmed(place, steps, ["a"])
    steps.run()
    with monkeypatch.context() as patch:
        patch.setattr(steps.work, "read", raising(WorkStoreError("The disk is gone.")))
        job = steps.finish(job)
    assert (job.status, job.waiting_for) == (
        JobStatus.COMPLETING,
        "The report waits: The disk is gone.",
    )
    assert_completes(place, steps, job, ["a"])


def raising(error):
    def fail(*_args, **_more):
        raise error

    return fail


def test_role_without_credentials_makes_the_job_wait_until_it_has_some(place, steps):
    job = confirmed(place, steps, ["a"])
    RoleCredentials.objects.all().delete()
    steps.run()
    job = assert_waits(steps, job, "has no credentials in Region Here")
    RoleCredentials.objects.create(
        role=place.role, region=place.region, access_key_id="test", secret_access_key="test"
    )
    assert_completes(place, steps, job, ["a"])


def test_secrets_that_cannot_be_decrypted_are_said_at_every_step(place, steps, settings):
    keys = settings.BATCHCONSOLE_ENCRYPTION_KEYS
    lost = [Fernet.generate_key().decode()]
    place.put_objects(["a"])
    job = place.make_job(place.list_of(["a"]))
    for step, words in [(steps.prepare, "Preparing waits. "), (steps.finish, "The report waits. ")]:
        settings.BATCHCONSOLE_ENCRYPTION_KEYS = lost
        assert step(job).waiting_for.startswith(f"{words}A stored secret was encrypted with a key")
        settings.BATCHCONSOLE_ENCRYPTION_KEYS = keys
        let_time_pass()
        if step == steps.prepare:
            steps.prepare(job)
            steps.confirm(job)
            settings.BATCHCONSOLE_ENCRYPTION_KEYS = lost
            steps.run()
            assert_waits(steps, job, "A stored secret was encrypted with a key")
            settings.BATCHCONSOLE_ENCRYPTION_KEYS = keys
            let_time_pass()
            steps.run()
    assert_completes(place, steps, job, ["a"])


def test_job_that_nobody_can_run_waits_with_the_reason_and_others_go_on(place, steps):
    odd = confirmed(place, steps, ["a"])
    Job.objects.filter(pk=odd.pk).update(parameters={"TagSet": 7}, priority=99)
    other = steps.confirm(steps.prepare(place.make_job(place.list_of(["a"]))))
    steps.run()
    assert steps.finish(other).status == JobStatus.COMPLETE
    assert "TagSet" in steps.see(odd).waiting_for
    commands.cancel(odd.pk, by=allowed(), now=timezone.now())
    assert steps.finish(odd).status == JobStatus.CANCELLED


def test_work_storage_of_a_job_cancelled_while_redis_was_away_is_emptied_by_the_sweep(
    place, steps, redis
):
    place.put_objects(["a"])
    job = steps.prepare(place.make_job(place.list_of(["a"])))
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    redis.flushall()
    assert list(steps.work.list(job.pk))
    steps.sweep()
    assert turns_asked_for() == 1
    steps.finish(job)
    assert list(steps.work.list(job.pk)) == []
    redis.flushall()
    steps.sweep()
    assert turns_asked_for() == 0


@pytest.mark.parametrize("step", ["make", "confirm", "cancel", "sweep"])
def test_redis_that_is_away_breaks_no_step(place, steps, monkeypatch, caplog, step):
    job = place.make_job(place.list_of(["a"]))
    steps.prepare(job)
    nowhere = {name: {"URL": "unix:///nowhere/redis.sock"} for name in ("run", "control")}
    monkeypatch.setattr(django_rq.settings, "QUEUES", nowhere)
    does = {
        "make": lambda: place.make_job(place.list_of(["b"])),
        "confirm": lambda: steps.confirm(job),
        "cancel": lambda: commands.cancel(job.pk, by=allowed(), now=timezone.now()),
        "sweep": steps.sweep,
    }
    does[step]()
    assert Job.objects.count() == (2 if step == "make" else 1)
    assert step == "sweep" or "Redis does not answer" in caplog.text
