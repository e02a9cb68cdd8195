"""Limits and safety in step 3, on Review, in the job and in its clone."""

from html import unescape

import pytest
from django.urls import reverse

from jobs.models import Draft, Job
from jobs.spec.job import LimitsSpec
from tests.wizard_walk import Wizard

TYPED = {
    "requests_per_s": "1,500",
    "in_flight": "8",
    "failure_percent": "20",
    "failure_floor": "100",
    "canary_tasks": "50",
    "canary_percent": "0",
}
MEANT = LimitsSpec(1_500, 8, 100, 20, 50, 0)


def limits(job):
    return LimitsSpec(*(getattr(job, name) for name in LimitsSpec.__slots__))


@pytest.fixture
def place(bucket):
    return f"s3://{bucket}/reports"


def test_destructive_operation_begins_with_a_canary_and_others_without(at_options):
    assert at_options.open("options").values["canary_tasks"] == "25"
    assert at_options.values["canary_percent"] == "10"
    assert (at_options.values["requests_per_s"], at_options.values["in_flight"]) == ("", "")
    at_options.press("options", "previous")
    at_options.press("operation", "show", operation="S3PutObjectCopy")
    assert at_options.open("options").values["canary_tasks"] == "0"


def test_canary_that_somebody_chose_stays_when_the_operation_changes(at_options):
    at_options.press("options", "previous", canary_tasks="7")
    at_options.press("operation", "show", operation="S3PutObjectCopy")
    assert at_options.open("options").values["canary_tasks"] == "7"


def test_limits_stand_on_review_and_in_the_job_and_in_its_clone(at_options, place, client):
    at_options.press("options", report_path=place, **TYPED)
    review = unescape(at_options.open("review").html)
    for text in (
        "At most 1,500, over all workers",
        "At most 8 per worker",
        "Stop above 20% failed, once 100 tasks ran",
        "50 tasks first; pause and ask above 0% failed",
    ):
        assert text in review
    assert at_options.press("review").status_code == 303
    job = Job.objects.get()
    assert limits(job) == MEANT
    client.post(reverse("job-clone", args=[job.pk]))
    clone = Wizard(client, Draft.objects.latest("created_at")).open("options")
    meant = {**TYPED, "requests_per_s": "1500"}
    assert {name: clone.values[name] for name in TYPED} == meant


def test_empty_limits_mean_what_aws_does_and_no_canary(at_options, place):
    at_options.press("options", report_path=place, **dict.fromkeys(TYPED, ""))
    assert at_options.press("review").status_code == 303
    assert limits(Job.objects.get()) == LimitsSpec()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("requests_per_s", "-1", "Requests per second must be a whole number from 1 to 1,000,000."),
        ("in_flight", "0", "Requests in flight must be a whole number from 1 to 1,000."),
        ("failure_percent", "101", "must be a whole number from 0 to 100."),
        ("failure_floor", "0", "must be a whole number from 1 to 2,147,483,647."),
        ("canary_tasks", "many", "must be a whole number from 0 to 2,147,483,647."),
        ("canary_percent", "5%", "must be a whole number from 0 to 100."),
    ],
)
def test_limit_that_is_none_gets_a_sentence_and_stays_typed(
    at_options, place, name, text, sentence
):
    response = at_options.press("options", report_path=place, **{name: text})
    html = unescape(at_options.html)
    assert response.status_code == 200 and "options" not in at_options.draft.touched
    assert f'<a href="#{name}">' in html and html.count(sentence) >= 2
    assert at_options.values[name] == text
