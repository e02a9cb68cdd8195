"""Retry failed in a real browser: the page that waits for a long list, and what a screen shows."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from jobs.models import Draft
from jobs.reports import retry_drafts
from tests.console.ended import make_list
from tests.console.test_retry import retried
from tests.console.wizard.test_in_browser import assert_accessible
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(page):
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(make_user("operator").email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    return page


def test_page_of_a_long_list_leads_on_by_itself(ended, slowly, page):
    job = ended.make([("a", "NoSuchKey"), ("b", "NoSuchKey")])
    signed_in(page).goto(reverse("job-detail", args=[job.pk]))
    page.get_by_role("button", name="Retry failed").click()
    expect(page.locator("#retry-list")).to_contain_text("Waiting for a worker")
    draft = Draft.objects.get()
    retry_drafts.WORK.change(str(draft.pk), read=1)
    expect(page.locator("#retry-list")).to_contain_text("Read 1 row of the completion report")
    make_list(draft)
    page.wait_for_url(reverse("wizard-step", args=[draft.pk, "review"]))
    expect(page.locator("#retried-notes")).to_contain_text("the 2 objects that failed")


def test_retry_works_without_scripts_and_the_waiting_page_looks_again_by_itself(
    ended, slowly, open_page
):
    job = ended.make([("a", "NoSuchKey"), ("b", "AccessDenied")])
    page = signed_in(open_page(java_script_enabled=False))
    page.goto(reverse("job-failures", args=[job.pk]))
    page.get_by_role("button", name="that failed with AccessDenied").click()
    expect(page.locator("#retry-list")).to_contain_text("The list of 1 object is being made.")
    draft = Draft.objects.get()
    make_list(draft)
    page.wait_for_url(reverse("wizard-step", args=[draft.pk, "review"]))
    page.locator("#next").click()
    expect(page.locator("#job-head")).to_contain_text(f"Retry of {job.short_id}")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (320, "light")])
def test_pages_of_retries_fit_the_screen_and_are_accessible(
    ended, slowly, open_page, width, scheme, console_errors
):
    job = ended.make([("a", "ObjectNotInActiveTierError"), ("b", "NoSuchKey")], "Cancelled")
    page = signed_in(open_page(viewport={"width": width, "height": 900}, color_scheme=scheme))

    def look(name, *arguments):
        page.goto(reverse(name, args=arguments))
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        assert_accessible(page)

    look("job-detail", job.pk)
    page.get_by_role("button", name="Retry failed").click()
    page.wait_for_url("**/retry-list/")
    draft = Draft.objects.get()
    look("retry-list", draft.pk)
    retry_drafts.WORK.change(
        str(draft.pk), state="failed", error=f"s3://{'x' * 60}/ is gone. Do that."
    )
    look("retry-list", draft.pk)
    retried(job, "NoSuchKey", status="Suspended", total=1)
    for name in ("job-detail", "job-failures", "job-report"):
        look(name, job.pk)
    look("job-list")
    page.goto("about:blank")  # nothing is swapped in any more
    # axe leaves empty style attributes, which htmx copies to what it swaps in.
    console_errors[:] = [text for text in console_errors if "inline style" not in text]
