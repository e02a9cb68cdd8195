"""Finishing in time boxes, by one worker after the other."""

import threading

from django.db import connections
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.engine import control_lease, control_turns, finisher
from jobs.models import Job


def ready_to_finish(place, steps, keys):
    place.put_objects(keys)
    job = steps.prepare(place.make_job(place.list_of(keys)))
    steps.confirm(job)
    steps.run()
    return steps.see(job)


def test_report_of_many_files_is_written_over_many_turns(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 1
    settings.BATCHCONSOLE_REPORT_FILE_ROWS = 1
    settings.BATCHCONSOLE_FINISH_BOX_S = 0
    job = ready_to_finish(place, steps, ["a", "b", "c"])
    for files in (1, 2, 3):
        job = steps.finish(job)
        assert (job.status, len(job.report_files)) == (JobStatus.COMPLETING, files)
        assert control_turns.has_due()
    job = steps.finish(job)
    assert (job.status, job.report_files) == (JobStatus.COMPLETE, [])
    assert sorted(row[1] for row in place.report_rows(job)) == ["a", "b", "c"]
    assert len(place.report_keys()) == 5
    while control_turns.has_due():
        steps.finish(job)
    assert list(steps.work.list(job.pk)) == []


def test_report_waits_for_a_storage_and_says_no_more_so_when_a_file_is_written(
    place, steps, settings
):
    settings.BATCHCONSOLE_FINISH_BOX_S = 0
    job = ready_to_finish(place, steps, ["a"])
    Job.objects.filter(pk=job.pk).update(waiting_for="The report waits.", waiting_until_s=0)
    job = steps.finish(job)
    assert (job.status, job.waiting_for) == (JobStatus.COMPLETING, "")


def test_stop_in_the_middle_of_a_report_leaves_it_to_the_next_worker(place, steps, monkeypatch):
    job = ready_to_finish(place, steps, ["a"])
    stop, read = threading.Event(), steps.work.read

    def slow(name):
        stop.set()
        threading.Event().wait(1.5)  # longer than a heartbeat thread takes to look
        return read(name)

    with monkeypatch.context() as patch:
        patch.setattr(steps.work, "read", slow)
        finisher.finish_job(job.pk, work=steps.work, clock=timezone.now, stop=stop)
    assert steps.see(job).status == JobStatus.COMPLETING
    assert place.report_keys() == []
    assert steps.finish(job).status == JobStatus.COMPLETE


def test_lease_is_kept_while_a_report_takes_longer_than_it(place, steps, settings, monkeypatch):
    settings.BATCHCONSOLE_LEASE_S, settings.BATCHCONSOLE_HEARTBEAT_S = 1, 0.2
    job = ready_to_finish(place, steps, ["a"])
    read, others = steps.work.read, []

    def slow(name):
        threading.Event().wait(2.5)
        others.append(control_lease.acquire(job.pk, {JobStatus.COMPLETING}))
        connections.close_all()  # this is a thread of its own
        return read(name)

    monkeypatch.setattr(steps.work, "read", slow)
    assert steps.finish(job).status == JobStatus.COMPLETE
    assert others == [None]
