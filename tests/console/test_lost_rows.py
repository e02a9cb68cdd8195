"""What a job says of rows that work storage lost, and the decision about them."""

import pytest
from django.urls import reverse

from jobs.choices import ChunkState, JobStatus
from jobs.models import Chunk, Job
from tests.make import make_chunk, make_job

pytestmark = pytest.mark.django_db
BUTTON = "Write the report without 500 rows whose results were lost"


@pytest.fixture
def job():
    job = make_job("Completing", total=1000, report_scope="AllTasks")
    make_chunk(job, position=500, rows=500, succeeded=498, failed=2, result="r", state="Lost")
    Job.objects.filter(pk=job.pk).update(lost_rows=500, waiting_for="The report waits.")
    return job


def text_of(client, name, *args, **headers):
    return client.get(reverse(name, args=args), **headers).content.decode()


def decide(client, job, **form):
    return client.post(reverse("job-lost", args=[job.pk]), form)


def see(job):
    return Job.objects.get(pk=job.pk)


def test_job_says_what_is_lost_and_offers_to_end_without_it(as_operator, job):
    live = text_of(as_operator, "job-live", job.pk, HTTP_HX_REQUEST="true")
    assert "The results of 500 rows are lost: 500 from row 501 on." in live
    assert BUTTON in live and reverse("job-lost", args=[job.pk]) in live
    page = text_of(as_operator, "job-lost", job.pk)
    assert BUTTON in page and "LostRows" in page and "Look again" in page


def test_decision_is_noted_with_who_made_it_and_the_same_form_sent_twice_does_no_harm(
    as_operator, operator, job
):
    for _ in range(2):
        answer = decide(as_operator, job, rows=500)
        assert (answer.status_code, answer.url) == (303, reverse("job-detail", args=[job.pk]))
    assert (see(job).lost_rows_accepted, see(job).waiting_for) == (500, "")
    event = job.events.get(kind="without")
    assert (event.actor, "500 from row 501" in event.after) == (operator, True)
    assert "Ends without lost rows" in text_of(as_operator, "job-activity", job.pk)


@pytest.mark.parametrize("rows", ["400", "", "x", "9" * 40, "²"])
def test_decision_about_other_rows_than_are_lost_is_refused(as_operator, job, rows):
    answer = decide(as_operator, job, rows=rows)
    assert answer.status_code == 409
    assert "By now 500 rows are lost" in answer.content.decode()
    assert see(job).lost_rows_accepted == 0


def test_look_again_lets_what_could_not_be_run_be_run(as_operator):
    job = make_job("Active", total=20)
    make_chunk(job, position=0, rows=10, state="Lost")
    Job.objects.filter(pk=job.pk).update(lost_rows=10, waiting_for="10 rows could not be run.")
    page = text_of(as_operator, "job-detail", job.pk)
    assert "End without 10 rows that could not be run" in page
    assert decide(as_operator, job, again="").status_code == 303
    assert Chunk.objects.get(job=job).state == ChunkState.PENDING
    assert (see(job).lost_rows, see(job).status) == (0, JobStatus.ACTIVE)


def test_viewer_sees_what_is_lost_and_may_not_decide(as_viewer, job):
    page = text_of(as_viewer, "job-detail", job.pk)
    assert "The results of 500 rows are lost" in page and BUTTON not in page
    assert as_viewer.get(reverse("job-lost", args=[job.pk])).status_code == 403
    assert decide(as_viewer, job, rows=500).status_code == 403


def test_job_that_asks_nothing_says_so(as_operator):
    job = make_job("Completing")
    assert "does not wait for a decision" in text_of(as_operator, "job-lost", job.pk)
    assert decide(as_operator, job, rows=0).status_code == 409


def test_ended_job_says_what_it_lost_also_when_its_chunks_are_cleared_away(as_operator, job):
    decide(as_operator, job, rows=500)
    Job.objects.filter(pk=job.pk).update(status="Complete")
    for _ in range(2):
        assert "The results of 500 rows are lost" in text_of(as_operator, "job-detail", job.pk)
        Chunk.objects.all().delete()
