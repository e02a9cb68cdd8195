from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.console import report_rows
from jobs.reports.rows import report_row
from tests.make import make_failures, make_job, make_region, make_report

pytestmark = pytest.mark.django_db


def rows_of(status, count, code=""):
    return [
        report_row(
            bucket="photos", raw_key=f"{status}/{n:03}%20x", version_id="v1" if n % 2 else None,
            succeeded=status == "succeeded", http_status=200 if not code else 403,
            code=code, message="Successful" if not code else "Access Denied",
        )
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def _all_the_time(monkeypatch):
    monkeypatch.setattr(report_rows, "PATIENCE_S", 600)


@pytest.fixture
def job(db, s3, s3_server, bucket):
    """A completed job whose report has 120 succeeded rows in two files, and 7 failed ones."""
    region = make_region(endpoint_url=s3_server)
    job = make_job("Complete", region=region, total=127, failed=7, report_bucket=bucket)
    make_failures(job, "AccessDenied", 403, tasks=7)
    done = rows_of("succeeded", 120)
    parts = [("succeeded", done[:70]), ("succeeded", done[70:]), ("failed", rows_of("failed", 7, "AccessDenied"))]  # fmt: skip
    files = []
    for number, (status, rows) in enumerate(parts):
        key = f"out/job-{job.pk}/results/{number}.csv"
        s3.put_object(Bucket=bucket, Key=key, Body=b"".join(rows))
        size = sum(map(len, rows))
        files.append(
            {"status": status, "key": key, "md5": "", "rows": len(rows), "size_bytes": size}
        )
    make_report(job, files)
    return job


def see(client, job, **query):
    answer = client.get(reverse("job-report", args=[job.pk]), query)
    assert answer.status_code == 200
    return answer


def keys(answer):
    return [row.key for row in answer.context["found"].rows]


def test_report_is_shown_fifty_rows_a_page_across_its_files(as_viewer, job):
    found = []
    for number in (1, 2, 3):
        answer = see(as_viewer, job, page=number)
        found += keys(answer)
        assert answer.context["found"].more is (number < 3)
        assert len(keys(answer)) == (50 if number < 3 else 27)
    assert found == [f"succeeded/{n:03}%20x" for n in range(120)] + [f"failed/{n:03}%20x" for n in range(7)]  # fmt: skip
    assert "120 succeeded, 7 failed, in 3 files." in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"task": "failed"}, [f"failed/{n:03}%20x" for n in range(7)]),
        ({"code": "AccessDenied", "q": "03"}, ["failed/003%20x"]),
        ({"q": "SUCCEEDED/11"}, [f"succeeded/{n:03}%20x" for n in range(110, 120)]),
        ({"q": "nowhere"}, []),
        ({"page": "99"}, []),
        ({"page": "0", "task": "odd", "q": "ed/119"}, ["succeeded/119%20x"]),
    ],
)
def test_report_is_filtered_by_task_code_and_key(as_viewer, job, query, expected):
    assert keys(see(as_viewer, job, **query)) == expected


def test_download_has_the_filtered_rows_byte_for_byte(as_viewer, job):
    url = reverse("job-report-download", args=[job.pk])
    answer = as_viewer.get(url, {"task": "failed"})
    assert answer.getvalue() == b"".join(rows_of("failed", 7, "AccessDenied"))
    assert answer["Content-Disposition"] == f'attachment; filename="report-{job.short_id}.csv"'
    assert as_viewer.get(url).getvalue().count(b"\n") == 127


def test_report_that_was_deleted_says_where_it_was(as_viewer, job, s3):
    for file in job.report.files:
        s3.delete_object(Bucket=job.report_bucket, Key=file["key"])
    text = see(as_viewer, job).content.decode()
    folder = f"s3://{job.report_bucket}/out/job-{job.pk}/"
    assert f"The report object was moved or deleted: {folder}" in text
    answer = as_viewer.get(reverse("job-report-download", args=[job.pk]))
    assert answer.url == reverse("job-report", args=[job.pk])


def test_report_that_is_no_report_any_more_is_said_so(as_viewer, job, s3):
    s3.put_object(Bucket=job.report_bucket, Key=job.report.files[0]["key"], Body=b"hello\n")
    assert "is not a completion report any more" in see(as_viewer, job).content.decode()


def test_storage_that_does_not_answer_is_said_so(as_viewer, job):
    job.region.endpoint_url = "http://127.0.0.1:9"
    job.region.save()
    assert "The storage does not answer." in see(as_viewer, job).content.decode()


def test_role_without_credentials_is_said_so(as_viewer, job):
    job.role.credentials.all().delete()
    assert "has no credentials in Region" in see(as_viewer, job).content.decode()


def test_page_gives_up_on_a_filter_that_finds_nothing_for_too_long(as_viewer, job, monkeypatch):
    monkeypatch.setattr(report_rows, "PATIENCE_S", -1)
    assert (
        "Narrow the filter, or download the report." in see(as_viewer, job, q="x").content.decode()
    )


@pytest.mark.parametrize(
    ("status", "fields", "sentence"),
    [
        ("Complete", {"report_enabled": False}, "No report was requested for this job."),
        ("Active", {}, "The report appears when the job ends."),
        ("Cancelled", {"succeeded": 0}, "No object was processed, so there is no report."),
        ("Failed", {"failure_reason": "The bucket is gone."}, "could not be written: The bucket is gone."),
    ],
)  # fmt: skip
def test_report_that_does_not_exist_says_why(as_viewer, status, fields, sentence):
    assert sentence in see(as_viewer, make_job(status, **fields)).content.decode()


def test_report_of_an_earlier_demo_storage_is_said_to_be_gone(as_viewer, job):
    job.region.emptied_at = timezone.now() + timedelta(seconds=1)
    job.region.save()
    assert "keeps nothing between starts" in see(as_viewer, job).content.decode()
