from datetime import UTC, datetime, timedelta

import pytest

from jobs.lifecycle.expiry import expires_at
from jobs.queries import words
from tests.make import make_job, make_region

NOW = datetime(2026, 11, 21, 10, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(days=30), "in 30 days"),
        (timedelta(days=29, hours=23, minutes=55), "in 30 days"),
        (timedelta(hours=25), "in 1 day"),
        (timedelta(hours=5), "in 5 hours"),
        (timedelta(minutes=2), "in 2 minutes"),
        (timedelta(seconds=20), "in less than a minute"),
    ],
)
def test_time_until_is_said_in_the_largest_unit(span, text):
    assert words.until(span) == text


@pytest.mark.django_db
def test_expiry_of_a_suspended_job_is_said_to_the_minute():
    job = make_job("Suspended", suspended_at=NOW)
    text = "Expires on 21 December 2026 at 10:03 UTC (in 30 days) if nobody confirms."
    assert words.expiry(job, NOW) == text
    assert words.moment(expires_at(job)) in text
    late = NOW + timedelta(days=30, seconds=1)
    assert words.expiry(job, late).startswith("Expired on 21 December 2026 at 10:03 UTC")
    assert words.expiry(make_job("Ready"), NOW) == ""


@pytest.mark.django_db
def test_storage_is_gone_for_jobs_from_before_it_was_emptied_only():
    region = make_region(emptied_at=NOW)
    assert "keeps nothing" in words.storage_gone(
        make_job("Complete", region=region, created_at=NOW - timedelta(seconds=1))
    )
    assert words.storage_gone(make_job("Complete", region=region, created_at=NOW)) == ""
    assert words.storage_gone(make_job(region=make_region())) == ""
