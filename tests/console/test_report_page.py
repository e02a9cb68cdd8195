import csv
import io
import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs import conf
from jobs.console import report_rows
from jobs.manifests.keys import shown_key
from jobs.reports.reading import COLUMNS
from jobs.reports.rows import report_row
from jobs.s3.storage import Storage
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
    monkeypatch.setattr(report_rows, "SEARCH_S", 600)


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


FAILED = [f"failed/{n:03}%20x" for n in range(7)]
SUCCEEDED = [f"succeeded/{n:03}%20x" for n in range(120)]


def test_report_of_an_erasure_says_of_how_many_keys_nothing_is_left(as_viewer, job):
    assert "Proof of erasure" not in see(as_viewer, job).content.decode()
    job.operation, job.parameters = "S3DeleteObject", {"Mode": "EVERY_VERSION"}
    job.save(update_fields=["operation", "parameters"])
    html = " ".join(see(as_viewer, job).content.decode().split())
    assert "Nothing is left of 120 keys" in html
    assert "Of 7 keys something is left, or it could not be counted" in html


def walk(client, job, **query):
    """The pages of rows from the first on, by their links."""
    pages = [see(client, job, **query)]
    while following := pages[-1].context["found"].following:
        assert f"at={following}" in pages[-1].content.decode()
        pages.append(see(client, job, **query, at=str(following)))
    return pages


def test_report_is_shown_fifty_rows_a_page_across_its_files_the_failed_ones_first(as_viewer, job):
    pages = walk(as_viewer, job)
    assert [len(keys(page)) for page in pages] == [50, 50, 27]
    assert sum(map(keys, pages), []) == FAILED + SUCCEEDED
    assert "120 succeeded, 7 failed, in 3 files." in pages[0].content.decode()


def test_rows_that_are_encoded_are_found_by_what_they_stand_for(as_viewer, job):
    assert keys(see(as_viewer, job, q="/003 X")) == ["failed/003%20x", "succeeded/003%20x"]


@pytest.mark.parametrize("at", ["x", "0-5", "7-0", "-1-0", "0-999999999999", "1-" + "9" * 30])
def test_link_that_leads_to_no_row_is_said_so(as_viewer, job, at):
    assert "leads to no place in the report" in see(as_viewer, job, at=at).content.decode()


@pytest.fixture
def reads(monkeypatch):
    """What is read of a storage: (key, byte, length), without one where it is to the end."""
    seen = []
    ranged, opened = Storage.read_range, Storage.open_object

    def read_range(self, bucket, key, start, length, *args):
        seen.append((key, start, length))
        return ranged(self, bucket, key, start, length, *args)

    def open_object(self, bucket, key, **more):
        seen.append((key, more.get("start_byte", 0), None))
        return opened(self, bucket, key, **more)

    monkeypatch.setattr(Storage, "read_range", read_range)
    monkeypatch.setattr(Storage, "open_object", open_object)
    return seen


@pytest.fixture
def long_job(job, s3):
    """Its first succeeded file has 9,000 rows."""
    rows = rows_of("succeeded", 9_000)
    file = job.report.files[0]
    s3.put_object(Bucket=job.report_bucket, Key=file["key"], Body=b"".join(rows))
    file |= {"rows": len(rows), "size_bytes": sum(map(len, rows))}
    job.report.save()
    return job


def test_page_of_a_long_report_reads_no_more_of_it_than_the_first_range(as_viewer, long_job, reads):
    assert len(keys(see(as_viewer, long_job, task="succeeded"))) == 50
    assert reads == [(long_job.report.files[0]["key"], 0, report_rows.FIRST_BYTES)]


def test_search_by_error_code_reads_no_rows_that_succeeded(as_viewer, long_job, reads):
    assert keys(see(as_viewer, long_job, code="AccessDenied")) == FAILED
    assert {key for key, _, _ in reads} == {long_job.report.files[2]["key"]}


def test_search_that_cannot_end_in_its_time_shows_what_it_found_and_goes_on_there(
    as_viewer, long_job, monkeypatch
):
    monkeypatch.setattr(report_rows, "SEARCH_S", -1)
    pages = walk(as_viewer, long_job, q="/003")
    assert len(pages) > 3
    assert keys(pages[0]) == ["failed/003%20x"]
    assert "only a part of it has been searched" in pages[0].content.decode()
    assert sum(map(keys, pages), []) == ["failed/003%20x"] + ["succeeded/003%20x"]
    assert any(not keys(page) and "Continue searching" in page.content.decode() for page in pages)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"task": "failed"}, [f"failed/{n:03}%20x" for n in range(7)]),
        ({"code": "AccessDenied", "q": "03"}, ["failed/003%20x"]),
        ({"q": "SUCCEEDED/11"}, [f"succeeded/{n:03}%20x" for n in range(110, 120)]),
        ({"q": "nowhere"}, []),
        ({"task": "odd", "q": "ed/119"}, ["succeeded/119%20x"]),
    ],
)
def test_report_is_filtered_by_task_code_and_key(as_viewer, job, query, expected):
    assert keys(see(as_viewer, job, **query)) == expected


def test_file_of_the_report_is_downloaded_byte_for_byte(as_viewer, job):
    answer = as_viewer.get(reverse("job-report-file", args=[job.pk, 3]))
    assert answer.getvalue() == b"".join(rows_of("failed", 7, "AccessDenied"))
    assert answer["Content-Disposition"] == 'attachment; filename="2.csv"'
    assert as_viewer.get(reverse("job-report-file", args=[job.pk, 4])).status_code == 404


def test_download_for_people_has_the_rows_that_fit_under_the_names_of_the_columns(as_viewer, job):
    url = reverse("job-report-download", args=[job.pk])
    answer = as_viewer.get(url, {"q": "003"})
    assert answer["Content-Disposition"] == f'attachment; filename="report-{job.short_id}.csv"'
    head, *rows = csv.reader(io.StringIO(answer.getvalue().decode(), newline=""))
    assert head == list(COLUMNS)
    assert [row[1] for row in rows] == ["failed/003 x", "succeeded/003 x"]
    assert as_viewer.get(url).getvalue().count(b"\r\n") == 1 + 127
    written = as_viewer.get(url, {"q": "003", "keys": "written"}).getvalue()
    assert written.count(b"/003%20x,") == 2


def test_download_as_json_lines_has_an_object_for_each_row_that_fits(as_viewer, job):
    url = reverse("job-report-download", args=[job.pk])
    answer = as_viewer.get(url, {"format": "jsonl", "q": "failed/003"})
    assert answer["Content-Disposition"] == f'attachment; filename="report-{job.short_id}.jsonl"'
    [line] = answer.getvalue().decode().splitlines()
    values = ["photos", "failed/003 x", "v1", "failed", "403", "AccessDenied", "Access Denied"]
    assert json.loads(line) == dict(zip(COLUMNS, values, strict=True))


def test_keys_that_hide_something_are_shown_with_it():
    assert shown_key("a%20b/%E6%97%A5") == "a b/日"
    assert shown_key("two%0Alines%E2%80%AE") == "two%0Alines%E2%80%AE"
    assert shown_key("no%FFutf8 %zz") == "no%FFutf8 %zz"


@pytest.mark.parametrize("name", ["job-report-download", "job-report-file"])
def test_more_downloads_than_threads_are_spared_for_are_told_when_to_come_back(
    as_viewer, job, name
):
    url = reverse(name, args=[job.pk] + [1] * (name == "job-report-file"))
    running = [as_viewer.get(url) for _ in range(conf.DOWNLOADS_AT_ONCE)]
    refused = as_viewer.get(url)
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    assert "Try again in 30 seconds" in refused.content.decode()
    for answer in running:
        assert answer.getvalue()
    assert as_viewer.get(url).getvalue()


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
