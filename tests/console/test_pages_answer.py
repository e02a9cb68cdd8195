"""Every page of a job answers in every status, for every role."""

import pytest
from django.urls import reverse

from jobs.choices import JobStatus
from tests.make import make_failures, make_job

PAGES = [
    "job-detail",
    "job-failures",
    "job-configuration",
    "job-activity",
    "job-report",
    "job-live",
]
FORMS = ["job-run", "job-cancel", "job-priority", "job-tags"]
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("status", JobStatus.values)
def test_page_of_a_job_in_any_status_answers(as_operator, status):
    job = make_job(status, failed=3, description="Retag <invoices>", tags={"team": "media"})
    make_failures(job, tasks=3)
    for name in [*PAGES, *FORMS]:
        answer = as_operator.get(reverse(name, args=[job.pk]), headers=HTMX)
        assert answer.status_code == 200, name
        assert "Retag <invoices>" not in answer.content.decode(), name


def test_lists_answer_with_jobs_in_all_statuses(as_viewer):
    for status in JobStatus.values:
        make_job(status)
    for name in ("overview", "job-list"):
        assert as_viewer.get(reverse(name)).status_code == 200
    for name in ("overview-live", "list-live"):
        assert as_viewer.get(reverse(name), headers=HTMX).status_code == 200
