"""Run for real: the page that leads from a dry run to the job itself."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.models import Draft, Job
from tests.make import make_job

pytestmark = pytest.mark.django_db


def text_of(client, job, name="job-detail"):
    answer = client.get(reverse(name, args=[job.pk]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def press(client, job, **values):
    return client.post(reverse("job-real", args=[job.pk]), values)


LIST = {"go": "list", "report_scope": "AllTasks"}


@pytest.fixture
def looked(client, at_review):
    """A dry run from the wizard that has ended, with its list."""
    at_review.press("review", "dry")
    now = timezone.now()
    Job.objects.update(
        status="Complete",
        started_at=now,
        terminated_at=now,
        total_tasks=2,
        tasks_succeeded=2,
        list_kept_until=now + timedelta(days=30),
    )
    return Job.objects.get()


def test_page_says_what_runs_and_that_what_changed_is_not_touched(client, looked):
    text = text_of(client, looked, "job-real")
    assert "<strong>2 objects</strong> of this dry run" in text
    assert "ObjectChanged" in text and "Create job</button>" in text
    assert "New job from the" not in text


def test_job_is_made_over_the_list_with_all_that_the_dry_run_had(client, looked, operator):
    response = press(client, looked, **LIST)
    real = Job.objects.get(dry_run=False)
    assert response["Location"] == reverse("job-detail", args=[real.pk])
    assert (real.guarded_by_id, real.confirmation_required) == (looked.pk, True)
    assert (real.operation, real.parameters) == (looked.operation, looked.parameters)
    assert (real.report_scope, real.owner, real.role) == ("AllTasks", operator, looked.role)
    assert (real.failure_percent, real.canary_tasks) == (50, looked.canary_tasks)
    assert looked.canary_tasks > 0 and not real.canary_settled


def test_double_click_makes_one_job(client, looked):
    first, second = (press(client, looked, **LIST)["Location"] for _ in range(2))
    assert first == second
    assert Job.objects.filter(dry_run=False).count() == 1


def test_each_of_both_jobs_leads_to_the_other(client, looked):
    press(client, looked, **LIST)
    real = Job.objects.get(dry_run=False)
    assert f'Guarded by dry run&nbsp;<a href="/jobs/{looked.pk}/">' in text_of(client, real)
    assert f'Run for real as&nbsp;<a href="/jobs/{real.pk}/">' in text_of(client, looked)
    text = text_of(client, looked, "job-real")
    assert f"Job {real.short_id} runs the list of this dry run already." in text
    assert looked.pk in text_of(client, real, "job-configuration")


def test_run_job_page_says_what_is_guarded_and_what_is_not(client, looked):
    press(client, looked, **LIST)
    real = Job.objects.get(dry_run=False)
    Job.objects.filter(pk=real.pk).update(
        status="Suspended", suspended_at=timezone.now(), unguarded_rows=1
    )
    text = text_of(client, real, "job-run")
    assert "Objects that changed since the dry run looked at them are not touched." in text
    assert "1 object could not be looked at in the dry run and runs without that guard." in text


def test_list_that_is_not_kept_any_more_is_said_and_a_new_job_offered(client, looked):
    Job.objects.filter(pk=looked.pk).update(list_kept_until=None)
    text = text_of(client, looked, "job-real")
    assert "no longer kept" in text and "New job from the" in text
    assert press(client, looked, **LIST).status_code == 409
    response = press(client, looked, go="manifest")
    draft = Draft.objects.latest("created_at")
    assert response["Location"] == reverse("wizard-step", args=[draft.pk, "review"])
    assert "There is a problem" not in client.get(response["Location"]).content.decode()


def test_sample_offers_the_whole_manifest_first_and_its_own_rows_too(client, looked):
    Job.objects.filter(pk=looked.pk).update(listed_rows=9000, sample_rows=2)
    text = text_of(client, looked, "job-real")
    assert "<strong>2 objects</strong> of 9,000" in text
    assert "Create job for the sample</button>" in text and "New job from the" in text
    assert "Looked at 2 objects of 9,000" in text_of(client, looked)


def test_report_scope_has_to_be_one(client, looked):
    answer = press(client, looked, go="list", report_scope="Some")
    assert answer.status_code == 422
    assert "Choose a report scope." in answer.content.decode()


def test_report_that_cannot_be_written_is_said_before_the_job_is_made(client, looked):
    Job.objects.filter(pk=looked.pk).update(report_bucket="not-there")
    answer = press(client, looked, **LIST)
    assert answer.status_code == 422
    assert "The bucket &quot;not-there&quot; does not exist." in answer.content.decode()
    assert not Job.objects.filter(dry_run=False).exists()


def test_job_that_is_no_dry_run_has_none_to_run_for_real(client, operator):
    job = make_job("Complete", owner=operator)
    assert "This job is no dry run." in text_of(client, job, "job-real")
    assert press(client, job, **LIST).status_code == 409


def test_viewer_cannot_make_a_job_of_a_dry_run(client, looked, viewer):
    client.force_login(viewer)
    assert press(client, looked, **LIST).status_code == 403
