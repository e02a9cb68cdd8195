"""The main way of the product in a real browser, over real workers and a real S3 server."""

import csv
import io
import json
import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from jobs import queueing
from jobs.models import Job, Region, Role, RoleCredentials
from tests.make import PASSWORD, make_user
from tests.servers import eventually, s3_client, storage_running

AWKWARD = ["a b.jpg", "a+b.jpg", "50%.jpg", "é/ü.jpg", 'quo"te.jpg', "com,ma.jpg", "日本.jpg"]
KEYS = [*AWKWARD, *(f"2026/photo-{n:03d}.jpg" for n in range(300 - len(AWKWARD)))]
QUICK = {
    "BATCHCONSOLE_CHUNK_ROWS": "10",
    "BATCHCONSOLE_IN_FLIGHT": "2",
    "BATCHCONSOLE_RECORD_EVERY_S": "1",
}
ROLE_ARN = "arn:aws:iam::123456789012:role/batch"
STAGE = 75
"""Copies that are made at most before the page has shown that it moves."""


@pytest.fixture
def gate(tmp_path):
    """gate(75) lets the storage make 75 copies in all; the next ones wait."""

    def open_to(copies):
        (tmp_path / "fresh").write_text(str(copies))
        (tmp_path / "fresh").rename(tmp_path / "gate")

    open_to(STAGE)
    return open_to


@pytest.fixture
def slow_storage(tmp_path, gate):
    """One that takes its time for a copy, so that there is something to watch."""
    with storage_running(tmp_path, copy_delay_s=0.01, copy_gate=tmp_path / "gate") as url:
        yield url


@pytest.fixture
def s3(slow_storage):
    return s3_client(slow_storage)


@pytest.fixture
def buckets(transactional_db, s3, slow_storage):
    """Source, target and report bucket of a connected Region, and a manifest of all KEYS."""
    source, target, reports = "photos", "archive", "reports"
    for bucket in (source, target, reports):
        s3.create_bucket(Bucket=bucket)
    for key in KEYS:
        s3.put_object(Bucket=source, Key=key, Body=key.encode())
    rows = "".join(f"{source},{quote(key)}\n" for key in KEYS)
    s3.put_object(Bucket=source, Key="lists/all.csv", Body=rows.encode())
    region = Region.objects.create(
        name="Here", slug="here", endpoint_url=slow_storage, created_at=timezone.now()
    )
    role = Role.objects.create(arn=ROLE_ARN)
    RoleCredentials.objects.create(
        role=role, region=region, access_key_id="test", secret_access_key="test"
    )
    return source, target, reports


@pytest.fixture
def workers(start_worker, start_process):
    start_process("scheduler", **QUICK)
    for queue in ("control", "run", "run"):
        start_worker(queue, **QUICK)
    eventually(lambda: queueing.workers_of("run") == 2 and queueing.workers_of("control") == 1)


@pytest.fixture
def picture(request):
    """Takes the page at 1280 and 390 px, light and dark, into the folder SCREENSHOTS if set."""
    folder = os.environ.get("SCREENSHOTS")

    def take(page, name):
        if not folder:
            return
        page.evaluate("scrollTo(0, 0)")
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 900})
                path = Path(folder, f"{name}-{width}-{colours}.png")
                page.screenshot(path=path, full_page=True, caret="initial")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})

    return take


def sign_in(page):
    page.goto("/jobs/")
    page.get_by_label("Email").fill("ana@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Jobs")


def next_step(page, title):
    with page.expect_navigation():  # until the scripts are there
        page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def count_of(page, label):
    """The number that stands under `label` on the job's page."""
    found = re.search(rf"{label}\s+([\d,]+)", page.locator("#live").inner_text())
    return int(found[1].replace(",", "")) if found else 0


def test_person_copies_300_objects_from_the_wizard_to_the_report(
    page, buckets, redis, workers, s3, picture, gate
):
    source, target, reports = buckets
    make_user("operator", name="ana")
    sign_in(page)
    picture(page, "list-empty")

    page.get_by_role("main").get_by_role("button", name="Create job").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose Region and manifest")
    page.wait_for_load_state()
    page.get_by_role("combobox", name="Region").select_option(label="Here")
    page.locator("#kind-csv").check()
    page.get_by_label("Manifest object", exact=True).fill(f"s3://{source}/lists/all.csv")
    page.get_by_role("button", name="Check manifest").click()
    expect(page.locator("#preview")).to_contain_text("300")
    picture(page, "step-1")
    next_step(page, "Choose operation")
    page.locator("#operation-S3PutObjectCopy").check()
    page.get_by_label("Destination bucket").fill(target)
    page.get_by_label("Destination prefix").fill("2026 copies")
    page.get_by_label("I acknowledge that existing objects").check()
    picture(page, "step-2")
    next_step(page, "Configure additional options")
    page.get_by_role("textbox", name="Description").fill("Copy of the photos")
    page.get_by_label("Priority").fill("42")
    page.get_by_label("All tasks").check()
    page.get_by_label("Path to completion report destination").fill(f"s3://{reports}/done")
    picture(page, "step-3")
    next_step(page, "Review")
    expect(page.get_by_role("main")).to_contain_text(target)
    picture(page, "step-4")
    page.get_by_role("button", name="Create job").last.click()

    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    job = Job.objects.get()
    expect(page.locator("body")).to_contain_text("Successfully created job ID")
    expect(page.locator("#live, main").first).to_contain_text(
        "Awaiting your confirmation to run", timeout=30_000
    )
    picture(page, "details-suspended")
    assert s3.list_objects_v2(Bucket=target)["KeyCount"] == 0

    page.goto(f"/jobs/{job.pk}/run/")
    expect(page.get_by_role("main")).to_contain_text("300")
    picture(page, "run")
    page.get_by_label("I acknowledge").check()
    page.get_by_role("button", name="Run job").click()
    expect(page.locator("body")).to_contain_text("Successfully received confirmation to run job")

    seen = watch(page, job, gate)
    assert len(seen) >= 4, f"the counts hardly moved: {seen}"
    assert seen == sorted(seen)
    expect(page.locator("h1, .st").filter(has_text="Completed").first).to_be_visible()
    picture(page, "details-completed")

    page.get_by_role("link", name="Report", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("300")
    expect(page.get_by_role("main")).to_contain_text("a%20b.jpg")
    picture(page, "report")
    assert copies_in(s3, target) == {f"2026 copies/{key}": key for key in KEYS}
    rows = report_rows(s3, reports, job)
    assert sorted(rows) == sorted(
        [source, quote(key), "", "succeeded", "200", "", "Successful"] for key in KEYS
    )


def watch(page, job, gate):
    """The different counts that the open page showed, without a reload, until the job ended."""
    seen = []

    def ended():
        count = count_of(page, "Total succeeded")
        if count and count not in seen:
            seen.append(count)
            gate(STAGE * (len(seen) + 1) if len(seen) < 3 else len(KEYS) * 10)
        return count == 300

    page.evaluate("window.stillTheSamePage = true")
    eventually(ended, within_s=120, every_s=0.2)
    assert page.evaluate("window.stillTheSamePage")
    eventually(lambda: Job.objects.get(pk=job.pk).status == "Complete")
    page.reload()
    return seen


def copies_in(s3, bucket):
    """Key to content of every object of a bucket."""
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys}


def report_rows(s3, bucket, job):

    folder = f"done/job-{job.pk}"
    manifest = s3.get_object(Bucket=bucket, Key=f"{folder}/manifest.json")["Body"].read()
    rows = []
    for file in json.loads(manifest)["Results"]:
        text = s3.get_object(Bucket=bucket, Key=file["Key"])["Body"].read().decode()
        rows += csv.reader(io.StringIO(text, newline=""))
    return rows
