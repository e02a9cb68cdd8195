"""The wizard in a real browser: with scripts, without, on a small screen, and under axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from jobs.models import Draft, Job
from tests.make import PASSWORD, make_user
from tests.servers import eventually

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def sign_in(page, user):
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def begin(page, user, kind="csv"):
    sign_in(page, user)
    page.goto(reverse("job-create"))
    page.get_by_role("button", name="Start new").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose Region and manifest")
    page.wait_for_load_state()  # the scripts are there, too
    choose(page, kind)


def choose(page, kind):
    """A kind of object list, with its fields."""
    page.locator(f"#kind-{kind}").check()
    show = page.get_by_role("button", name="Show the fields of the chosen kind")
    if show.count():  # without scripts
        show.click()
    expect(page.locator(f'input[name="kind_shown"][value="{kind}"]')).to_have_count(1)


def go_on(page):
    """To the page that comes next, with its scripts: what is clicked before them does nothing."""
    with page.expect_navigation():
        page.locator("#next").click()


def assert_accessible(page):
    page.evaluate("scrollTo(0, 0)")  # what the bar half covers would count as too small
    found = Axe().run(page, options={"runOnly": STANDARDS}).response["violations"]
    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found] == []


@pytest.fixture
def ready(transactional_db, region, role, manifest):
    """Everything that a person needs to create a job."""
    return make_user("operator", name="browser")


def test_preview_follows_what_is_typed_and_the_draft_saves_itself(page, ready, manifest):
    begin(page, ready)
    page.get_by_label("Manifest object", exact=True).fill(manifest)
    page.get_by_label("Manifest object", exact=True).press("Tab")
    expect(page.get_by_text("Exactly 2")).to_be_visible()
    expect(page.get_by_role("cell", name="cats/a cat.jpg")).to_be_visible()
    page.get_by_label("Manifest object version ID").type("typed but not sent")
    expect(page.locator("#saved")).to_contain_text("Draft saved")
    eventually(
        lambda: Draft.objects.get().data["manifest"].get("version_id") == "typed but not sent"
    )
    page.reload()
    assert page.get_by_label("Manifest object version ID").input_value() == "typed but not sent"


def test_second_look_waits_for_the_first_and_nothing_complains(page, ready, manifest):
    held = []

    def hold_first(route):
        if held:
            route.continue_()
        held.append(route)

    begin(page, ready)
    page.route("**/preview/", hold_first)
    page.get_by_label("Manifest object", exact=True).fill(manifest)
    with page.expect_request("**/preview/"):
        page.get_by_label("Manifest object", exact=True).press("Tab")
    page.get_by_role("button", name="Check manifest").click()
    with page.expect_response("**/preview/"), page.expect_request("**/preview/"):
        held[0].continue_()
    expect(page.get_by_text("Exactly 2")).to_have_count(1)
    expect(page.locator("#saved")).to_contain_text("Draft saved")
    assert len(held) == 2


def test_whole_way_with_scripts_makes_one_job(page, ready, manifest, bucket):
    begin(page, ready)
    page.get_by_label("Manifest object", exact=True).fill(manifest)
    page.get_by_role("button", name="Check manifest").click()
    expect(page.get_by_text("Exactly 2")).to_be_visible()
    go_on(page)
    page.get_by_label("Replace all object tags").check()
    page.get_by_label("Key of row 1").fill("team")
    page.get_by_label("Value of row 1").fill("red")
    expect(page.locator("#example")).to_contain_text("cats/a cat.jpg gets exactly team=red")
    page.get_by_role("button", name="Add tag").click()
    expect(page.get_by_label("Key of row 2")).to_be_focused()
    page.get_by_role("button", name="Remove row 2").click()
    expect(page.get_by_role("button", name="Remove row 1")).to_be_focused()
    page.wait_for_load_state()
    page.locator("#operation-S3PutObjectCopy").check()
    expect(page.get_by_label("Destination bucket")).to_be_visible()
    page.get_by_label("Replace all object tags").check()
    expect(page.get_by_label("Key of row 1")).to_have_value("team")
    go_on(page)
    page.get_by_label("Path to completion report destination").fill(f"s3://{bucket}/reports")
    go_on(page)
    expect(page.get_by_text("Replaces every tag on 2 objects")).to_be_visible()
    page.locator("#next").dblclick()
    page.wait_for_url("**/jobs/*/")
    assert Job.objects.count() == 1


def test_enter_in_a_row_goes_on_and_the_error_summary_has_the_focus(page, ready, manifest):
    begin(page, ready)
    page.get_by_label("Manifest object", exact=True).fill(manifest)
    with page.expect_navigation():
        page.get_by_label("Manifest object", exact=True).press("Enter")
    page.get_by_label("Replace all object tags").check()
    page.get_by_label("Key of row 1").fill("bad!")
    page.get_by_label("Key of row 1").press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    assert page.title().startswith("Error: ")
    page.locator(".error-summary a").click()
    expect(page.get_by_label("Key of row 1")).to_be_focused()
    expect(page.get_by_label("Key of row 1")).to_have_attribute("aria-invalid", "true")


def test_whole_way_without_scripts_makes_the_same_job(open_page, ready, manifest, bucket):
    page = open_page(java_script_enabled=False)
    begin(page, ready)
    page.get_by_label("Manifest object", exact=True).fill(manifest)
    page.get_by_role("button", name="Browse S3").click()
    page.get_by_label("list.csv").check()
    page.get_by_role("button", name="Choose path").click()
    page.get_by_role("button", name="Check manifest").click()
    expect(page.get_by_text("Exactly 2")).to_be_visible()
    go_on(page)
    page.locator("#operation-S3PutObjectCopy").check()
    page.get_by_role("button", name="Show settings").click()
    page.get_by_label("Destination bucket").fill(bucket)
    page.get_by_label("Destination prefix").fill("backup")
    page.get_by_label("I acknowledge").check()
    go_on(page)
    page.get_by_label("Path to completion report destination").fill(f"s3://{bucket}/reports")
    page.get_by_role("button", name="Choose operation").click()
    go_on(page)
    assert f"s3://{bucket}/reports" in page.content()
    go_on(page)
    go_on(page)
    page.wait_for_url("**/jobs/*/")
    assert Job.objects.get().operation == "S3PutObjectCopy"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (320, "light")])
def test_every_step_fits_the_screen_and_is_accessible(
    open_page, ready, put, bucket, width, scheme, console_errors
):
    bad = put("bad.csv", "Bucket,Key\nphotos,a b.jpg\nphotos,c.jpg,extra,columns\n")
    good = put("good.csv", "photos,a-very-long-key-without-any-place-to-break/" + "x" * 200 + "\n")
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)

    def look():
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        assert_accessible(page)

    begin(page, ready)
    page.get_by_label("Manifest object", exact=True).fill(bad)
    go_on(page)
    look()
    page.get_by_label("Manifest object", exact=True).fill(good)
    go_on(page)
    look()
    page.goto(page.url.split("?")[0])
    page.locator("#operation-S3PutObjectCopy").check()
    page.get_by_text("More settings").click()
    go_on(page)
    look()
    page.get_by_label("Replace all object tags").check()
    expect(page.get_by_label("Destination bucket")).to_have_count(0)
    page.get_by_label("Key of row 1").fill("team")
    go_on(page)
    page.get_by_label("Priority").fill("soon")
    go_on(page)
    look()
    page.get_by_label("Priority").fill("5")
    page.get_by_label("Path to completion report destination").fill(f"s3://{bucket}/reports")
    go_on(page)
    look()
    page.goto(reverse("draft-list"))
    look()
    page.goto(reverse("wizard-browse", args=[Draft.objects.get().pk, "manifest_object"]))
    look()
    page.goto("about:blank")  # nothing is swapped in any more
    # axe leaves empty style attributes, which htmx copies to what it swaps in.
    console_errors[:] = [text for text in console_errors if "inline style" not in text]
