"""Retry failed of a job that ran the list of a dry run."""

import pytest

from jobs.models import Job
from tests.console.test_retry import created, pressed
from tests.make import make_job

pytestmark = pytest.mark.django_db


def test_retry_has_no_guard_and_its_review_says_so(as_operator, ended):
    job = ended.make([("a", "ObjectChanged"), ("b", "NoSuchKey")])
    Job.objects.filter(pk=job.pk).update(guarded_by=make_job("Complete", dry_run=True))
    wizard = pressed(as_operator, job)
    assert "This one has no such guard" in wizard.open("review").html
    assert created(wizard).guarded_by_id is None


def test_retry_of_any_other_job_says_nothing_of_guards(as_operator, ended):
    job = ended.make([("a", "NoSuchKey")])
    assert "no such guard" not in pressed(as_operator, job).open("review").html
