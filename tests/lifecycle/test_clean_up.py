"""What goes by itself, and what never does."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from jobs.lifecycle import clean_up as module
from jobs.lifecycle.clean_up import clean_up
from jobs.models import Draft, FailureCause, FailureSample, Job, JobTag, RateSample, StatusChange
from tests.make import make_failures, make_job, make_rate, make_report, make_user

NOW = timezone.now()
YEAR = timedelta(days=365)

pytestmark = pytest.mark.django_db


def make_session(key, expires_at):
    return Session.objects.create(session_key=key, session_data="", expire_date=expires_at)


def old_job(**fields):
    job = make_job("Complete", created_at=NOW - YEAR, failed=3, tags={"team": "blue"}, **fields)
    make_failures(job, tasks=3)
    make_rate(job, [5, 5], until=NOW - YEAR)
    return job


def test_sessions_that_expired_go_and_others_stay():
    make_session("old", NOW - timedelta(seconds=1))
    make_session("new", NOW + timedelta(seconds=1))
    clean_up(NOW)
    assert [one.session_key for one in Session.objects.all()] == ["new"]


def test_drafts_that_were_left_go_and_those_that_became_jobs_stay():
    owner, at = make_user(), NOW - timedelta(days=31)
    Draft.objects.create(owner=owner, created_at=at, updated_at=at)
    kept = Draft.objects.create(owner=owner, created_at=at, updated_at=at, job=make_job())
    clean_up(NOW)
    assert list(Draft.objects.all()) == [kept]


def test_all_goes_in_small_batches(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(module, "BATCH", 2)
    for number in range(5):
        make_session(str(number), NOW - YEAR)
    with django_assert_max_num_queries(21):
        clean_up(NOW)
    assert not Session.objects.exists()


def test_details_of_jobs_are_kept_for_ever_where_nothing_else_is_set():
    make_report(old_job())
    clean_up(NOW)
    assert RateSample.objects.count() == 2 and FailureSample.objects.count() == 3


def test_details_of_jobs_that_ended_long_ago_go_and_the_jobs_stay(settings):
    settings.BATCHCONSOLE_KEEP_DETAILS_DAYS = 30
    make_report(old_job())
    young = make_job("Complete", created_at=NOW - timedelta(days=29))
    make_rate(young, [5], until=NOW)
    clean_up(NOW)
    assert [sample.job for sample in RateSample.objects.all()] == [young]
    assert not FailureSample.objects.exists()
    counts = [model.objects.count() for model in (Job, JobTag, FailureCause)]
    assert counts == [2, 1, 1]
    assert StatusChange.objects.filter(job__tasks_failed=3).exists()


def test_samples_of_a_job_without_a_report_never_go(settings):
    settings.BATCHCONSOLE_KEEP_DETAILS_DAYS = 1
    old_job(report_enabled=False)
    clean_up(NOW)
    assert FailureSample.objects.count() == 3
