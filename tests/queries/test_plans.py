"""What is asked of very many jobs is answered through an index, and by what the page needs alone."""

import re
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs import queueing
from jobs.choices import JobStatus
from jobs.console.views.listing import pack_ids
from jobs.engine import choosing, control_turns
from jobs.engine.sweep import sweep
from jobs.models import Job
from jobs.queries import job_export
from jobs.queries.job_list import SORTS
from tests.make import make_user
from tests.many_jobs import make_many

MANY = 3_000

pytestmark = pytest.mark.django_db


def _day(ago):
    return timezone.localdate() - timedelta(days=ago)


PAGES = {
    "overview": lambda: reverse("overview"),
    "the list": lambda: reverse("job-list"),
    "a page further behind": lambda: reverse("job-list") + "?page=20",
    "jobs of a status": lambda: reverse("job-list") + "?status=Complete",
    "jobs with failures": lambda: reverse("job-list") + "?has=failures",
    "jobs of an operation": lambda: reverse("job-list") + "?op=S3DeleteObject",
    "jobs with a tag": lambda: reverse("job-list") + "?tag=team%3Dblue",
    "jobs of a Region": lambda: reverse("job-list") + "?region=region-of-many-1",
    "jobs of an owner": lambda: reverse("job-list") + "?owner=person-1@example.com",
    "jobs of some days": lambda: reverse("job-list") + f"?from={_day(100)}&to={_day(50)}",
    "jobs of some days by priority": lambda: (
        reverse("job-list") + f"?from={_day(100)}&to={_day(50)}&sort=priority"
    ),
    "jobs of an owner and of some days": lambda: (
        reverse("job-list") + f"?owner=person-1@example.com&from={_day(100)}"
    ),
    "export": lambda: reverse("job-export"),
    "export of an owner": lambda: reverse("job-export") + "?owner=person-1@example.com",
    "what is set aside": lambda: reverse("set-aside"),
    **{
        f"by {sort}": lambda sort=sort: reverse("job-list") + f"?sort={sort}"
        for name in SORTS
        for sort in (name, f"-{name}")
    },
    "reports": lambda: reverse("report-list"),
    "reports further behind": lambda: (
        reverse("report-list") + f"?behind={time.time_ns() // 1000}-9"
    ),
    "reports of a Region": lambda: reverse("report-list") + "?region=region-of-many-1",
    "large reports": lambda: reverse("report-list") + "?size=1MB",
    "a search for what many jobs have": lambda: reverse("search") + "?q=photos",
    "a search for what no job has": lambda: reverse("search") + "?q=zebra",
    "a search for a tag": lambda: reverse("search") + "?q=team%3Dblue",
    "a search for a place": lambda: reverse("search") + "?q=s3%3A%2F%2Fmanifests%2Flist.csv",
    "a search for an ID": lambda: reverse("search") + "?q=abcd",
    "Regions": lambda: reverse("region-list"),
    "Worker health": lambda: reverse("worker-list"),
    "jobs in the admin site": lambda: reverse("admin:jobs_job_changelist"),
}


@pytest.fixture(scope="module")
def admin(django_db_setup, django_db_blocker):
    """Beside many jobs, which are made once: each test has a savepoint within this transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        make_many(MANY, now=timezone.now())
        yield make_user("admin")
        transaction.set_rollback(True)


@pytest.fixture
def many(admin, client, monkeypatch):
    """Many jobs, and an administrator who is signed in."""
    monkeypatch.setattr(queueing, "workers_seen", list)
    monkeypatch.setattr(queueing, "waiting_in", lambda queue: 0)
    client.force_login(admin)
    return client


def plan_of(sql):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            return "\n".join(row[3] for row in cursor.fetchall())
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(row[0] for row in cursor.fetchall())


def walks(plan):
    """Whether rows of all jobs are read, one after the other. To count them, or to find a page by
    the keys in an index, is no such walk.
    """
    if connection.vendor == "sqlite":
        steps = re.findall(r"SCAN (?:jobs_job|job|U0)\b.*", plan)
        return [step for step in steps if "COVERING INDEX" not in step]
    return re.findall(r"Seq Scan on jobs_job\b.*", plan)


def walked(context):
    """Statements that walk, with where; those that count are to."""
    asked = {one["sql"] for one in context.captured_queries if "jobs_job" in one["sql"]}
    looks = [sql for sql in asked if re.match("SELECT|WITH", sql.strip())]
    plans = {sql: walks(plan_of(sql)) for sql in looks if "count(*)" not in sql.lower()}
    return {sql: found for sql, found in plans.items() if found}


def _read(client, page):
    """The whole of it: a download that is not read to its end holds a place."""
    answer = client.get(PAGES[page]())
    b"".join(answer.streaming_content if answer.streaming else ())
    return answer.status_code


@pytest.mark.parametrize("page", PAGES)
def test_page_reads_no_more_jobs_than_it_shows(many, page, monkeypatch):
    # A thousand at once, of so few jobs, are read quicker without an index.
    monkeypatch.setattr(job_export, "BATCH", 10)
    assert _read(many, page) == 200
    with CaptureQueriesContext(connection) as asked:
        assert _read(many, page) == 200
    assert walked(asked) == {}


@pytest.mark.parametrize("query", ["?status=Complete", "?tag=team%3Dblue", "?status=Failed&page=2"])
def test_jobs_of_a_status_or_a_tag_are_counted_without_looking_at_each(many, query):
    """Those of each status are counted anyway, and a tag's rows are as many as its jobs."""
    with CaptureQueriesContext(connection) as asked:
        found = many.get(reverse("job-list") + query).context["found"]
    counts = [one["sql"] for one in asked if re.match(r'SELECT COUNT.*"jobs_job"', one["sql"])]
    others = [sql for sql in counts if JobStatus.PREPARING in sql]  # those of the navigation
    assert counts == others
    wanted = {"status": "Complete"} if "Complete" in query else {"status": "Failed"}
    wanted = {"tags__key": "team", "tags__value": "blue"} if "tag" in query else wanted
    assert found.matches == Job.objects.filter(**wanted).count() > 0


def test_what_was_filtered_is_not_filtered_again_to_read_the_page(many):
    with CaptureQueriesContext(connection) as asked:
        many.get(reverse("job-list") + "?tag=team%3Dblue&sort=description")
    assert sum("jobs_jobtag" in one["sql"] for one in asked) == 2  # to count, and to find the keys


def test_sweep_asks_in_few_queries(many, monkeypatch):
    for call in ("call_control", "call_runners", "call_notifier"):
        monkeypatch.setattr(queueing, call, lambda: None)
    with CaptureQueriesContext(connection) as asked:
        sweep(now=timezone.now())
    assert len(asked) <= 11


def test_sweep_and_the_choice_of_turns_read_jobs_that_go_on_alone(many, monkeypatch):
    monkeypatch.setattr(queueing, "call_control", lambda: None)
    monkeypatch.setattr(queueing, "call_runners", lambda: None)
    with CaptureQueriesContext(connection) as asked:
        sweep(now=timezone.now())
        control_turns.take_turn()
        choosing.choose(now=timezone.now())
    assert walked(asked) == {}


def test_live_cells_of_a_page_read_its_jobs_alone(many):
    ids = pack_ids(Job.objects.order_by("-created_at").values_list("pk", flat=True)[:25])
    with CaptureQueriesContext(connection) as asked:
        many.get(reverse("list-live"), {"ids": ids}, headers={"HX-Request": "true"})
    assert walked(asked) == {}
