import pytest

from jobs.choices import JobStatus
from tests.make import make_failures, make_job, make_report, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", JobStatus.values)
def test_job_made_in_a_status_has_the_history_that_leads_there(status):
    job = make_job(status, failed=1 if status == "Complete" else 0)
    assert job.status_changes.last().to_status == status
    assert job.status_changes.first().from_status == ""


def test_rows_around_a_job_are_made():
    user = make_user("viewer")
    assert user.has_perm("jobs.view_job") and not user.has_perm("jobs.add_job")
    job = make_job("Complete", tags={"a": "b"}, actor=make_user("admin"))
    make_failures(job, tasks=9)
    make_report(job, [{"status": "failed", "key": "k", "md5": "", "rows": 9, "size_bytes": 1}])
    assert (job.failure_samples.count(), job.report.rows_failed) == (5, 9)
