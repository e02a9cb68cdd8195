"""What only a real browser shows: polling, focus, dialogs, filtering without a reload."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from jobs.models import Job
from tests.make import PASSWORD, make_failures, make_job, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(page, role="operator"):
    user = make_user(role)
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    return page


def change(job, **fields):
    Job.objects.filter(pk=job.pk).update(**fields)


def test_counts_move_without_a_reload_and_the_end_is_told(page):
    job = make_job("Active", total=1000, succeeded=300)
    signed_in(page).goto(reverse("job-detail", args=[job.pk]))
    page.evaluate("window.sameDocument = true")
    page.locator("#clone").focus()
    make_failures(job, tasks=5)
    change(job, tasks_succeeded=600, tasks_failed=5)
    expect(page.locator("#live")).to_contain_text("60.5%")
    expect(page.locator("#announce")).to_have_text(re.compile("first objects failed"))
    change(job, tasks_succeeded=995, **{"status": "Complete", "terminated_at": timezone.now()})
    expect(page.locator("#job-head")).to_contain_text("Completed, 5 failed")
    expect(page.locator("#live")).to_contain_text("100%")
    expect(page.locator("#announce")).to_have_text("Status: Completed, 5 failed.")
    expect(page.locator("#live[hx-get]")).to_have_count(0)
    assert "Completed" in page.title()
    assert page.evaluate("window.sameDocument")
    expect(page.locator("#clone")).to_be_focused()


def test_live_updates_that_are_off_ask_nothing_and_say_since_when(page):
    job = make_job("Active")
    signed_in(page).goto(reverse("job-detail", args=[job.pk]))
    page.get_by_role("button", name="Turn off live updates").click()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4500)  # two polls would have come
    assert asked == []
    page.reload()
    expect(page.get_by_text(re.compile(r"Live updates off since \d\d:\d\d"))).to_be_visible()
    page.get_by_role("button", name="Turn on live updates").click()
    expect(page.get_by_text("Live updates on", exact=True)).to_be_visible()
    change(job, tasks_succeeded=999)
    expect(page.locator("#live")).to_contain_text("99.9%")


def test_job_that_has_ended_offers_no_live_updates(page):
    job = make_job("Active")
    signed_in(page).goto(reverse("job-detail", args=[job.pk]))
    expect(page.locator("#live-note")).to_be_visible()
    change(job, status="Complete", terminated_at=timezone.now())
    expect(page.locator("#job-head")).to_contain_text("Completed")
    expect(page.locator("#live-note")).to_be_hidden()


def test_filter_narrows_without_a_reload_and_back_undoes_it(page):
    make_job("Failed", description="Retag invoices")
    make_job("Complete", description="Copy photos")
    signed_in(page).goto("/jobs/")
    page.get_by_label("Find jobs by ID or description").fill("retag")
    expect(page.locator("#results")).not_to_contain_text("Copy photos")
    expect(page).to_have_url(re.compile(r"\?q=retag"))
    expect(page.get_by_label("Find jobs by ID or description")).to_be_focused()
    page.reload()
    expect(page.locator("#results")).to_contain_text("1 match")
    page.get_by_label("Operation").select_option("Copy")
    expect(page.locator("#results")).to_contain_text("No matches")
    page.go_back()
    expect(page.locator("#results")).to_contain_text("1 match")
    expect(page).to_have_url(re.compile(r"\?q=retag"))
    expect(page.get_by_label("Operation")).to_have_value("")
    expect(page.get_by_label("Find jobs by ID or description")).to_have_value("retag")
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("#results")).to_contain_text("Copy photos")


def test_run_job_asks_in_a_dialog_whose_safe_button_has_the_focus(page):
    job = make_job("Suspended", total=12_000)
    signed_in(page).goto(reverse("job-detail", args=[job.pk]))
    page.locator("#run").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Replaces every tag on 12,000 objects in photos.")
    expect(dialog.get_by_role("link", name="Not now")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#run")).to_be_focused()
    page.locator("#run").click()
    dialog.get_by_label("type the name of the bucket: photos").fill("photos")
    dialog.get_by_role("button", name="Run job").click()
    expect(page.get_by_text("Successfully received confirmation to run job ID")).to_be_visible()
    job.refresh_from_db()
    assert job.status == "Ready"


def test_everything_is_done_without_javascript(open_page):
    page = signed_in(open_page(java_script_enabled=False))
    job = make_job("Suspended", description="Retag photos", tags={"team": "media"})
    page.goto("/jobs/")
    page.get_by_label("Find jobs by ID or description").fill("retag")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name=job.short_id).click()
    page.get_by_role("link", name="Run job").click()
    page.get_by_label("type the name of the bucket: photos").fill("photos")
    page.get_by_role("button", name="Run job").click()
    page.get_by_role("link", name="Configuration").click()
    page.get_by_role("link", name="Edit tags").click()
    page.get_by_role("button", name="Add new tag").click()
    page.get_by_label("Key of tag 2").fill("year")
    page.get_by_label("Key of tag 2").press("Enter")
    expect(page.get_by_text("Saved the tags of job ID")).to_be_visible()
    page.get_by_role("link", name="Cancel job").click()
    page.get_by_label("Reason").fill("Wrong tag")
    page.get_by_role("button", name="Cancel job").click()
    job.refresh_from_db()
    assert (job.status, job.status_update_reason) == ("Cancelled", "Wrong tag")
    assert dict(job.tags.values_list("key", "value")) == {"team": "media", "year": ""}
