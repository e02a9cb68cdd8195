from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from jobs.queries import report_list
from tests.make import make_job, make_region, make_report, make_user

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 3, 5, 12, tzinfo=timezone.get_default_timezone())


def make(description, *, days=0, rows=0, region=None):
    job = make_job("Complete", description=description, region=region or make_region())
    files = [{"status": "failed", "key": "a", "md5": "", "rows": rows, "size_bytes": 100 * rows}]
    make_report(job, files, written_at=DAY + timedelta(days=days))
    return job


def see(client, query=""):
    answer = client.get(reverse("report-list") + query)
    assert answer.status_code == 200
    return answer


def names(answer):
    return [row["job"].description for row in answer.context["rows"]]


def test_without_reports_the_page_says_where_they_come_from(as_viewer):
    make_job("Active")
    text = see(as_viewer).content.decode()
    assert "No reports yet" in text and "Generate completion report" in text


def test_reports_of_all_jobs_are_listed_newest_first_and_lead_to_their_rows(as_viewer):
    jobs = [make("Tags", days=0), make("Copy", days=2, rows=12_000)]
    answer = see(as_viewer)
    assert names(answer) == ["Copy", "Tags"]
    text = answer.content.decode()
    assert all(reverse("job-report", args=[job.pk]) in text for job in jobs)
    assert "1.2 MB" in text and "12,000" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=copy", ["Copy photos"]),
        ("?region=minio-eu1", ["Tag photos"]),
        ("?from=2026-03-06", ["Copy photos"]),
        ("?to=2026-03-05", ["Tag photos"]),
        ("?from=2026-03-05&to=2026-03-07", ["Copy photos", "Tag photos"]),
        ("?size=1MB", ["Copy photos"]),
        ("?from=nonsense&size=odd&behind=x-y", ["Copy photos", "Tag photos"]),
        ("?from=0001-01-01&to=9999-12-31", ["Copy photos", "Tag photos"]),
    ],
)
def test_reports_are_filtered_by_job_region_date_and_size(as_viewer, query, expected):
    make("Tag photos", region=make_region("minio-eu1"))
    make("Copy photos", days=2, rows=20_000)
    assert names(see(as_viewer, query)) == expected


def test_filter_that_nothing_fits_says_so_and_keeps_what_was_typed(as_viewer):
    make("Tags")
    text = see(as_viewer, "?q=nowhere&from=2026-04-01").content.decode()
    assert "No report fits these filters." in text
    assert 'value="nowhere"' in text and 'value="2026-04-01"' in text


def test_pages_follow_each_other_without_a_gap_or_a_repeat(as_viewer, monkeypatch):
    monkeypatch.setattr(report_list, "PER_PAGE", 2)
    for number in range(5):  # The last two were written at the same moment.
        make(f"Job {number}", days=min(number, 3))
    seen, answer = [], see(as_viewer, "?q=job")
    while True:
        seen += names(answer)
        if not answer.context["next"]:
            break
        answer = see(as_viewer, answer.context["next"].removeprefix(reverse("report-list")))
    assert seen == ["Job 4", "Job 3", "Job 2", "Job 1", "Job 0"]


def test_nobody_without_a_role_sees_reports(client):
    make("Tags")
    client.force_login(make_user(None))
    assert client.get(reverse("report-list")).status_code == 403


def test_size_of_older_reports_is_summed_up_from_their_files():
    report = make("Tags", rows=7).report
    type(report).objects.update(size_bytes=0)
    import_module("jobs.migrations.0029_report_size").sum_up(apps, None)
    report.refresh_from_db()
    assert report.size_bytes == 700
