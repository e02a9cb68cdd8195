"""What tasks left behind when their job ends is cleared away by their operation."""

from jobs.choices import JobStatus
from jobs.engine import giving_up
from jobs.queries.job_history import job_activity
from tests.engine.test_open_chunks import see
from tests.engine.uploads import LEFT, Uploading
from tests.s3_double import Reply, error, reply


def test_what_a_cancelled_job_left_is_given_up_once_and_forgotten(uploads):
    job = uploads.cancelled_in_the_middle()
    assert uploads.states(job) == LEFT
    assert uploads.finish(job).status == JobStatus.CANCELLED
    assert uploads.finish(job).status == JobStatus.CANCELLED
    assert sorted(uploads.aborted) == ["k003-1", "k004-1", "k011-1"]
    assert [*uploads.work.list(f"{job.pk}/")] == []
    assert not job.events.filter(kind="left").exists()


def test_giving_up_is_tried_again_as_any_task_is(uploads):
    job = uploads.cancelled_in_the_middle()
    uploads.to_abort = lambda key: (
        reply(204) if len(uploads.aborted) > 3 else error(503, "SlowDown")
    )
    assert uploads.finish(job).status == JobStatus.CANCELLED
    assert set(uploads.aborted) == {"k003-1", "k004-1", "k011-1"} and len(uploads.aborted) > 3
    assert not job.events.filter(kind="left").exists()


def test_job_ends_and_says_what_it_could_not_clear_away(uploads):
    job = uploads.cancelled_in_the_middle()
    uploads.to_abort = lambda key: (
        error(403, "AccessDenied", "Not yours.") if key == "k004" else reply(204)
    )
    assert uploads.finish(job).status == JobStatus.CANCELLED
    [said] = [row for row in job_activity(job).rows if row.event == "Left behind"]
    assert said.note.endswith("The first was s3://photos/k004: Not yours.")
    assert [*uploads.work.list(f"{job.pk}/")] == []


def test_storage_that_gives_no_answer_does_not_keep_a_job_from_its_end(uploads, monkeypatch):
    monkeypatch.setattr(giving_up, "WITHIN_S", 0.3)
    job = uploads.cancelled_in_the_middle()
    uploads.to_abort = lambda key: Reply(b"", delay_s=None)
    assert uploads.finish(job).status == JobStatus.CANCELLED
    [said] = [row for row in job_activity(job).rows if row.event == "Left behind"]
    assert said.note.endswith("k003: there was no time left for it.")


def test_trouble_of_ours_is_said_and_does_not_keep_a_job_from_its_end(uploads, monkeypatch):
    job = uploads.cancelled_in_the_middle()

    def refuse(cls, parameters):
        raise LookupError("no such parameters any more")

    monkeypatch.setattr(Uploading, "parse", classmethod(refuse))
    assert uploads.finish(job).status == JobStatus.CANCELLED
    [said] = [row for row in job_activity(job).rows if row.event == "Left behind"]
    assert said.note.endswith("something unexpected went wrong (LookupError).")


def test_worker_that_stops_while_it_gives_up_leaves_the_rest_to_the_next(uploads):
    job = uploads.cancelled_in_the_middle()
    uploads.to_abort = lambda key: uploads.stop.set() or error(503, "SlowDown")
    assert uploads.finish(job).status == JobStatus.CANCELLING
    assert uploads.states(job) != {}
    assert not job.events.filter(kind="left").exists()
    uploads.stop.clear()
    uploads.to_abort = lambda key: reply(204)
    assert uploads.finish(job).status == JobStatus.CANCELLED
    assert set(uploads.aborted) == {"k003-1", "k004-1", "k011-1"}


def test_what_a_failed_task_left_is_given_up_when_its_job_completes(uploads):
    refused, complete = error(403, "AccessDenied"), uploads.to_complete
    uploads.to_complete = lambda key: refused if key == "k004" else complete(key)
    uploads.may_go.set()
    job = uploads.job()
    uploads.run()
    assert uploads.aborted == []
    assert uploads.finish(job).status == JobStatus.COMPLETE
    assert (see(job).tasks_failed, uploads.aborted) == (1, ["k004-1"])
