import pytest

from jobs import queueing
from jobs.console import context
from jobs.console.context import REDIS_DOWN, banner_cache
from jobs.errors import QueueUnavailableError
from tests.make import make_job, seen_worker

pytestmark = pytest.mark.django_db


def test_page_answers_and_says_so_when_redis_is_down(as_viewer):
    answer = as_viewer.get("/jobs/")
    assert answer.status_code == 200
    assert REDIS_DOWN in answer.content.decode()


def test_page_says_that_no_worker_runs_only_when_work_waits(as_viewer, redis):
    make_job("Suspended")
    assert "Service notice" not in as_viewer.get("/jobs/").content.decode()
    banner_cache.forget()
    make_job("Ready")
    make_job("New")
    assert "No worker is running. 2 jobs wait." in as_viewer.get("/jobs/").content.decode()


def test_worker_of_the_other_queue_does_not_help(as_viewer, redis, monkeypatch):
    seen = [seen_worker("control")]
    monkeypatch.setattr(queueing, "workers_seen", lambda: seen)
    make_job("New")
    assert not banner_cache.get()
    banner_cache.forget()
    make_job("Active")
    assert banner_cache.get().text == "No worker is running. 1 job waits."


def test_many_pages_ask_redis_once(as_viewer, monkeypatch):
    monkeypatch.setattr(context, "FRESH_WHEN_DOWN_S", 600)
    asked = []

    def ask():
        asked.append(1)
        raise QueueUnavailableError

    monkeypatch.setattr(queueing, "workers_seen", ask)
    for _ in range(5):
        as_viewer.get("/jobs/")
    assert len(asked) == 1
