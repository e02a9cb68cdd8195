"""Lists from the browser in a real one: uploads that go on after a reload, paste, ticks, and how it all looks."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from jobs.console.wizard.lists import convert_list, slices
from jobs.lifecycle import list_uploads
from jobs.lifecycle.list_conversions import CONVERSION
from jobs.models import Draft
from tests.console.wizard.lists.conftest import rows_of
from tests.console.wizard.lists.test_convert_list import background_call
from tests.console.wizard.test_in_browser import assert_accessible, begin, sign_in
from tests.make import make_user

SLICE = 5 * 1024 * 1024
LINE = b"photos,a/key/of/sixty-four/bytes/in/all/that/is/long/enough.jpg\n"


@pytest.fixture
def person(transactional_db, lists):
    return make_user("operator", name="browser")


@pytest.fixture
def small_slices(monkeypatch):
    for module in (list_uploads, slices):
        monkeypatch.setattr(module, "SLICE_BYTES", SLICE)


def choose(page, data, name="list.csv"):
    page.locator("#file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})


def choose_kind(page, kind):
    """Step 1 leads to the page of that kind of list."""
    page.locator(f"#kind-{kind}").check()
    if (show := page.get_by_role("button", name="Show the fields of the chosen kind")).count():
        show.click()
    with page.expect_navigation(url=re.compile(f"/{kind}/")):
        page.locator(f"#to-{kind}").click()


def at_step_1(page):
    page.wait_for_url("**/manifest/#preview")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose Region and manifest")


def test_upload_goes_on_after_a_reload_where_it_was(
    page, person, small_slices, tmp_path, manifest_of
):
    data = LINE * (12 * 1024 * 1024 // len(LINE))
    file = tmp_path / "list.csv"
    file.write_bytes(data)
    begin(page, person)
    choose_kind(page, "upload")
    page.locator("#file").set_input_files(file)
    held = []
    page.route("**/slices/2/", lambda route: held.append(route))
    page.locator("#send").click()
    expect(page.locator("#told")).to_contain_text("5.2 MB of 12.6 MB (41%)")
    page.wait_for_function("document.querySelector('#bar').value >= 41")
    page.reload()
    expect(page.get_by_text("Not finished yet")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("(41%)")
    page.unroute("**/slices/2/")
    sent = []
    page.on("request", lambda request: sent.append(request.url.rstrip("/").rpartition("/")[2]))
    page.locator("#file").set_input_files(file)
    page.locator("#send").click()
    at_step_1(page)
    assert [number for number in sent if number.isdigit()] == ["2", "3"]
    assert manifest_of(Draft.objects.get()) == data
    expect(page.locator("#preview")).to_contain_text("About")


def test_upload_gets_over_a_server_that_is_busy(page, person, manifest_of, console_errors):
    begin(page, person)
    choose_kind(page, "upload")
    choose(page, b"photos,a\n")
    answers = [503, 502]

    def answer(route):
        if answers:
            route.fulfill(status=answers.pop(), json={"error": "Busy."})
        else:
            route.continue_()

    page.route("**/slices/1/", answer)
    page.locator("#send").click()
    at_step_1(page)
    assert manifest_of(Draft.objects.get()) == b"photos,a\n"
    console_errors[:] = [text for text in console_errors if "status of 50" not in text]


def test_upload_that_is_refused_says_why_and_the_button_works_again(page, person, console_errors):
    begin(page, person)
    choose_kind(page, "upload")
    page.locator("#send").click()
    expect(page.locator("#summary")).to_contain_text("Choose a file.")
    choose(page, b"")
    page.locator("#send").click()
    expect(page.locator("#summary")).to_contain_text("The file is empty.")
    expect(page.locator("#send")).to_be_enabled()
    console_errors[:] = [text for text in console_errors if "status of 400" not in text]


def test_uploaded_spreadsheet_is_converted_before_it_is_used(page, person, manifest_of):
    begin(page, person)
    choose_kind(page, "upload")
    choose(page, "Bucket;Key\r\nphotos;é b.jpg\r\n".encode("utf-16"), "from-a-sheet.csv")
    page.locator("#send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Convert the list")
    expect(page.locator("#changes")).to_contain_text("UTF-16, little-endian")
    expect(page.locator("#offer")).to_contain_text("photos,%C3%A9%20b.jpg")
    page.locator("#make").click()
    at_step_1(page)
    assert rows_of(manifest_of(Draft.objects.get())) == [("photos", "é b.jpg")]


def test_upload_without_scripts_is_one_form(open_page, person, manifest_of):
    page = open_page(java_script_enabled=False)
    sign_in(page, person)
    page.goto(reverse("job-create"))
    page.get_by_role("button", name="Start new").click()
    choose_kind(page, "upload")
    choose(page, b"photos,a\n")
    page.locator("#send").click()
    at_step_1(page)
    assert manifest_of(Draft.objects.get()) == b"photos,a\n"


def test_pasted_keys_are_shown_then_used(page, person, manifest_of):
    begin(page, person)
    choose_kind(page, "paste")
    page.locator("#text").fill("2024/holiday photo.jpg\n2024/b.jpg\n")
    page.locator("#show").click()
    expect(page.locator("#offer")).to_contain_text("Enter the bucket below")
    page.get_by_label("Bucket", exact=False).first.fill("photos")
    page.locator("#show").click()
    expect(page.locator("#offer")).to_contain_text("photos,2024/holiday%20photo.jpg")
    page.locator("#make").click()
    at_step_1(page)
    assert len(rows_of(manifest_of(Draft.objects.get()))) == 2


def test_ticked_objects_are_used(page, person, put, bucket, manifest_of):
    put("a b.txt", "x")
    put("dir/c+d.txt", "x")
    begin(page, person)
    choose_kind(page, "tick")
    page.get_by_role("link", name=bucket).click()
    page.get_by_label("a b.txt").check()
    page.get_by_role("button", name="dir/", exact=True).click()
    page.get_by_label("c+d.txt").check()
    page.locator("#use").click()
    at_step_1(page)
    assert rows_of(manifest_of(Draft.objects.get())) == [
        (bucket, "a b.txt"),
        (bucket, "dir/c+d.txt"),
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (320, "light")])
def test_pages_of_lists_fit_the_screen_and_are_accessible(
    open_page, person, put, bucket, region, monkeypatch, width, scheme
):
    monkeypatch.setattr(convert_list, "AT_ONCE_BYTES", 0)
    put("2024/a rather long name of an object that goes on and on, and on.jpg", "x")
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    begin(page, person)
    draft = Draft.objects.get()
    key = "2024/" + "holiday photo/" * 8 + "a.jpg"
    path = put("list.txt", f"bucket;key;size\n\nphotos;{key};17\n" * 1)
    draft.data = {"manifest": {"region": region.slug, "manifest_object": path}}
    draft.save()

    def look(name, **query):
        page.goto(reverse(name, args=[draft.pk], query=query or None))
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        assert_accessible(page)

    for name in ("list-upload", "list-paste", "list-tick", "list-convert"):
        look(name)
    look("list-tick", bucket=bucket, prefix="2024/")
    look("list-paste")
    page.locator("#text").fill(f"{key}\n")
    page.locator("#show").click()
    expect(page.locator("#offer")).to_be_visible()
    assert_accessible(page)
    page.goto(reverse("list-convert", args=[draft.pk]))
    page.locator("#make").click()
    page.wait_for_url("**/converting/")
    CONVERSION.change(str(draft.pk), read_bytes=20, rows=1)
    look("list-converting")
    CONVERSION.change(str(draft.pk), state="failed", error="Line 3 names no bucket. Put it there.")
    look("list-converting")


def test_page_of_a_long_conversion_leads_on_by_itself(page, person, put, region, monkeypatch):
    monkeypatch.setattr(convert_list, "AT_ONCE_BYTES", 0)
    begin(page, person)
    draft = Draft.objects.get()
    path = put("list.csv", "photos;a b.jpg\n")
    draft.data = {"manifest": {"region": region.slug, "manifest_object": path}}
    draft.save()
    page.goto(reverse("list-convert", args=[draft.pk]))
    page.locator("#make").click()
    expect(page.locator("#converting")).to_contain_text("Waiting for a worker")
    CONVERSION.change(str(draft.pk), called_s=0.0)
    background_call(draft)
    at_step_1(page)
    expect(page.get_by_role("main")).to_contain_text("Converted 1 row to a new manifest.")
