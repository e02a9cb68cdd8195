"""The pictures of the README, made anew: PICTURES=docs .venv/bin/python -m pytest tests/e2e/pictures.py

Not a test: the job is made up, so that each time the same is to be seen.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from jobs.console import context
from tests.make import PASSWORD, STEP_S, make_failures, make_job, make_rate, make_region, make_user

SIZE = {"width": 1280, "height": 912}
PER_TEN_SECONDS = [180, 455, 540, 561, 548, 572, 566, 539, 492, 556, 571, 583, 560, 578]
COPY = {"TargetResource": "arn:aws:s3:::archive", "TargetKeyPrefix": "2026/"}


def make_running_job(owner):
    now = timezone.now()
    begun = now - timedelta(seconds=10 * len(PER_TEN_SECONDS))
    job = make_job(
        "Active",
        region=make_region("storage-eu-1"),
        owner=owner,
        actor=owner,
        total=12_000,
        succeeded=sum(PER_TEN_SECONDS) - 42,
        failed=42,
        created_at=begun - timedelta(seconds=4 * STEP_S),
        description="Copy photos to the archive",
        operation="S3PutObjectCopy",
        parameters=COPY,
    )
    make_failures(job, "AccessDenied", 403, tasks=30)
    make_failures(job, "NoSuchKey", 404, tasks=12)
    make_rate(job, PER_TEN_SECONDS, until=now)
    return job


@pytest.mark.parametrize(("scheme", "name"), [("light", "console"), ("dark", "console-dark")])
def test_picture_of_a_job_in_mid_run(transactional_db, open_page, monkeypatch, scheme, name):
    monkeypatch.setattr(context, "look", lambda: (context.Banner(), 60.0))
    context.banner_cache.forget()
    ana = make_user("operator", name="ana")
    page = open_page(viewport=SIZE, color_scheme=scheme, device_scale_factor=1.5)
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(ana.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(reverse("job-detail", args=[make_running_job(ana).pk]))
    expect(page.locator("#live")).to_contain_text("60.8%")
    page.screenshot(path=Path(os.environ["PICTURES"], f"{name}.png"), caret="initial")
