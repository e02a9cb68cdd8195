"""What could keep a job from ever moving again."""

from jobs.s3.calls import Answer
from tests.engine.test_outages import answering, confirmed, let_time_pass

SILENCE = Answer(0, "ReadTimeoutError", "Nothing came.")


def test_object_that_never_gets_an_answer_does_not_keep_the_others_of_its_job_waiting(
    place, steps, settings, monkeypatch
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 1
    settings.BATCHCONSOLE_STORAGE_PATIENCE_S = 0.2
    keys = ["a", "b", "c", "d", "e", "f", "g", "h"]
    job = confirmed(place, steps, keys)
    answering(monkeypatch, lambda key: SILENCE if key in "abc" else None)
    for _ in range(6):
        let_time_pass()
        steps.run()
    job = steps.see(job)
    assert (job.tasks_succeeded, job.tasks_failed) == (5, 0)
    assert "does not answer" in job.waiting_for
