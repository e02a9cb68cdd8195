"""Results and parts of the list that work storage has lost: said, decided about, and named."""

import json

import pytest
from django.utils import timezone

from jobs import conf
from jobs.choices import ChunkState, JobStatus
from jobs.engine import chunk_rows
from jobs.errors import JobStatusError
from jobs.lifecycle import commands, losses
from jobs.models import Chunk, Job, Report
from tests.allowed import allowed

KEYS = ["a", "b", "c", "d", "e"]


@pytest.fixture
def job(place, steps, settings):
    """Confirmed, two rows to a chunk."""
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    place.put_objects(KEYS)
    job = steps.prepare(place.make_job(place.list_of(KEYS)))
    return steps.confirm(job)


def results(steps, job):
    return list(steps.work.list(f"{job.pk}/results"))


def flip_a_bit(steps, name):
    whole = steps.work.read(name)
    steps.work.put(name, whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])


def again(steps, job):
    Job.objects.update(waiting_until_s=0)
    return steps.finish(job)


def manifest(place, job):
    report = Report.objects.get(job=job)
    body = place.s3.get_object(Bucket=report.bucket, Key=report.manifest_key)["Body"]
    return json.loads(body.read())


def end_without(job, rows):
    return losses.end_without(job.pk, rows, by=allowed(), now=timezone.now())


def reported(place, job):
    return sorted(row[1] for row in place.report_rows(job))


def test_flipped_bit_and_lost_file_among_the_results_are_said_and_the_report_has_the_other_rows(
    place, steps, job
):
    steps.run()
    first, second, third = results(steps, job)
    flip_a_bit(steps, first)
    steps.work.delete(third)
    steps.finish(job)
    job = again(steps, job)
    assert (job.status, job.lost_rows) == (JobStatus.COMPLETING, 3)
    assert "The results of 3 rows are lost: 2 from row 1 on, 1 from row 5 on." in job.waiting_for
    assert losses.losses_of(job).button == "Write the report without 3 rows whose results were lost"
    end_without(job, 3)
    job = again(steps, job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 5, 0)
    assert reported(place, job) == ["c", "d"]
    assert manifest(place, job)["LostRows"] == {
        "ResultsLost": 3,
        "NotRun": 0,
        "Parts": [
            {"FirstRow": 1, "Rows": 2, "Reason": "ResultsLost"},
            {"FirstRow": 5, "Rows": 1, "Reason": "ResultsLost"},
        ],
    }
    assert list(job.events.values_list("kind", flat=True)) == ["lost", "waiting", "without"]
    assert job.report.rows_succeeded == 2


def test_results_that_are_there_again_are_reported_without_anybody_asked(place, steps, job):
    steps.run()
    name = results(steps, job)[1]
    whole = steps.work.read(name)
    steps.work.delete(name)
    steps.finish(job)
    assert "lost" in again(steps, job).waiting_for
    steps.work.put(name, whole)
    job = again(steps, job)
    assert (job.status, job.lost_rows) == (JobStatus.COMPLETE, 0)
    assert reported(place, job) == KEYS
    assert "LostRows" not in manifest(place, job)


def test_what_is_lost_after_the_decision_is_asked_about_again(steps, job):
    steps.run()
    names = results(steps, job)
    steps.work.delete(names[0])
    steps.finish(job)
    again(steps, job)
    end_without(job, 2)
    steps.work.delete(names[1])
    again(steps, job)
    job = again(steps, job)
    assert (job.status, job.lost_rows, job.lost_rows_accepted) == (JobStatus.COMPLETING, 4, 2)
    with pytest.raises(JobStatusError, match="By now 4 rows are lost, not 2"):
        end_without(job, 2)


def test_files_that_were_written_before_a_loss_are_written_anew(place, steps, job, settings):
    settings.BATCHCONSOLE_REPORT_FILE_ROWS, settings.BATCHCONSOLE_FINISH_BOX_S = 2, 0
    steps.run()
    names = results(steps, job)
    assert len(steps.finish(job).report_files) == 1
    steps.work.delete(names[0])
    steps.work.delete(names[1])
    for _ in range(3):
        job = again(steps, job)
    while not losses.asks(job):
        job = again(steps, job)
    end_without(job, job.lost_rows)
    while not (job := again(steps, job)).is_terminal:
        if losses.asks(job):
            end_without(job, job.lost_rows)
    told = manifest(place, job)["LostRows"]["ResultsLost"]
    assert told + len(reported(place, job)) == 5


def test_cancelled_job_whose_results_are_lost_is_ended_the_same_way(place, steps, job):
    steps.run()
    Job.objects.filter(pk=job.pk).update(status="Cancelling")
    steps.work.delete(results(steps, job)[0])
    steps.finish(job)
    job = again(steps, job)
    assert losses.asks(job)
    end_without(job, 2)
    assert again(steps, job).status == JobStatus.CANCELLED


def test_lost_and_damaged_parts_of_the_list_are_passed_over_and_then_asked_about(place, steps, job):
    lost, _, damaged = steps.work.list(f"{job.pk}/segments")
    steps.work.delete(lost)
    flip_a_bit(steps, damaged)
    steps.run()
    job = steps.see(job)
    assert (job.status, job.tasks_done, job.lost_rows) == (JobStatus.ACTIVE, 2, 3)
    assert job.waiting_for.startswith("3 rows could not be run, since their part of the list is")
    assert tagged(place) == ["c", "d"]
    assert losses.losses_of(job).button == "End without 3 rows that could not be run"
    steps.sweep()
    assert steps.see(job).status == JobStatus.ACTIVE
    end_without(job, 3)
    job = steps.finish(job)
    assert (job.status, job.tasks_done, job.total_tasks) == (JobStatus.COMPLETE, 2, 5)
    assert reported(place, job) == ["c", "d"]
    assert manifest(place, job)["LostRows"]["NotRun"] == 3


def test_part_of_the_list_that_is_there_again_is_run_when_somebody_says_so(place, steps, job):
    name = next(iter(steps.work.list(f"{job.pk}/segments")))
    whole = steps.work.read(name)
    steps.work.delete(name)
    steps.run()
    assert losses.asks(steps.see(job))
    steps.work.put(name, whole)
    losses.look_again(job.pk, by=allowed(), now=timezone.now())
    steps.run()
    assert steps.finish(job).status == JobStatus.COMPLETE
    assert reported(place, job) == KEYS


def test_job_with_a_lost_part_of_its_list_can_be_cancelled(steps, job):
    steps.work.delete(next(iter(steps.work.list(f"{job.pk}/segments"))))
    steps.run()
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    assert steps.finish(job).status == JobStatus.CANCELLED


def test_paused_job_with_a_lost_part_of_its_list_is_asked_about_when_it_goes_on(steps, job):
    steps.work.delete(next(iter(steps.work.list(f"{job.pk}/segments"))))
    steps.run()
    Job.objects.filter(pk=job.pk).update(status="Pausing", paused_cause="priority")
    steps.sweep()
    steps.sweep()
    assert losses.asks(steps.see(job))


def test_nothing_can_be_ended_that_does_not_ask(steps, job):
    with pytest.raises(JobStatusError, match="does not wait for a decision"):
        end_without(job, 0)


def test_job_of_which_nothing_is_there_waits_for_its_disk_and_goes_on_by_itself(place, steps, job):
    folder = conf.work_dir()
    folder.rename(folder.with_suffix(".away"))
    steps.run()
    job = steps.see(job)
    assert (job.status, job.lost_rows) == (JobStatus.ACTIVE, 0)
    assert "not in the work storage" in job.waiting_for
    folder.with_suffix(".away").rename(folder)
    Job.objects.update(waiting_until_s=0)
    steps.run()
    assert steps.finish(job).status == JobStatus.COMPLETE


def test_segment_with_many_lost_chunks_is_through_in_one_go(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS, settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1, 39
    keys = [f"{number:03d}" for number in range(40)]
    place.put_objects(keys)
    job = steps.confirm(steps.prepare(place.make_job(place.list_of(keys))))
    steps.work.delete(next(iter(steps.work.list(f"{job.pk}/segments"))))
    steps.run()
    assert (steps.see(job).lost_rows, steps.see(job).tasks_done) == (39, 1)
    assert Chunk.objects.filter(job=job, state=ChunkState.LOST).count() == 39


def tagged(place):
    return [
        key for key in KEYS if place.s3.get_object_tagging(Bucket=place.source, Key=key)["TagSet"]
    ]


# --- Room


def test_no_call_is_made_for_a_chunk_whose_results_have_no_room(place, steps, job, monkeypatch):
    monkeypatch.setattr(type(steps.work), "free_bytes", lambda _store: 1_000)
    steps.run()
    job = steps.see(job)
    assert "there is no room for the results" in job.waiting_for
    assert (job.tasks_done, tagged(place)) == (0, [])
    monkeypatch.undo()
    Job.objects.update(waiting_until_s=0)
    steps.run()
    assert steps.see(job).tasks_done == 5


def test_room_is_that_of_all_open_chunks_here_and_elsewhere(steps, monkeypatch):
    need = 10 * chunk_rows.RESULT_ROW_BYTES * chunk_rows.OTHERS
    monkeypatch.setattr(type(steps.work), "free_bytes", lambda _store: need)
    chunk_rows.see_room(steps.work, 10)
    with pytest.raises(chunk_rows.WorkStoreFullError):
        chunk_rows.see_room(steps.work, 11)
