"""The page Worker health, and what a job says that nobody works on."""

import pytest
from django.urls import reverse

from jobs import queueing
from jobs.engine.database import now_s
from jobs.errors import QueueUnavailableError
from jobs.models import Job
from tests.make import make_job, seen_worker

pytestmark = pytest.mark.django_db
FROZEN = [seen_worker("run", silent_s=20, pid=1), seen_worker("run", silent_s=22, pid=2)]
LIVE = [seen_worker("run", call_pid=7), seen_worker("control"), seen_worker("scheduler")]


@pytest.fixture
def seen(monkeypatch):
    def see(found):
        monkeypatch.setattr(queueing, "workers_seen", lambda: found)
        monkeypatch.setattr(queueing, "waiting_in", lambda queue: 3)

    return see


def text_of(client, name, *args, **headers):
    answer = client.get(reverse(name, args=args), **headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_shows_who_lives_and_what_each_works_on(as_viewer, seen):
    seen(LIVE)
    job = make_job("Completing", description="Tag all")
    Job.objects.filter(pk=job.pk).update(
        control_owner="here:7", control_lease_expires_s=now_s() + 60
    )
    page = text_of(as_viewer, "worker-list")
    assert "2 of 2 workers and the scheduler are alive. All that is needed runs." in page
    assert "Tag all" in page and "Idle" in page and "6 hints" in page
    assert page.count('data-l="Kind"') == 3
    fragment = text_of(as_viewer, "workers-live", HTTP_HX_REQUEST="true")
    assert 'id="workers-live"' in fragment and "<html" not in fragment


def test_page_says_which_workers_are_silent_and_what_to_do(as_viewer, seen):
    seen(FROZEN)
    make_job("Ready")
    page = text_of(as_viewer, "worker-list")
    assert "0 of 2 workers are alive. 1 job waits." in page
    assert "No runner was heard of for 20 seconds: 2 runners on here are frozen, dead or" in page
    assert "No control worker is running." in page


def test_page_says_that_redis_does_not_answer_and_shows_what_is_held(as_viewer, monkeypatch):
    def fail():
        raise QueueUnavailableError

    monkeypatch.setattr(queueing, "workers_seen", fail)
    job = make_job("Completing", description="Tag all")
    Job.objects.filter(pk=job.pk).update(
        control_owner="here:7", control_lease_expires_s=now_s() + 60
    )
    page = text_of(as_viewer, "worker-list")
    assert "Redis does not answer" in page and "here:7" in page and "Tag all" in page


@pytest.mark.parametrize("status", ["Ready", "Active"])
def test_job_that_nobody_works_on_says_so_with_a_way_to_more(as_viewer, seen, status):
    seen(FROZEN)
    job = make_job(status)
    page = text_of(as_viewer, "job-live", job.pk, HTTP_HX_REQUEST="true")
    assert (
        "No worker is processing this job" in page
        and "No runner was heard of for 20 seconds" in page
    )
    assert reverse("worker-list") in page


def test_job_that_somebody_works_on_says_nothing(as_viewer, seen):
    seen(LIVE)
    assert "No worker is processing" not in text_of(as_viewer, "job-detail", make_job("Active").pk)


def test_page_is_for_those_who_may_see_jobs(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("nobody@example.com"))
    assert client.get(reverse("worker-list")).status_code == 403
    assert client.get(reverse("workers-live")).status_code == 403
