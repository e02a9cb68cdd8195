"""The completion report, as a person reads it in a browser."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from jobs.reports.rows import report_row
from tests.console.test_in_browser import signed_in
from tests.make import make_failures, make_job, make_region, make_report

pytestmark = pytest.mark.django_db(transaction=True)

LONG = f"archive/{'deep/' * 40}holiday%20photo.jpg"
KEYS = ["2024/%E6%97%A5%E6%9C%AC/holiday%20photo.jpg", LONG, "line%0Abreak"]


@pytest.fixture
def job(s3, s3_server, bucket):
    job = make_job(
        "Complete",
        region=make_region(endpoint_url=s3_server),
        report_bucket=bucket,
        total=3,
        failed=2,
    )
    make_failures(job, "AccessDenied", 403, tasks=2, samples=0)
    files = []
    for status, keys in (("succeeded", KEYS[:1]), ("failed", KEYS[1:])):
        rows = [
            report_row(
                bucket="photos", raw_key=key, version_id=None, succeeded=status == "succeeded",
                http_status=200 if status == "succeeded" else 403,
                code="" if status == "succeeded" else "AccessDenied", message="Denied " * 30,
            )
            for key in keys
        ]  # fmt: skip
        body = b"".join(rows)
        s3.put_object(Bucket=bucket, Key=f"{status}.csv", Body=body)
        facts = {"status": status, "key": f"{status}.csv", "md5": "", "rows": len(rows)}
        files.append({**facts, "size_bytes": len(body)})
    make_report(job, files)
    return job


def keys_on(page):
    return page.locator("details.unfold > summary").all_inner_texts()


def test_keys_are_read_and_found_as_people_know_them_and_as_written_on_demand(page, job):
    signed_in(page).goto(reverse("job-report", args=[job.pk]))
    decoded = [LONG.replace("%20", " "), "line%0Abreak", "2024/日本/holiday photo.jpg"]
    assert keys_on(page) == decoded
    page.get_by_label("Key contains").fill("日本/Holiday photo")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(re.compile("q="))
    assert keys_on(page) == decoded[2:]
    page.get_by_role("link", name="Show keys as written in the report").click()
    page.wait_for_url(re.compile("keys=written"))
    assert keys_on(page) == KEYS[:1]
    with page.expect_download() as download:
        page.get_by_role("link", name="Download JSON lines").click()
    text = download.value.path().read_text()
    assert (text.count("\n"), KEYS[0] in text) == (1, True)


@pytest.mark.parametrize("script", [True, False])
def test_row_is_one_line_and_a_long_key_unfolds_on_a_click(open_page, job, script):
    page = signed_in(open_page(viewport={"width": 1280, "height": 900}, java_script_enabled=script))
    page.goto(reverse("job-report", args=[job.pk]))
    rows = page.locator("tbody tr")
    heights = [rows.nth(n).bounding_box()["height"] for n in range(3)]
    assert max(heights) < 40, heights
    expect(page.get_by_role("columnheader", name="Bucket")).to_have_count(0)
    key = page.locator("details.unfold > summary span").first
    assert is_cut_off(key)
    key.click()
    assert not is_cut_off(key)
    expect(page.get_by_text(LONG, exact=True)).to_be_visible()


def is_cut_off(element):
    return element.bounding_box()["height"] < 30


def test_bucket_is_a_column_where_the_list_has_several(page, job):
    job.buckets = {"photos": [2, 1], "archive": [1, 3]}
    job.save()
    signed_in(page).goto(reverse("job-report", args=[job.pk]))
    expect(page.get_by_role("columnheader", name="Bucket")).to_have_count(1)
