"""A dry run from Review, its page, and the way from there to the job itself."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from jobs.models import Draft, ForeseenCount, Job
from jobs.queries.job_list import JobFilter, job_page
from tests.make import make_failures, make_job, make_report

pytestmark = pytest.mark.django_db


def page(client, job, name="job-detail", **query):
    answer = client.get(reverse(name, args=[job.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def looked(operator):
    """A dry run that has ended: 6 of 10 would change, 3 are so already, 1 would fail."""
    job = make_job("Complete", total=10, failed=1, dry_run=True, owner=operator)
    make_failures(job, "NoSuchKey", 404, tasks=1)
    ForeseenCount.objects.create(job=job, kind="WouldChange", tasks=6)
    ForeseenCount.objects.create(job=job, kind="AlreadySo", tasks=3)
    return job


def test_review_starts_a_dry_run_that_needs_no_confirmation_and_reports_every_row(at_review):
    response = at_review.press("review", "dry")
    job = Job.objects.get()
    assert response["Location"] == reverse("job-detail", args=[job.pk])
    assert (job.dry_run, job.confirmation_required) == (True, False)
    assert (job.report_enabled, job.report_scope) == (True, "AllTasks")
    said = [str(message) for message in get_messages(response.wsgi_request)]
    assert said == [
        f"Started dry run {job.pk}. It changes nothing; your draft is kept under Create job."
    ]


def test_draft_of_a_dry_run_still_makes_the_job(at_review):
    at_review.press("review", "dry")
    assert at_review.draft.job_id is None
    assert at_review.press("review").status_code == 303
    real = Job.objects.get(dry_run=False)
    assert real.confirmation_required and real.report_scope == "FailedTasksOnly"


def test_double_click_starts_one_dry_run(at_review):
    values = {**at_review.open("review").values, "go": "dry"}
    for _ in range(2):
        at_review.client.post(at_review.url("review"), values)
    assert Job.objects.count() == 1


def test_order_for_a_dry_run_in_another_step_is_a_next(at_options):
    at_options.press("options", "dry")
    assert not Job.objects.exists()


def test_page_counts_what_would_happen_and_offers_the_job_itself(client, looked):
    text = page(client, looked)
    assert "Looked at 10 objects: 6 would change, 3 already so, 1 would fail." in text
    assert ">Dry run</span>" in text and "Run for real" in text
    assert "Retry failed" not in text and "Total succeeded" not in text
    assert "no object was changed" in text


def test_dry_run_that_goes_on_counts_as_it_goes(client, operator):
    job = make_job("Active", total=10, succeeded=4, dry_run=True, owner=operator)
    ForeseenCount.objects.create(job=job, kind="WouldChange", tasks=4)
    text = page(client, job)
    assert "What the job would do" in text and "Run for real" not in text


def test_job_that_is_none_says_nothing_of_dry_runs(client, operator):
    text = page(client, make_job("Complete", owner=operator))
    assert "ry run" not in text and "Run for real" not in text


def test_nothing_of_a_dry_run_is_retried(client, looked):
    make_report(looked)
    answer = client.post(reverse("job-retry", args=[looked.pk]))
    assert answer.status_code == 409
    assert "A dry run changes nothing, so there is nothing to retry." in answer.content.decode()
    assert not Draft.objects.exists()
    assert "Retry these" not in page(client, looked, "job-failures")


def test_list_and_overview_tell_a_dry_run_from_a_job(client, looked):
    assert ">Dry run</span>" in client.get(reverse("job-list")).content.decode()
    assert len(job_page(Job.objects.all(), JobFilter(), now=timezone.now()).rows) == 1
    overview = client.get(reverse("overview")).content.decode()
    assert "found that 1 object would fail" in overview


def test_configuration_says_whether_it_is_one(client, looked, operator):
    assert "Yes: it reads only" in page(client, looked, "job-configuration")
    assert "Yes: it reads only" not in page(client, make_job(owner=operator), "job-configuration")


@pytest.mark.parametrize(("typed", "rows"), [("", None), ("1,000", 1000), (" 5000 ", 5000)])
def test_review_starts_a_dry_run_of_a_sample(at_review, typed, rows):
    at_review.press("review", "dry", sample_rows=typed)
    assert Job.objects.get().sample_rows == rows


@pytest.mark.parametrize("typed", ["0", "5001", "some", "-1", "٣", "9" * 30])
def test_sample_that_is_no_such_number_is_refused_at_its_field(at_review, typed):
    response = at_review.press("review", "dry", sample_rows=typed)
    text = response.content.decode()
    assert "A sample has 1 to 5,000 objects." in text
    assert 'href="#sample_rows"' in text and 'id="sample_rows_error"' in text
    assert not Job.objects.exists()


def test_review_looks_ahead_at_a_sample_of_the_manifest(at_review, client):
    url = reverse("draft-sample", args=[at_review.draft.pk])
    assert f'hx-get="{url}"' in at_review.open("review").html
    text = " ".join(client.get(url).content.decode().split())
    # Whether others made such a bucket meanwhile or not, there is no such object in it.
    assert "Would fail: The specified" in text
    assert "photos/cats/a cat.jpg" in text


def test_draft_that_is_not_finished_is_not_looked_ahead_at(at_operation, client):
    url = reverse("draft-sample", args=[at_operation.draft.pk])
    assert "Finish the steps above to preview a sample." in client.get(url).content.decode()


def test_manifest_that_went_since_is_said_in_the_sample(at_review, client, s3, bucket):
    s3.delete_object(Bucket=bucket, Key="list.csv")
    url = reverse("draft-sample", args=[at_review.draft.pk])
    answer = client.get(url)
    assert answer.status_code == 200
    assert 'class="alert warn' in answer.content.decode()
