"""Moments of doubt that people had in front of the console, each gone."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from jobs.models import Region, RoleCredentials
from tests.console.test_in_browser import signed_in
from tests.make import make_job, make_region, make_role

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = {"viewport": {"width": 390, "height": 844}}


def test_run_job_opens_at_its_warning_and_its_buttons_stay_in_sight(page):
    parameters = {"TagSet": [{"Key": f"key-{n}", "Value": "x" * 200} for n in range(10)]}
    job = make_job("Suspended", total=12_000, parameters=parameters, canary_tasks=25)
    signed_in(page).goto(reverse("job-detail", args=[job.pk]))
    page.locator("#run").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Not now")).to_be_focused()
    assert dialog.evaluate("dialog => dialog.scrollTop") == 0
    for text in ("Replaces every tag on", "lose their current tags"):
        expect(dialog.get_by_text(text)).to_be_in_viewport(ratio=1)
    dialog.evaluate("dialog => dialog.scrollTo(0, dialog.scrollHeight)")
    assert dialog.evaluate("dialog => dialog.scrollTop") > 100
    expect(dialog.get_by_text("Replaces every tag on")).to_be_in_viewport(ratio=1)
    expect(dialog.get_by_role("button", name="Run job")).to_be_in_viewport(ratio=1)
    expect(dialog).to_contain_text("25 tasks first; pause and ask above 10% failed")
    expect(dialog).to_contain_text("Stop above 50% failed, once 1,000 tasks ran")


def test_run_job_tells_what_the_dry_run_of_the_same_list_found(page):
    job = make_job("Suspended", total=12_000)
    earlier = timezone.now() - timedelta(hours=1)
    dry_run = make_job("Complete", total=100, dry_run=True, listed_rows=12_000, created_at=earlier)
    dry_run.foreseen.create(kind="WouldChange", tasks=100)
    signed_in(page).goto(reverse("job-run", args=[job.pk]))
    expect(page.locator("#dry-run")).to_contain_text("Looked at 100 objects of 12,000: 100")


@pytest.mark.parametrize("script", [True, False])
def test_button_that_is_off_says_why_where_one_looks(open_page, script):
    page = signed_in(
        open_page(viewport={"width": 1280, "height": 900}, java_script_enabled=script), "viewer"
    )
    page.goto(reverse("job-detail", args=[make_job("Suspended").pk]))
    reason = page.locator("#run-reason")
    expect(reason).to_be_hidden()
    page.locator("#run").hover()
    expect(reason).to_be_visible()
    expect(reason).to_contain_text("needs the Operator role")
    page.mouse.move(0, 0)
    page.locator("#run").focus()
    expect(reason).to_be_visible()


def test_touch_on_a_button_that_is_off_says_why(open_page):
    page = signed_in(open_page(**PHONE, has_touch=True), "viewer")
    page.goto(reverse("job-detail", args=[make_job("Suspended").pk]))
    page.locator("#run").tap(force=True)  # which is off for Playwright, too
    expect(page.locator("#run-reason")).to_be_in_viewport(ratio=1)


def test_viewer_is_never_told_that_their_confirmation_is_awaited(page):
    job = make_job("Suspended", description="Retag")
    signed_in(page, "viewer")
    pages = ["overview", "job-list", *[(name, job.pk) for name in ("job-detail", "job-activity")]]
    for name in pages:
        url = reverse(name) if isinstance(name, str) else reverse(name[0], args=[name[1]])
        page.goto(url)
        expect(page.locator("main")).not_to_contain_text("your confirmation")
        assert "your confirmation" not in page.title()
    expect(page.locator("#job-head")).to_contain_text("Awaiting confirmation to run")


def test_description_of_a_job_leads_to_it(page):
    job = make_job("Active", description="Retag the whole archive")
    signed_in(page).goto("/jobs/")
    page.get_by_role("link", name="Retag the whole archive").click()
    page.wait_for_url(reverse("job-detail", args=[job.pk]))


@pytest.mark.parametrize("jobs", [0, 1])
def test_list_has_one_button_to_create_a_job(page, jobs):
    for _ in range(jobs):
        make_job("Active")
    signed_in(page).goto("/jobs/")
    expect(page.get_by_role("button", name="Create job")).to_have_count(1)


def test_statuses_are_filtered_in_sight_also_on_a_phone(open_page):
    make_job("Failed", description="Retag")
    make_job("Complete", description="Copy")
    page = signed_in(open_page(**PHONE))
    page.goto("/jobs/")
    page.get_by_label("Failed (1)").check()
    expect(page.locator("#results")).not_to_contain_text("Copy")


def test_sections_of_a_job_stand_on_one_line_of_a_phone(open_page):
    page = signed_in(open_page(**PHONE))
    page.goto(reverse("job-detail", args=[make_job("Complete", total=99_999, failed=12_345).pk]))
    tabs = page.locator("#job-tabs a")
    assert len({tabs.nth(n).bounding_box()["y"] for n in range(tabs.count())}) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_new_tag_has_the_focus_and_after_a_removal_the_next_one(page):
    job = make_job("Active", tags={"team": "media", "year": "2026"})
    signed_in(page).goto(reverse("job-tags", args=[job.pk]))
    page.get_by_role("button", name="Add new tag").click()
    expect(page.get_by_label("Key of tag 3")).to_be_focused()
    page.get_by_role("button", name="Remove tag 1").click()
    expect(page.get_by_role("button", name="Remove tag 1")).to_be_focused()


def test_moments_are_in_the_zone_of_the_browser_and_in_utc_on_hover(open_page):
    at = timezone.now().replace(year=2026, month=1, day=5, hour=10, minute=3, second=11)
    job = make_job("Suspended", created_at=at)
    page = signed_in(open_page(timezone_id="Asia/Tokyo"))
    page.goto(reverse("job-configuration", args=[job.pk]))
    created = page.locator("time").filter(has_text="19:03:11 JST")
    expect(created.first).to_have_attribute("title", "5 January 2026, 10:03:11 UTC")
    page.goto(reverse("job-detail", args=[job.pk]))
    expect(page.locator("#state-alert")).to_contain_text("JST")


def test_storage_without_roles_is_connected_by_a_name_and_a_secret_typed_once(
    page, s3_server, bucket
):
    signed_in(page, "admin").goto(reverse("region-create"))
    page.get_by_label("Name", exact=True).fill("minio")
    page.get_by_label("Endpoint URL").fill(s3_server)
    page.get_by_label("Default place of completion reports").fill(f"s3://{bucket}/out")
    page.get_by_role("textbox", name="IAM role").fill("nightly")
    page.get_by_label("Access key ID").fill("key")
    page.get_by_label("Secret access key").fill("s3cret")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_role("heading", name="Connection test")).to_be_visible()
    assert "s3cret" not in page.content()
    page.get_by_role("button", name="Connect", exact=True).click()
    page.wait_for_url("/regions/minio/")
    expect(page.get_by_text("Next: create a job in this Region")).to_be_visible()
    row = RoleCredentials.objects.get(region__slug="minio")
    assert row.secret_access_key == "s3cret"
    assert row.role.arn.endswith(":role/nightly")


def test_region_is_disabled_and_deleted_when_no_job_needs_it(page):
    used, unused = make_region("used"), make_region("unused")
    make_job("Complete", region=used)
    make_role(unused)
    signed_in(page, "admin").goto(reverse("region-edit", args=["used"]))
    expect(
        page.get_by_text("1 job belongs to this Region, so it cannot be deleted")
    ).to_be_visible()
    page.get_by_role("button", name="Disable Region").click()
    expect(page.get_by_text("used is disabled. No new jobs can be created in it.")).to_be_visible()
    page.goto(reverse("region-edit", args=["unused"]))
    page.get_by_role("button", name="Delete Region").click()
    expect(page.get_by_text("Type its name to delete it.")).to_be_visible()
    page.get_by_label(re.compile("type its name")).fill("unused")
    page.get_by_role("button", name="Delete Region").click()
    page.wait_for_url(reverse("region-list"))
    assert [*Region.objects.values_list("slug", flat=True)] == ["used"]


def test_region_that_jobs_use_is_not_called_untested(page):
    region = make_region("busy")
    make_job("Complete", region=region)
    signed_in(page, "admin").goto(reverse("region-list"))
    expect(page.get_by_role("row", name="busy")).to_contain_text("Reachable")


def test_colours_and_words_of_a_job_say_the_same(page):
    job = make_job("Complete", total=40, failed=40)
    signed_in(page).goto(reverse("job-detail", args=[job.pk]))
    last = page.locator(".timeline > li").last
    expect(last).to_have_class(re.compile("bad"))
    expect(last).to_contain_text("Completed, all failed")
    expect(page.locator("#state-alert .alert")).to_have_class(re.compile("err"))
    expect(page.locator("#timeline")).to_contain_text("waited for confirmation for 30 s")
