"""Polled fragments: small whatever happened before, and made once a second for all who look."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.console import shared
from jobs.console.milestones import Seen
from jobs.console.shared import SharedFragments
from jobs.console.views.listing import pack_ids
from jobs.models import StatusChange
from tests.make import make_job, make_rate, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _long_fresh(monkeypatch):
    monkeypatch.setattr(shared, "FRESH_S", 60)


def live(client, job, **changes):
    query = {"seen": Seen.of(job).status, "quarter": 50, "failures": 0} | changes
    return client.get(reverse("job-live", args=[job.pk]), query, headers=HTMX)


def queries_of(call):
    with CaptureQueriesContext(connection) as asked:
        answer = call()
    return answer, [one["sql"] for one in asked.captured_queries if _is_about_jobs(one["sql"])]


def _is_about_jobs(sql):
    """Who asks, and what they may, is looked up for each."""
    own = ("jobs_accesspolicy", "jobs_principaltag", "jobs_serviceaccount", "jobs_setaside")
    return "jobs_" in sql and not any(table in sql for table in own)


def test_second_viewer_of_a_job_gets_what_was_made_for_the_first(client):
    job = make_job("Active")
    client.force_login(make_user("viewer"))
    first = live(client, job)
    client.force_login(make_user("viewer"))
    second, asked = queries_of(lambda: live(client, job))
    assert (second.content, asked) == (first.content, [])


def test_operators_and_viewers_share_nothing(client):
    job = make_job("Active")
    client.force_login(make_user("operator"))
    assert b"Change limits" in live(client, job).content
    client.force_login(make_user("viewer"))
    assert b"Change limits" not in live(client, job).content


def test_what_one_person_may_press_is_made_for_that_person_alone(client):
    job = make_job("Active")
    client.force_login(make_user("operator"))
    changed = live(client, job, seen="Ready")
    assert b"job-head" in changed.content
    _, asked = queries_of(lambda: live(client, job, seen="Ready"))
    assert asked


def test_nobody_who_may_not_see_it_gets_what_was_made_for_others(client):
    job = make_job("Active")
    client.force_login(make_user("viewer"))
    live(client, job)
    client.force_login(make_user(None))
    assert live(client, job).status_code == 403


@pytest.mark.parametrize("name", ["overview-live", "list-live"])
def test_lists_are_shared_too(client, name):
    job = make_job("Active")
    query = {"ids": pack_ids([job.pk])} if name == "list-live" else {}

    def look():
        return client.get(reverse(name), query, headers=HTMX)

    client.force_login(make_user("viewer"))
    first = look()
    client.force_login(make_user("viewer"))
    second, asked = queries_of(look)
    assert first.status_code == 200
    assert (second.content, asked) == (first.content, [])


def test_who_has_set_something_aside_shares_with_nobody_else(client):
    job, others = make_job("Suspended"), make_user("operator")
    client.force_login(others)
    client.get(reverse("overview-live"), headers=HTMX)
    client.force_login(make_user("operator"))
    client.post(reverse("set-aside"), {"job": job.pk})
    assert b"1 set aside" in client.get(reverse("overview-live"), headers=HTMX).content
    client.force_login(others)
    assert b"set aside</a>" not in client.get(reverse("overview-live"), headers=HTMX).content


@pytest.mark.parametrize("changes", [{}, {"seen": "Ready"}], ids=["as before", "changed"])
def test_fragment_of_a_job_is_small_whatever_its_history(client, changes):
    job = make_job("Active", total=1_000_000)
    make_rate(job, [1000] * 90, until=timezone.now())
    client.force_login(make_user("operator"))
    before = len(live(client, job, **changes).content)
    shared.shared_fragments.forget()
    since = timezone.now() - timedelta(days=1)
    StatusChange.objects.bulk_create(
        StatusChange(
            job=job, at=since + timedelta(seconds=n), from_status="Active", to_status="Paused"
        )
        for n in range(1_000)
    )
    after, asked = queries_of(lambda: live(client, job, **changes))
    assert len(after.content) < before + 10_000 and len(asked) <= 12
    if not changes:
        assert len(after.content) < 10_000


def test_fragment_is_fresh_for_a_second_and_few_are_kept(monkeypatch):
    monkeypatch.setattr(shared, "FRESH_S", 1.0)
    monkeypatch.setattr(shared, "MOST", 2)
    now_s = 100.0
    kept = SharedFragments(clock=lambda: now_s)
    assert kept.get("a") is None
    for key in "abc":
        kept.keep(key, f"text {key}")
    assert [kept.get(key) for key in "abc"] == [None, "text b", "text c"]
    now_s += 1.0
    assert kept.get("c") is None
