from datetime import UTC, date, datetime, timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from jobs.console.job_filter import parse_filter
from jobs.models import Job
from jobs.queries.job_list import JobFilter, job_page
from tests.make import make_job, make_region, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def found(query):
    return [
        row.job.description
        for row in job_page(Job.objects.all(), parse_filter(QueryDict(query)), now=NOW).rows
    ]


@pytest.fixture
def jobs():
    """Three jobs, the newest last."""
    make_region("here")
    there = make_region("there")
    return [
        make_job("Failed", description="Retag invoices 2024", priority=5, failed=7, total=100,
                 tags={"team": "fin"}, created_at=NOW - timedelta(days=3)),
        make_job("Active", description="Copy photos", priority=9, total=900, region=there,
                 operation="S3PutObjectCopy", tags={"team": "media"},
                 created_at=NOW - timedelta(days=2)),
        make_job("New", description="Retag photos", priority=1, tags={"year": "2024"},
                 created_at=NOW - timedelta(days=1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Retag photos", "Copy photos", "Retag invoices 2024"]),
        ("q=photos", ["Retag photos", "Copy photos"]),
        ("q=PHOTOS+retag", ["Retag photos"]),
        ("status=Failed", ["Retag invoices 2024"]),
        ("status=Failed&status=New", ["Retag photos", "Retag invoices 2024"]),
        ("op=S3PutObjectCopy", ["Copy photos"]),
        ("region=there", ["Copy photos"]),
        ("tag=team%3Dfin", ["Retag invoices 2024"]),
        ("tag=team", ["Copy photos", "Retag invoices 2024"]),
        ("tag=team%3D", []),
        ("has=failures", ["Retag invoices 2024"]),
        ("sort=priority", ["Retag photos", "Retag invoices 2024", "Copy photos"]),
        ("sort=-total", ["Copy photos", "Retag invoices 2024", "Retag photos"]),
        ("sort=total", ["Retag photos", "Retag invoices 2024", "Copy photos"]),
        ("sort=created", ["Retag invoices 2024", "Copy photos", "Retag photos"]),
        ("q=zzz", []),
    ],
)
def test_filter_of_the_url_finds_its_jobs_in_order(jobs, query, expected):
    assert found(query) == expected


def test_search_finds_a_job_by_the_beginning_of_its_id(jobs):
    assert found(f"q={jobs[1].pk[:8].upper()}") == ["Copy photos"]
    assert found(f"q={jobs[1].pk[1:9]}") == []


@pytest.mark.parametrize(
    "query",
    ["status=Gone&sort=-password&op=S3Nothing&per=7&page=-3&color=red", "page=%C2%B2&per=x&q=%00"],
)
def test_unknown_names_and_values_are_dropped(jobs, query):
    assert parse_filter(QueryDict(query)) == JobFilter()
    assert len(found(query)) == 3


def test_page_after_the_last_is_the_last(jobs):
    page = job_page(Job.objects.all(), JobFilter(page=99), now=NOW)
    assert (page.page.number, len(page.rows), page.matches) == (1, 3, 3)


def test_counts_are_of_all_jobs_whatever_the_filter(jobs):
    page = job_page(Job.objects.all(), JobFilter(statuses=("New",)), now=NOW)
    assert (page.jobs, page.matches, page.counts["Failed"], page.counts["Paused"]) == (3, 1, 1, 0)


def test_query_of_a_filter_reads_back_as_the_same_filter():
    one = JobFilter(
        "a b", ("New", "Failed"), "S3PutObjectCopy", "there", "k=v", True, "total", 2, 50,
        "ana@example.com", date(2026, 1, 2), date(2026, 1, 3),
    )  # fmt: skip
    assert parse_filter(QueryDict(one.query())) == one
    assert parse_filter(QueryDict(one.query(per=100))).page == 1
    assert JobFilter().query() == ""


@pytest.mark.parametrize("jobs_made", [1, 3])
def test_list_takes_three_queries_however_many_rows(django_assert_num_queries, jobs_made):
    for _ in range(jobs_made):
        make_job("Active", region=make_region())
    with django_assert_num_queries(3):
        page = job_page(Job.objects.all(), JobFilter(), now=NOW)
        assert [row.job.region.name for row in page.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("owner=Olga.Owner@example.com", ["Second"]),
        ("owner=nobody@example.com", []),
        ("from=2026-03-02", ["Third", "Second"]),
        ("to=2026-03-02", ["Second", "First"]),
        ("from=2026-03-02&to=2026-03-02", ["Second"]),
        ("from=soon&to=2026-13-01", ["Third", "Second", "First"]),
    ],
)
def test_owner_and_days_of_creation_narrow_the_list(query, expected):
    owner = make_user(name="olga.owner")
    for day, name, by in ((1, "First", None), (2, "Second", owner), (3, "Third", None)):
        at = datetime(2026, 3, day, 23, 59, tzinfo=UTC)
        make_job(description=name, owner=by, created_at=at)
    assert found(query) == expected


def test_days_are_those_of_the_reader():
    make_job(description="Late", created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    with timezone.override("Europe/Berlin"):
        assert (found("from=2026-03-02"), found("to=2026-03-01")) == (["Late"], [])
