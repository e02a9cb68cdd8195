"""A function and a webhook in a real browser: connected by an administrator, then run by a job."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jobs.choices import JobStatus
from jobs.models import FunctionEndpoint, Job, Webhook
from tests import s3_double
from tests.console.wizard.test_in_browser import assert_accessible, begin, go_on, sign_in
from tests.engine.conftest import Steps
from tests.make import make_user
from tests.operations.invocations import KEYS, SECRET, answered, results, sigv4_holds, webhook_holds


def picture(page, name):
    """At 1280 and 390 px, light and dark, into the folder SCREENSHOTS if set."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return
    for colours in ("light", "dark"):
        page.emulate_media(color_scheme=colours)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            path = Path(folder, f"{name}-{width}-{colours}.png")
            page.screenshot(path=path, full_page=True, caret="initial")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture
def double():
    def answer(received):
        event = json.loads(received.body)
        return answered(results(received, text="drawn") if "tasks" in event else b"", 200)

    with s3_double.running() as made:
        made.answer = answer
        yield made


@pytest.fixture
def manifest(put, bucket):
    return put("list.csv", f"{bucket},cats/a%20cat.jpg\n{bucket},any%20text\n")


@pytest.fixture
def run(redis):
    """All the way of the one job, in this process."""

    def run():
        job = Job.objects.get()
        job = Steps().all_the_way(job)
        assert job.status == JobStatus.COMPLETE, job.failure_reason
        return job

    return run


def to_operation(page, manifest, user):
    begin(page, user)
    page.get_by_label("Manifest object", exact=True).fill(manifest)
    page.get_by_role("button", name="Check manifest").click()
    expect(page.get_by_text("Exactly 2")).to_be_visible()
    go_on(page)


def create(page, bucket):
    go_on(page)
    page.get_by_label("Path to completion report destination").fill(f"s3://{bucket}/reports")
    go_on(page)
    expect(page.get_by_text("for 2 objects in")).to_be_visible()
    page.locator("#next").click()
    page.wait_for_url("**/jobs/*/")


def connect(page, double, kind):
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.goto("/connections/")
    picture(page, f"connections-{kind}")
    page.get_by_role("link", name=f"Connect {kind}").click()
    page.get_by_label("Name").fill("Thumbnails")
    if kind == "functions":
        page.get_by_label("Endpoint URL").fill(double.endpoint.url)
        page.get_by_label("Region code").fill("eu-west-1")
        page.get_by_label("Functions").fill("draw")
        page.get_by_label("Access key ID").fill(KEYS.access_key_id)
        page.get_by_label("Secret access key").fill(KEYS.secret_access_key)
    else:
        page.get_by_label("URL").fill(f"{double.endpoint.url}/hook")
        page.get_by_label("Allow a private address").check()
        page.get_by_label("Secret", exact=True).fill("nothing")
        page.get_by_role("button", name="Connect").click()
        expect(page.locator(".error-summary a")).to_have_text(
            "Write the secret as whsec_ and base64."
        )
        assert_accessible(page)
        page.get_by_label("Secret", exact=True).fill(SECRET)
    picture(page, f"connect-{kind}")
    assert_accessible(page)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thumbnails")
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#results")).to_be_visible()
    picture(page, f"connected-{kind}")
    assert_accessible(page)


@pytest.mark.parametrize("kind", ["functions", "webhook"])
def test_what_an_administrator_connected_is_run_by_a_job(
    transactional_db, open_page, region, role, manifest, bucket, double, run, kind
):
    page = open_page(viewport={"width": 1280, "height": 900})
    sign_in(page, make_user("admin", name="ada"))
    connect(page, double, kind)
    assert FunctionEndpoint.objects.count() + Webhook.objects.count() == 1
    page.goto("/connections/")
    picture(page, f"connections-with-{kind}")
    assert_accessible(page)

    page = open_page(viewport={"width": 1280, "height": 900})
    to_operation(page, manifest, make_user("operator", name="browser"))
    if kind == "functions":
        page.get_by_label("Invoke function").check()
        offered = page.locator("#function_arn_offers option").first.get_attribute("value")
        page.get_by_label("Function", exact=True).fill(offered)
    else:
        page.get_by_label("Call webhook").check()
        page.get_by_label("Webhook", exact=True).select_option(label="Thumbnails")
    page.get_by_label("2.0: the bucket by its name").check()
    page.get_by_label("Key of row 1").or_(page.get_by_label("Name of row 1")).first.fill("size")
    page.get_by_label("Value of row 1").fill("200")
    picture(page, f"wizard-{kind}")
    assert_accessible(page)
    double.received.clear()
    create(page, bucket)
    job = run()
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, 2)
    holds = sigv4_holds if kind == "functions" else webhook_holds
    assert len(double.received) == 2 and all(map(holds, double.received))
    events = [json.loads(received.body) for received in double.received]
    assert {event["job"]["userArguments"]["size"] for event in events} == {"200"}
    page.goto(f"/jobs/{job.pk}/configuration/")
    expect(page.get_by_role("main")).to_contain_text("size=200")


def test_form_says_who_connects_functions_while_none_is_connected(
    page, transactional_db, region, role, manifest
):
    to_operation(page, manifest, make_user("operator", name="browser"))
    page.get_by_label("Call webhook").check()
    expect(page.get_by_text("An administrator connects webhooks under")).to_be_visible()
    page.get_by_label("Invoke function").check()
    expect(page.get_by_text("An administrator connects functions under")).to_be_visible()
    picture(page, "wizard-none")
    assert_accessible(page)
    page.get_by_label("Function", exact=True).fill(
        "arn:aws:lambda:eu-west-1:123456789012:function:draw"
    )
    go_on(page)
    expect(page.locator(".error-summary a")).to_contain_text(
        'No functions of the Region code "eu-west-1" are connected.'
    )
