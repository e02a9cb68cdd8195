"""From sign-in to a finished job without a mouse: every stop is reached by Tab, and is seen."""

import threading

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from jobs import conf
from jobs.engine import finisher, runner
from jobs.engine.preparing import planner
from jobs.models import Job
from jobs.workstore.store import FolderStore
from tests.make import PASSWORD, make_region, make_role, make_user

MOST_STOPS = 150
"""Presses of Tab until somebody would give up: twice what the longest step has."""

SEEN = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  return one === document.body || style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""


@pytest.fixture
def storage(transactional_db, s3, s3_server, bucket):
    """A Region with one bucket, which has two objects and will have the report."""
    make_role(make_region("store", endpoint_url=s3_server))
    for key in ("cats/a.jpg", "cats/b.jpg"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"a cat")
    return bucket


def reach(page, target):
    """Press Tab until `target` has the focus; each stop on the way shows that it has it."""
    expect(target).to_be_visible()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML")
        if target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {target}")


def type_into(page, label, text):
    reach(page, page.get_by_role("main").get_by_label(label, exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def press(page, target, key="Enter"):
    """What leads to another page."""
    reach(page, target)
    with page.expect_navigation():
        page.keyboard.press(key)
    page.wait_for_load_state()


def at(page, title):
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def work(job, call):
    """A background call, made here."""
    call(job.pk, work=FolderStore(conf.work_dir()), clock=timezone.now, stop=threading.Event())


def test_job_is_made_confirmed_and_finished_by_keyboard_alone(page, storage, s3, redis):
    user = make_user("operator")
    page.goto("/sign-in/")
    type_into(page, "Email", user.email)
    type_into(page, "Password", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    at(page, "Overview")
    press(page, page.get_by_role("button", name="Create job").first)
    if page.get_by_role("button", name="Start new").count():
        press(page, page.get_by_role("button", name="Start new"))
    at(page, "Choose Region and manifest")
    type_into(page, "Source", f"s3://{storage}")
    press(page, page.locator("#next"))
    at(page, "Choose operation")
    tagging = page.locator("#operation-S3PutObjectTagging")
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.name === 'operation'"):
        page.keyboard.press("Tab")
    while not tagging.is_checked():
        page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Key of row 1")).to_be_visible()
    type_into(page, "Key of row 1", "team")
    type_into(page, "Value of row 1", "red")
    press(page, page.locator("#next"))
    at(page, "Configure additional options")
    type_into(page, "Path to completion report destination", f"s3://{storage}/reports")
    press(page, page.locator("#next"))
    at(page, "Review")
    press(page, page.locator("#next"))
    job = Job.objects.get()
    work(job, planner.prepare_job)
    page.reload()
    reach(page, page.locator("#run"))
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Not now")).to_be_focused()
    reach(page, dialog.get_by_label(f"type the name of the bucket: {storage}"))
    page.keyboard.type(storage)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Successfully received confirmation to run job ID")).to_be_visible()
    runner.run_chunks(work=FolderStore(conf.work_dir()), clock=timezone.now, stop=threading.Event())
    work(job, finisher.finish_job)
    page.reload()
    expect(page.locator("#job-head")).to_contain_text("Completed")
    press(page, page.get_by_role("link", name="Report", exact=True))
    expect(page.get_by_role("main")).to_contain_text("Completion report")
    tags = s3.get_object_tagging(Bucket=storage, Key="cats/a.jpg")["TagSet"]
    assert tags == [{"Key": "team", "Value": "red"}]
