from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from jobs.models import JobEvent, StatusChange
from jobs.queries import job_history, progress
from jobs.queries.job_detail import job_progress, poll_every_s
from jobs.queries.job_history import Cursor, job_activity, timeline
from tests.make import make_failures, make_job, make_rate, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def active_job(**fields):
    """Ran for 100 s."""
    since = NOW - timedelta(seconds=100)
    return make_job("Active", started_at=since, active_since=since, now=NOW, **fields)


def test_progress_of_an_active_job_has_rates_and_the_time_left():
    job = active_job(total=12_000, succeeded=2_990, failed=10)
    make_rate(job, [300] * 10, until=NOW - timedelta(seconds=10))
    found = job_progress(job, now=NOW)
    assert found.remaining == 9_000
    assert found.rate_average == pytest.approx(30)
    assert 25 < found.rate_now < 35
    assert found.left_s == pytest.approx(300, rel=0.2)
    assert not found.stalled


def test_shown_end_stays_while_the_estimate_moves_little():
    job = active_job(total=12_000, succeeded=3_000)
    make_rate(job, [300] * 10, until=NOW - timedelta(seconds=10))
    fresh = job_progress(job, now=NOW)
    near = fresh.ends_s + 5
    assert job_progress(job, now=NOW, shown_ends_s=near).ends_s == near
    far = job_progress(job, now=NOW, shown_ends_s=fresh.ends_s * 2)
    assert far.ends_s == fresh.ends_s


@pytest.mark.parametrize("rest_s", [300.0, 20_000.0, 1_000_000.0])
def test_pages_that_come_one_after_the_other_are_told_one_end_or_two(rest_s):
    """What is made for a page that shows one end serves all pages that show it, although each is told
    of its own estimate.
    """
    ends = set()
    for second in range(20):
        now_s, estimate_s = 1_700_000_000.0 + second, rest_s * (1 + (second % 5) / 200)
        ends.add(round(now_s + progress.common_s(estimate_s - second / 20, now_s)))
        assert abs(progress.common_s(estimate_s, now_s) - estimate_s) <= max(0.5, estimate_s / 16)
    assert len(ends) <= 2


def test_active_job_without_a_finished_object_for_two_minutes_is_stalled_and_has_no_estimate():
    since = NOW - timedelta(seconds=600)
    job = make_job("Active", started_at=since, active_since=since, total=9_000)
    make_rate(job, [500], until=NOW - timedelta(seconds=300))
    found = job_progress(job, now=NOW)
    assert (found.stalled, found.left_s, found.ends_s) == (True, None, 0)


def test_job_that_waits_has_no_estimate_and_is_not_called_stalled():
    since = NOW - timedelta(seconds=600)
    job = make_job("Active", started_at=since, active_since=since, waiting_for="The storage rests.")
    make_rate(job, [500] * 50, until=NOW)
    found = job_progress(job, now=NOW)
    assert (found.stalled, found.left_s) == (False, None)


def test_time_in_pauses_does_not_count_as_active():
    job = make_job("Paused", active_elapsed_s=42.0, succeeded=84)
    found = job_progress(job, now=NOW)
    assert (found.active_s, found.rate_average, found.rate_now) == (42.0, 2.0, None)


def test_progress_takes_two_queries(django_assert_num_queries):
    job = active_job()
    for code in "abcd":
        make_failures(job, code, tasks=2)
    with django_assert_num_queries(2):
        found = job_progress(job, now=NOW)
    assert (len(found.causes), found.more_causes) == (4, 1)


@pytest.mark.parametrize(
    ("status", "every_s"),
    [("New", 2), ("Preparing", 2), ("Suspended", 10), ("Ready", 2), ("Active", 2), ("Pausing", 2),
     ("Paused", 10), ("Completing", 2), ("Complete", 0), ("Cancelling", 2), ("Cancelled", 0),
     ("Failing", 2), ("Failed", 0)],
)  # fmt: skip
def test_page_looks_again_as_often_as_the_status_deserves(status, every_s):
    assert poll_every_s(make_job(status)) == every_s


def test_timeline_tells_what_happened_by_whom_and_how_long_it_took():
    ana = make_user("operator", name="ana", first_name="Ana")
    job = make_job("Active", actor=ana, now=NOW)
    steps = timeline(job, NOW)
    assert [(step.title, step.by, step.current) for step in steps] == [
        ("Created", "Ana", False),
        ("Preparing", "", False),
        ("Prepared", "", False),
        ("Confirmed", "Ana", False),
        ("Active", "", True),
    ]
    assert {step.span_s for step in steps[:-1]} == {30.0}


def test_activity_is_newest_first_and_has_changes_of_priority_and_tags():
    job = make_job("Suspended", actor=make_user("operator", name="olga"), now=NOW)
    facts = {"job": job, "at": NOW}
    JobEvent.objects.create(kind="priority", before=10, after=4000, **facts)
    JobEvent.objects.create(kind="tags", before={}, after={"team": "media", "a": ""}, **facts)
    rows = job_activity(job).rows
    assert [(row.event, row.before, row.after) for row in rows] == [
        ("Tags changed", "none", "a=, team=media"),
        ("Priority changed", "10", "4,000"),
        ("Status changed", "Preparing", "Awaiting confirmation to run"),
        ("Status changed", "New", "Preparing"),
        ("Created", "", "New"),
    ]
    assert rows[-1].by == "olga@example.com"


def test_activity_is_read_page_by_page_and_no_entry_is_missed_or_told_twice(monkeypatch):
    monkeypatch.setattr(job_history, "ACTIVITY_ROWS", 7)
    job = make_job("Active", now=NOW)
    at = NOW
    for number in range(20):
        JobEvent.objects.create(job=job, at=at, kind="priority", before=number, after=number + 1)
        if number % 3 == 0:
            StatusChange.objects.create(job=job, at=at, from_status="Active", to_status="Paused")
            at += timedelta(seconds=1)
    seen, page = [], job_activity(job)
    assert page.is_newest
    while page.older:
        seen += page.rows
        page = job_activity(job, Cursor.parse(QueryDict(page.older.query)))
        assert not page.is_newest
    seen += page.rows
    assert len(seen) == 20 + job.status_changes.count()
    assert [row.at for row in seen] == sorted((row.at for row in seen), reverse=True)
    told = [row.after for row in seen if row.event == "Priority changed"]
    assert told == [str(number) for number in range(20, 0, -1)]


def test_timeline_shows_the_last_steps_of_a_long_history():
    job = make_job("Active", now=NOW)
    for _ in range(50):
        StatusChange.objects.create(job=job, at=NOW, from_status="Active", to_status="Paused")
    steps = timeline(job, NOW)
    assert (len(steps), steps[-1].current) == (job_history.STEPS_SHOWN, True)
