"""Every kind of object list in a real browser, with scripts and without."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from jobs.models import Draft, Job
from jobs.spec.generator import GeneratorSpec
from tests.console.wizard.test_in_browser import assert_accessible, begin, choose, go_on
from tests.console.wizard.test_kinds import cats, inventory
from tests.make import make_user

__all__ = ["cats", "inventory"]


@pytest.fixture
def ready(transactional_db, region, role, manifest, cats):
    return make_user("operator", name="browser")


def finish(page, bucket):
    """From step 2 to the job."""
    page.locator("#operation-S3PutObjectTagging").check()
    show = page.get_by_role("button", name="Show settings")
    if show.count():
        show.click()
    page.get_by_label("Key of row 1").fill("team")
    go_on(page)
    page.get_by_label("Path to completion report destination").fill(f"s3://{bucket}/reports")
    go_on(page)
    go_on(page)
    page.wait_for_url("**/jobs/*/")
    return Job.objects.get()


def test_whole_bucket_is_looked_at_as_it_is_typed_and_becomes_a_job(page, ready, cats, bucket):
    begin(page, ready, "generated")
    page.get_by_label("Source", exact=True).fill(f"s3://{cats}")
    page.get_by_label("Source", exact=True).press("Tab")
    expect(page.get_by_text("Exactly 4")).to_be_visible()
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Condition of row 1").select_option("starts")
    page.get_by_label("Text of row 1").first.fill("cats/")
    page.get_by_label("Text of row 1").first.press("Tab")
    expect(page.get_by_text("Exactly 3")).to_be_visible()
    expect(page.get_by_role("cell", name="cats/1 +ä.jpg")).to_be_visible()
    go_on(page)
    job = finish(page, bucket)
    assert isinstance(job.manifest, GeneratorSpec)
    assert job.manifest.filter.names.prefixes == ("cats/",)


def test_whole_bucket_without_scripts_is_browsed_checked_and_becomes_a_job(
    open_page, ready, cats, bucket
):
    page = open_page(java_script_enabled=False)
    begin(page, ready, "generated")
    page.get_by_role("button", name="Browse S3").first.click()
    page.get_by_role("link", name=cats, exact=True).click()
    page.get_by_role("link", name="cats/", exact=True).click()
    page.get_by_role("button", name="Choose this folder").click()
    expect(page.get_by_text("Exactly 3")).to_be_visible()
    go_on(page)
    assert finish(page, bucket).manifest.place == f"s3://{cats}/cats/"


def test_manifest_json_given_as_csv_is_turned_into_an_inventory_and_becomes_a_job(
    page, ready, inventory, bucket
):
    begin(page, ready, "csv")
    page.get_by_label("Manifest object", exact=True).fill(inventory)
    page.get_by_label("Manifest object", exact=True).press("Tab")
    turn = page.get_by_role("button", name="Use it as an S3 Inventory report")
    expect(turn).to_be_visible()
    with page.expect_navigation():
        turn.click()
    expect(page.get_by_label("manifest.json", exact=True)).to_have_value(inventory)
    expect(page.get_by_text("Exactly 2")).to_be_visible()
    go_on(page)
    assert finish(page, bucket).manifest.place == inventory


def test_kinds_keep_what_was_typed_and_look_by_themselves_when_one_comes_back(
    page, ready, manifest, inventory
):
    begin(page, ready, "csv")
    page.get_by_label("Manifest object", exact=True).fill(manifest)
    choose(page, "inventory")
    page.get_by_label("manifest.json", exact=True).fill(inventory)
    page.get_by_label("manifest.json", exact=True).press("Tab")
    expect(page.get_by_role("cell", name="cats/a cat+.jpg")).to_be_visible()
    choose(page, "csv")
    expect(page.get_by_label("Manifest object", exact=True)).to_have_value(manifest)
    expect(page.get_by_role("cell", name="cats/a cat.jpg")).to_be_visible()
    choose(page, "inventory")
    expect(page.get_by_label("manifest.json", exact=True)).to_have_value(inventory)


@pytest.mark.parametrize(
    ("kind", "page_name"), [("upload", "list-upload"), ("paste", "list-paste")]
)
def test_list_from_the_browser_leads_to_its_page(page, ready, kind, page_name):
    begin(page, ready, kind)
    with page.expect_navigation():
        page.locator(f"#to-{kind}").click()
    assert page.url.endswith(reverse(page_name, args=[Draft.objects.get().pk]))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_every_kind_fits_the_screen_and_is_accessible(
    open_page, ready, put, bucket, inventory, width, scheme, console_errors
):
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    long_key = put("a-very-long-key-without-any-place-to-break/" + "x" * 200, "")

    def look():
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        assert_accessible(page)

    begin(page, ready, "generated")
    look()
    page.get_by_label("Source", exact=True).fill(long_key.rpartition("/")[0])
    page.get_by_label("Source", exact=True).press("Tab")
    expect(page.get_by_text("Exactly 1", exact=False).first).to_be_visible()
    page.get_by_text("Filters", exact=True).click()
    look()
    page.get_by_label("Source", exact=True).fill("s3://no-such-bucket")
    page.get_by_label("Source", exact=True).press("Tab")
    expect(page.locator("#preview .alert")).to_be_visible()
    look()
    for kind in ("inventory", "upload", "paste", "tick"):
        choose(page, kind)
        look()
    choose(page, "inventory")
    page.get_by_label("manifest.json", exact=True).fill(inventory)
    page.get_by_label("manifest.json", exact=True).press("Tab")
    expect(page.get_by_text("Exactly 2")).to_be_visible()
    look()
    page.goto("about:blank")  # nothing is swapped in any more
    # axe leaves empty style attributes, which htmx copies to what it swaps in.
    console_errors[:] = [text for text in console_errors if "inline style" not in text]
