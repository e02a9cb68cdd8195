"""Limits of one job: shown, changed while it runs, and what the storage bears."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from jobs.console.pace import throttled_to
from jobs.engine.rates.rate_limit import Counts, Demand, Rate
from jobs.engine.rates.rate_sharing import Mine, Sharing, key_of_destination
from jobs.models import Bucket, JobEvent
from jobs.services.s3 import bucket_at
from tests.make import make_job, make_region

pytestmark = pytest.mark.django_db
RUNNING = ["New", "Suspended", "Ready", "Active", "Paused", "Completing"]


def url(job):
    return reverse("job-limits", args=[job.pk])


def page(client, job, name="detail"):
    return client.get(reverse(f"job-{name}", args=[job.pk])).content.decode()


def limits(job):
    job.refresh_from_db()
    return job.requests_per_s, job.in_flight


@pytest.mark.parametrize("status", RUNNING)
def test_limits_of_a_job_change_until_it_has_ended(as_operator, operator, status):
    job = make_job(status, requests_per_s=100)
    answer = as_operator.post(url(job), {"requests_per_s": "1,500", "in_flight": " 8 "})
    assert (answer.status_code, answer.url) == (303, reverse("job-detail", args=[job.pk]))
    assert limits(job) == (1_500, 8)
    event = job.events.get()
    assert (event.kind, event.actor) == (JobEvent.Kind.LIMITS, operator)
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert said == [
        f"Changed the limits of job ID {job.short_id}."
        " At most 1,500 requests per second, 8 in flight per worker."
    ]


def test_empty_fields_take_the_limits_away(as_operator):
    job = make_job("Active", requests_per_s=100, in_flight=8)
    assert as_operator.post(url(job), {"requests_per_s": "", "in_flight": ""}).status_code == 303
    assert limits(job) == (None, None)
    text = page(as_operator, job, "activity")
    assert "Limits changed" in text and "No limit" in text
    assert "At most 100 requests per second, 8 in flight per worker" in text


def test_same_limits_again_are_no_event(as_operator):
    job = make_job("Active", requests_per_s=100, in_flight=8)
    as_operator.post(url(job), {"requests_per_s": "100", "in_flight": "8"})
    assert not job.events.exists()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("requests_per_s", "0", "Requests per second must be a whole number from 1 to 1,000,000."),
        ("requests_per_s", "9" * 400, "must be 100 characters or fewer, not 400."),
        ("requests_per_s", "1.5", "must be a whole number from 1 to 1,000,000."),
        ("in_flight", "1001", "Requests in flight must be a whole number from 1 to 1,000."),
        ("in_flight", "٣", "Requests in flight must be a whole number from 1 to 1,000."),
        ("in_flight", "1\x00", "contains a character that is not visible. Remove it."),
    ],
)
def test_limit_that_is_none_gets_a_sentence_at_its_field(as_operator, name, text, sentence):
    job = make_job("Active", requests_per_s=100, in_flight=8)
    answer = as_operator.post(url(job), {"requests_per_s": "5", "in_flight": "5", name: text})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert html.count(sentence) == 2 and f'href="#{name}"' in html
    assert "<title>Error: Change limits" in html
    assert limits(job) == (100, 8)


def test_limits_of_a_job_that_ended_cannot_change(as_operator):
    job = make_job("Complete")
    assert "The job has ended" in as_operator.get(url(job)).content.decode()
    assert as_operator.post(url(job), {"requests_per_s": "5"}).status_code == 409
    assert limits(job) == (None, None)
    assert "Change limits" not in page(as_operator, job)
    assert "Change limits" not in page(as_operator, job, "configuration")


def test_viewer_sees_limits_and_may_not_change_them(as_viewer):
    job = make_job("Active", requests_per_s=40)
    assert as_viewer.get(url(job)).status_code == 403
    assert as_viewer.post(url(job), {}).status_code == 403
    assert limits(job) == (40, None)
    text = page(as_viewer, job)
    assert "At most 40 requests per second." in text and "Change limits" not in text
    text = page(as_viewer, job, "configuration")
    assert 'aria-disabled="true" aria-describedby="limits-reason"' in text


@pytest.mark.parametrize("name", ["detail", "configuration"])
def test_running_job_leads_to_the_form_for_its_limits(as_operator, name):
    job = make_job("Active")
    assert f'href="{url(job)}" data-dialog' in page(as_operator, job, name)


def test_configuration_page_lists_all_limits(as_viewer):
    job = make_job("Active", in_flight=7, failure_percent=20, failure_floor=1, canary_tasks=25)
    text = page(as_viewer, job, "configuration")
    assert "At most 7 per worker" in text
    assert "Stop above 20% failed, once 1 task ran" in text
    assert "25 tasks first; pause and ask above 10% failed" in text


def test_failure_guard_on_the_job_page_is_the_jobs_own(as_viewer):
    job = make_job("Active", failed=3, failure_percent=20, failure_floor=500)
    assert "stops above 20% once 500 objects are done" in page(as_viewer, job)
    free = make_job("Active", failed=3, failure_percent=100)
    assert "The job stops above" not in page(as_viewer, free)


# --- What the storage bears


def throttle(redis, endpoint, bucket):
    """A worker that is throttled there."""
    worker, key = Sharing("w", redis), key_of_destination(bucket_at(endpoint, None, bucket))
    worker.swap({key: Mine(Counts(), Demand(900.0, True), Rate(2_000.0))})
    redis.delete(f"{key}:turn")
    known = redis.hget(key, "known")
    text = known.decode().replace(", 0.0, false]", f", {redis.time()[0]}, false]")
    redis.hset(key, "known", text)


def test_job_page_says_what_a_storage_that_throttles_bears(as_viewer, redis):
    job = make_job("Active")
    assert throttled_to(job) is None
    throttle(redis, job.region.endpoint(), "photos")
    assert throttled_to(job) == 2_000
    assert "The workers have slowed down to about 2,000/s" in " ".join(page(as_viewer, job).split())


def test_bucket_in_another_region_is_looked_for_there(redis):
    there = make_region("there", endpoint_url="https://there.example")
    job = make_job("Active", region=make_region("here"))
    Bucket.objects.create(name="photos", region=there)
    throttle(redis, there.endpoint(), "photos")
    assert throttled_to(job) == 2_000


def test_job_that_does_not_run_is_not_throttled(redis):
    job = make_job("Paused")
    throttle(redis, job.region.endpoint(), "photos")
    assert throttled_to(job) is None


def test_page_answers_while_redis_is_away(as_viewer, settings, monkeypatch, tmp_path):
    nothing = f"unix://{tmp_path}/nothing.sock?db=0&socket_connect_timeout=1"
    for queue in settings.RQ_QUEUES.values():
        monkeypatch.setitem(queue, "URL", nothing)
    assert "Progress" in page(as_viewer, make_job("Active"))
