"""Preparing and finishing that come to nothing, again and again: said, paused for, and given up."""

import itertools

import pytest
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.engine import control_lease, finisher
from jobs.engine.database import now_s
from jobs.engine.preparing import planner
from jobs.engine.sweep import sweep
from jobs.errors import StorageUnavailableError
from jobs.lifecycle import commands
from jobs.manifests import csv_manifest
from jobs.models import Job
from tests.allowed import allowed
from tests.engine.test_outages import assert_completes, confirmed, let_time_pass, raising


@pytest.fixture
def broken_preparing(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(csv_manifest, "check_object", raising(KeyError("ETag")))
        yield


@pytest.fixture
def broken_report(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(finisher, "write_report", raising(KeyError("ETag")))
        yield


def pause_of(job):
    return job.waiting_until_s - now_s()


def to_finish(place, steps):
    job = confirmed(place, steps, ["a"])
    steps.run()
    return job


def test_unexpected_error_in_preparing_is_said_with_its_next_try_after_growing_pauses(
    place, steps, broken_preparing
):
    job = place.make_job(place.list_of(["a"]))
    pauses = []
    for tries in (1, 2, 3):
        job = steps.prepare(job)
        assert job.status == JobStatus.PREPARING
        assert "unexpected went wrong (KeyError)" in job.waiting_for
        assert f"This was try {tries} of 30, the next one is at " in job.waiting_for
        pauses.append(pause_of(job))
        let_time_pass()
    assert all(2 * early < late + 5 for early, late in itertools.pairwise(pauses))
    assert list(job.events.values_list("kind", flat=True)) == ["waiting"]


def test_job_is_left_alone_until_its_pause_is_over(place, steps, broken_preparing):
    job = steps.prepare(place.make_job(place.list_of(["a"])))
    assert steps.prepare(job).control_fence == job.control_fence


def test_pause_of_an_hour_is_not_taken_for_a_clock_that_was_wrong(place, steps):
    job = place.make_job(place.list_of(["a"]))
    until_s = now_s() + control_lease.LONGEST_PAUSE_S
    Job.objects.update(waiting_until_s=until_s, control_tries=20)
    sweep(now=timezone.now())
    assert steps.see(job).waiting_until_s == until_s


def test_preparing_is_given_up_in_the_end_and_the_job_says_why(place, steps, broken_preparing):
    job = steps.prepare(place.make_job(place.list_of(["a"])))
    Job.objects.update(control_tries=control_lease.MAX_TRIES)
    let_time_pass()
    job = steps.finish(steps.prepare(job))
    assert (job.status, job.failure_code) == (JobStatus.FAILED, "InternalError")
    assert job.failure_reason == (
        "It was given up after 30 tries that came to nothing. Preparing waits. Something unexpected"
        " went wrong (KeyError)."
    )


def test_job_whose_preparing_is_tried_again_can_be_cancelled(place, steps, broken_preparing):
    job = steps.prepare(place.make_job(place.list_of(["a"])))
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    assert steps.see(job).status == JobStatus.CANCELLED


def test_tries_are_counted_anew_once_preparing_came_further(place, steps, monkeypatch):
    job = place.make_job(place.list_of(["a"]))
    Job.objects.update(control_tries=7, waiting_for="Odd.")
    with monkeypatch.context() as patch:
        patch.setattr(planner, "check_buckets", raising(KeyError("a")))
        job = steps.prepare(job)
    assert (job.prepared_rows, job.control_tries) == (1, 1)
    assert "This was try 1 of 30" in job.waiting_for
    let_time_pass()
    job = steps.prepare(job)
    assert (job.status, job.control_tries, job.waiting_for) == (JobStatus.SUSPENDED, 0, "")


def test_storage_that_is_away_uses_up_no_tries(place, steps, monkeypatch):
    job = place.make_job(place.list_of(["a"]))
    with monkeypatch.context() as patch:
        patch.setattr(csv_manifest, "check_object", raising(StorageUnavailableError("A", "Away.")))
        for _ in range(3):
            let_time_pass()
            job = steps.prepare(job)
    assert (job.control_tries, job.waiting_for) == (0, "Preparing waits: Away.")


def test_worker_that_dies_at_a_job_again_and_again_is_said_and_pauses_grow(place, steps):
    job = place.make_job(place.list_of(["a"]))
    commands.begin_preparing(job.pk, now=timezone.now())
    for tries in range(1, 5):
        lease = control_lease.acquire(job.pk, {JobStatus.PREPARING})
        assert lease.tries == tries
        lease.note_deaths("Preparing waits.", JobStatus.PREPARING, timezone.now())
        job = steps.see(job)
        assert bool(job.waiting_for) == (tries > control_lease.DIED_TRIES)
        paused_s = job.waiting_until_s - now_s()
        assert (paused_s > 0) == (tries > 1)
        let_time_pass()
        Job.objects.update(control_lease_expires_s=0)
    assert (
        "Workers ended while they were at it, without a word, 2 times in a row" in job.waiting_for
    )
    job = steps.prepare(job)
    assert (job.status, job.waiting_for) == (JobStatus.SUSPENDED, "")


def test_try_that_comes_through_takes_back_the_pause_noted_for_its_death(place, steps):
    job = place.make_job(place.list_of(["a"]))
    Job.objects.update(control_tries=2)
    steps.stop.set()
    job = steps.prepare(job)
    assert (job.control_tries, job.waiting_until_s) == (0, 0)


def test_report_that_cannot_be_written_for_an_unexpected_reason_is_given_up_in_the_end(
    place, steps, broken_report
):
    job = steps.finish(to_finish(place, steps))
    assert job.status == JobStatus.COMPLETING
    assert "This was try 1 of 30" in job.waiting_for
    Job.objects.update(control_tries=control_lease.MAX_TRIES)
    let_time_pass()
    job = steps.finish(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "ReportNotWritten")
    assert "Something unexpected went wrong (KeyError)" in job.failure_reason
    assert steps.finish(job).status == JobStatus.FAILED


def test_end_of_a_cancelled_job_that_fails_unexpectedly_is_reached_in_the_end(
    place, steps, monkeypatch
):
    job = to_finish(place, steps)
    Job.objects.update(status=JobStatus.CANCELLING)
    monkeypatch.setattr(finisher, "give_up_tasks", raising(KeyError("a")))
    assert steps.finish(job).status == JobStatus.CANCELLING
    Job.objects.update(control_tries=control_lease.MAX_TRIES)
    let_time_pass()
    assert steps.finish(job).status == JobStatus.CANCELLED


def test_report_goes_on_after_unexpected_errors(place, steps, monkeypatch):
    job = to_finish(place, steps)
    with monkeypatch.context() as patch:
        patch.setattr(finisher, "write_report", raising(KeyError("ETag")))
        steps.finish(job)
    assert_completes(place, steps, job, ["a"])
