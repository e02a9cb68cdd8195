"""What is to be seen on each picture of the tour, and the way there."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from jobs.management import demo_objects

INVENTORY = f"s3://{demo_objects.MANIFESTS}/{demo_objects.INVENTORY}"


@dataclass(frozen=True)
class Stop:
    """`walk` leads to what is shown, and waits until it is there."""

    name: str
    walk: Callable[[Page], None]
    dark: bool = False
    phone: bool = False
    signed_in: bool = True


def at_job(words: str, then: Callable[[Page], None] = lambda page: None) -> Callable[[Page], None]:
    """The page of the demo's job whose description has `words`."""

    def walk(page: Page) -> None:
        page.goto("/jobs/")
        page.get_by_role("link", name=re.compile(re.escape(words))).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(words)
        then(page)

    return walk


def overview(page: Page) -> None:
    page.goto("/")
    finished = page.get_by_role("region", name="Recently finished")
    expect(finished).to_contain_text("Checksums of the photos of 2022")
    expect(page.get_by_text("is paused: its first objects failed too often")).to_be_visible()


def jobs(page: Page) -> None:
    overview(page)
    page.goto("/jobs/")
    expect(page.get_by_text("Completed, 76 failed")).to_be_visible()


def running(page: Page) -> None:
    expect(page.locator("#live")).to_contain_text("Rate now")
    expect(page.locator("#live")).to_contain_text(re.compile(r"[2-9]\d\.\d%|1[2-9]\.\d%"))


def first_step(page: Page) -> None:
    page.goto("/jobs/create/")
    page.get_by_role("button", name="Start new").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose Region and manifest")
    page.wait_for_load_state()


def inventory(page: Page) -> None:
    first_step(page)
    page.locator("#kind-inventory").check()
    expect(page.locator('input[name="kind_shown"][value="inventory"]')).to_have_count(1)
    page.locator('input[name="inventory_object"], #inventory_object').first.fill(INVENTORY)
    page.get_by_role("button", name=re.compile("^Check ")).first.click()
    expect(page.locator("#preview")).to_contain_text("5,000")
    page.evaluate("scrollTo(0, 0)")


def operation(page: Page) -> None:
    csv_list(page)
    page.get_by_label("Replace all object tags").check()
    page.get_by_label("Key of row 1").fill("album")
    page.get_by_label("Value of row 1").fill("summer")
    expect(page.locator("#example")).to_contain_text("album=summer")
    page.locator("#operation-S3PutObjectTagging").evaluate("one => one.scrollIntoView()")
    page.evaluate("scrollBy(0, -200)")


def csv_list(page: Page) -> None:
    first_step(page)
    page.locator("#kind-csv").check()
    expect(page.locator('input[name="kind_shown"][value="csv"]')).to_have_count(1)
    page.get_by_label("Manifest object", exact=True).fill("s3://manifests/photos.csv")
    page.get_by_role("button", name="Check manifest").click()
    expect(page.locator("#preview")).to_contain_text("5,000")
    with page.expect_navigation():
        page.locator("#next").click()


def mistakes(page: Page) -> None:
    first_step(page)
    page.locator("#kind-csv").check()
    expect(page.locator('input[name="kind_shown"][value="csv"]')).to_have_count(1)
    page.get_by_label("Manifest object", exact=True).fill("s3://manifests/photos-with-mistakes.csv")
    page.get_by_role("button", name="Check manifest").click()
    expect(page.locator("#preview")).to_contain_text("problem")
    page.locator("#preview").scroll_into_view_if_needed()
    page.locator("#preview").evaluate("one => one.scrollIntoView()")


def review(page: Page) -> None:
    operation(page)
    with page.expect_navigation():
        page.locator("#next").click()
    with page.expect_navigation():
        page.locator("#next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review")
    page.wait_for_load_state("networkidle")


def run_dialog(page: Page) -> None:
    page.locator("#run").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def failures(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Failures")).first.click()
    expect(page.get_by_role("main")).to_contain_text("AccessDenied")


def report(page: Page) -> None:
    page.get_by_role("link", name="Report", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("private/contract")


def audit(page: Page) -> None:
    page.goto("/audit/")


STOPS = (
    Stop("sign-in", lambda page: page.goto("/sign-in/") and None, signed_in=False),
    Stop("overview", overview),
    Stop("jobs", jobs),
    Stop("inventory", inventory),
    Stop("mistakes", mistakes),
    Stop("operation", operation),
    Stop("review", review),
    Stop("run", at_job("Tag all photos for the spring catalogue", run_dialog)),
    Stop("dry-run", at_job("What would deleting the photos of 2020 do?")),
    Stop("canary", at_job("Tag the wedding albums")),
    Stop("failures", at_job("Copy the scans of 2018", failures)),
    Stop("report", at_job("Copy the scans of 2018", report)),
    Stop("audit", audit),
    Stop("running", at_job("photos that were sold", running)),
    Stop("running-dark", at_job("photos that were sold", running), dark=True),
    Stop("running-phone", at_job("photos that were sold", running), phone=True),
)
