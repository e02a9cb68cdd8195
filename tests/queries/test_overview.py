from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import Job
from jobs.queries.overview import overview
from tests.make import make_job, make_rate, make_region

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def test_needs_are_what_waits_for_a_person():
    make_region("far", check_error="It does not answer.", checked_at=NOW)
    old = NOW - timedelta(days=3)
    for status, fields in {
        "Suspended": {"description": "Waits", "total": 12_000},
        "Failed": {"description": "Broke", "failure_reason": "Line 7 is not right."},
        "Complete": {"description": "Half", "failed": 2},
        "Active": {"description": "Runs"},
    }.items():
        make_job(status, now=NOW, **fields)
    make_job("Failed", description="Long ago", created_at=old)
    make_job("Complete", description="Fine", now=NOW)
    found = overview(Job.objects.all(), NOW)
    assert {need.sentence for need in found.needs} == {
        "Region far is unreachable.",
        "“Waits” awaits confirmation: 12,000 objects.",
        "“Broke” failed.",
        "“Half” completed, but 2 objects failed.",
    }
    assert found.needs_total == 4
    assert [one.row.job.description for one in found.running] == ["Runs"]


def test_running_jobs_come_by_priority_with_their_rate():
    since = NOW - timedelta(seconds=100)
    for number in range(7):
        job = make_job(
            "Active", priority=number, active_since=since, started_at=since, total=90_000
        )
        make_rate(job, [100 * number] * 8, until=NOW - timedelta(seconds=10))
    found = overview(Job.objects.all(), NOW)
    assert [one.row.job.priority for one in found.running] == [6, 5, 4, 3, 2]
    assert found.running_total == 7
    assert found.running[0].rate > found.running[1].rate > 0


@pytest.mark.parametrize("number", [1, 3])
def test_overview_takes_eleven_queries_however_many_jobs(django_assert_num_queries, number):
    for _ in range(number):
        for status in ("Suspended", "Active", "Complete"):
            make_job(status, region=make_region())
    with django_assert_num_queries(10):
        found = overview(Job.objects.all(), NOW)
        assert [row.job.region.name for row in found.finished]
