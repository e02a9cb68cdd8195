"""A look ahead at some objects in Review and before Run job, within a page."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.engine import quick_look
from jobs.lifecycle import page_turns
from jobs.models import Job
from jobs.operations.steps import Later
from tests.make import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(transactional_db):
    client = Client()
    client.force_login(make_user("operator", name="olga"))
    return client


def sample(browser, job, **headers):
    answer = browser.get(reverse("job-sample", args=[job.pk]), headers=headers)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def waiting(place, steps, keys, **changes):
    job = place.make_job(place.list_of(keys), **changes)
    return steps.prepare(job)


def test_sample_counts_kinds_and_shows_the_first_ten_before_and_after(browser, place, steps):
    keys = [f"{n:02}.jpg" for n in range(12)]
    place.put_objects(keys)
    blue = [{"Key": "team", "Value": "blue"}]
    place.s3.put_object_tagging(Bucket=place.source, Key=keys[0], Tagging={"TagSet": blue})
    text = sample(browser, waiting(place, steps, [*keys, "gone.jpg"]))
    said = re.sub("<[^>]+>", "", text)
    assert "Looked at 13 objects: 11 would change, 1 already so, 1 would fail." in said
    assert "Nothing was changed." in said and "The first 10, before and after" in said
    assert text.count("Tags would change from no tags to team=blue.") == 9
    assert "09.jpg" in text and "10.jpg" not in text
    assert place.s3.get_object_tagging(Bucket=place.source, Key="01.jpg")["TagSet"] == []


def test_sample_of_a_long_list_is_spread_evenly_over_it(browser, place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 7
    job = waiting(place, steps, [f"{n:03}" for n in range(200)])
    text = sample(browser, job)
    assert "Looked at 100 objects of 200, spread evenly: <strong>100 would fail</strong>." in text
    rows = quick_look.rows_of(job, steps.work)
    assert rows.keys[:11] == [*(f"{n:03}" for n in range(10)), "020"]
    assert (len(rows), rows.keys[-1]) == (100, "189")


def test_fragment_comes_alone_and_the_page_with_all_around_it(browser, place, steps):
    job = waiting(place, steps, ["a"])
    assert "<html" in sample(browser, job)
    assert sample(browser, job, hx_request="true").startswith('<div id="sample"')


def test_storage_that_does_not_answer_is_said_and_the_page_comes(
    browser, place, steps, monkeypatch
):
    job = waiting(place, steps, ["a", "b"])
    monkeypatch.setattr(quick_look, "WITHIN_S", 0.5)
    place.region.endpoint_url = "http://127.0.0.1:9"
    place.region.save()
    text = sample(browser, job)
    assert "Looked at 0 objects. Nothing was changed. 2 were not answered" in text


def test_what_was_answered_in_time_is_shown_and_the_rest_is_said(
    browser,
    place,
    steps,
    monkeypatch,
):
    place.put_objects(["a"])
    job = waiting(place, steps, ["a", "slow"])
    foresee = quick_look.DryRun.foresee

    def foresee_or_wait(operation, target, context):
        if target.key == "slow":
            while True:
                yield Later(0.05, free=True)
        return (yield from foresee(operation, target, context))

    monkeypatch.setattr(quick_look.DryRun, "foresee", foresee_or_wait)
    text = sample(browser, job)
    assert "Looked at 1 object: <strong>1 would change</strong>." in text
    assert "1 was not answered within 3 seconds." in text
    assert "Tags would change from no tags to team=blue." in text


def test_pages_that_wait_for_storages_already_are_not_joined_by_more(
    browser,
    place,
    steps,
    monkeypatch,
):
    job = waiting(place, steps, ["a"])

    class Taken:
        def acquire(self, timeout):
            return False

    monkeypatch.setattr(page_turns, "_turns", Taken())
    assert "Other pages wait for slow storages just now." in sample(browser, job)


def test_job_that_does_not_wait_is_not_looked_ahead_at(browser, place, steps):
    job = waiting(place, steps, ["a"])
    Job.objects.filter(pk=job.pk).update(status="Complete", terminated_at=timezone.now())
    assert "The job does not wait for you." in sample(browser, job)


def test_list_that_is_lost_is_said(browser, place, steps):
    job = waiting(place, steps, ["a"])
    steps.work.delete(f"{job.pk}/segments")
    assert "is not in the work storage" in sample(browser, job)


def test_run_job_page_leads_to_the_sample_without_scripts_too(browser, place, steps):
    job = waiting(place, steps, ["a"])
    text = browser.get(reverse("job-run", args=[job.pk])).content.decode()
    url = reverse("job-sample", args=[job.pk])
    assert f'hx-get="{url}?brief" hx-trigger="load"' in text and f'<a href="{url}">' in text


def test_viewer_makes_no_storage_answer(place, steps):
    job = waiting(place, steps, ["a"])
    client = Client()
    client.force_login(make_user("viewer", name="vera"))
    assert client.get(reverse("job-sample", args=[job.pk])).status_code == 403
