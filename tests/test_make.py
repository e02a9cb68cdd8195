import pytest
from django.utils import timezone

from jobs.access.actions import Action
from jobs.access.asking import ANY, Context
from jobs.access.decisions import may
from jobs.access.principals import principal_of
from jobs.choices import JobStatus
from tests.make import make_failures, make_job, make_report, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", JobStatus.values)
def test_job_made_in_a_status_has_the_history_that_leads_there(status):
    job = make_job(status, failed=1 if status == "Complete" else 0)
    assert job.status_changes.last().to_status == status
    assert job.status_changes.first().from_status == ""


def test_rows_around_a_job_are_made():
    viewer, context = principal_of(make_user("viewer")), Context(timezone.now())
    assert may(viewer, Action.LIST_JOBS, ANY, context).allowed
    assert not may(viewer, Action.CREATE_JOB, ANY, context).allowed
    job = make_job("Complete", tags={"a": "b"}, actor=make_user("admin"))
    make_failures(job, tasks=9)
    make_report(job, [{"status": "failed", "key": "k", "md5": "", "rows": 9, "size_bytes": 1}])
    assert (job.failure_samples.count(), job.report.rows_failed) == (5, 9)
