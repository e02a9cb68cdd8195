"""What static/js/app.js adds to pages that work without it, in a real browser."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from jobs.models import Job
from tests.make import PASSWORD, make_job, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signed_in(page):
    sign_in(page)
    return page


def sign_in(page):
    user = make_user("operator")
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")


def address(job, page="job-detail"):
    return reverse(page, args=[job.pk])


def test_password_is_shown_and_hidden_again(page):
    page.goto("/sign-in/")
    show = page.get_by_role("button", name="Show password")
    show.click()
    expect(page.locator("#id_password")).to_have_attribute("type", "text")
    expect(show).to_have_attribute("aria-pressed", "true")
    show.click()
    expect(page.locator("#id_password")).to_have_attribute("type", "password")


def test_chosen_theme_is_that_of_the_next_page(signed_in):
    signed_in.locator("details.account > summary").click()
    signed_in.get_by_label("Theme").select_option("Dark")
    dark = signed_in.evaluate("getComputedStyle(document.body).backgroundColor")
    signed_in.goto("/jobs/")
    assert signed_in.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    signed_in.locator("details.account > summary").click()
    signed_in.get_by_label("Theme").select_option("System")
    assert signed_in.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_chosen_density_makes_the_rows_of_the_next_page_lower(signed_in):
    make_job("Active", description="One line")

    def height():
        signed_in.goto("/")
        return signed_in.evaluate("document.querySelector('tbody tr').offsetHeight")

    comfortable = height()
    signed_in.locator("details.account > summary").click()
    signed_in.get_by_label("Density").select_option("Compact")
    assert height() < comfortable


def test_account_menu_closes_at_a_click_elsewhere(signed_in):
    menu = signed_in.locator("details.account")
    menu.locator("summary").click()
    expect(menu.get_by_role("button", name="Sign out")).to_be_visible()
    signed_in.get_by_role("heading", level=1).click()
    expect(menu.get_by_role("button", name="Sign out")).to_be_hidden()


def test_characters_are_counted_as_they_are_typed(signed_in):
    signed_in.goto(address(make_job("Active"), "job-cancel"))
    signed_in.get_by_label("Reason").type("日本 🌅")
    expect(signed_in.get_by_text("4 of 256 characters")).to_be_visible()


def test_message_is_dismissed(signed_in):
    signed_in.goto(address(make_job("Active"), "job-priority"))
    signed_in.get_by_label("Priority").fill("7")
    signed_in.get_by_role("button", name="Update priority").click()
    message = signed_in.get_by_role("region", name="Notifications").locator(".alert")
    expect(message).to_have_count(1)
    signed_in.wait_for_load_state()  # the script is there, too
    message.get_by_role("button").click()
    expect(message).to_have_count(0)


def test_job_id_is_copied_and_the_button_says_so(open_page):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    sign_in(page)
    job = make_job("Complete")
    page.clock.install()
    page.goto(address(job))
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    page.get_by_role("button", name="Copy job ID").click()
    expect(page.get_by_role("button", name="Copied job ID")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == job.pk
    page.clock.run_for(2_000)
    expect(page.get_by_role("button", name="Copy job ID")).to_be_visible()


def test_job_id_is_selected_where_the_clipboard_is_refused(signed_in):
    signed_in.add_init_script("navigator.clipboard.writeText = () => Promise.reject(Error())")
    job = make_job("Complete")
    signed_in.goto(address(job))
    signed_in.get_by_role("button", name="Copy job ID").click()
    signed_in.wait_for_function("getSelection().toString().length === 36")
    assert signed_in.evaluate("getSelection().toString()") == job.pk


def test_two_quick_presses_open_one_dialog(signed_in):
    signed_in.goto(address(make_job("Active")))
    signed_in.locator("#priority").dblclick()
    expect(signed_in.get_by_role("dialog")).to_have_count(1)
    signed_in.get_by_role("link", name="Back").click()
    expect(signed_in.get_by_role("dialog")).to_have_count(0)
    expect(signed_in.locator("#priority")).to_be_focused()


def test_second_press_whose_answer_comes_late_opens_nothing(signed_in):
    """What would open again after it was closed is not even asked for."""
    asked = []
    signed_in.on("request", lambda request: "/priority/" in request.url and asked.append(request))
    signed_in.goto(address(make_job("Active")))
    signed_in.locator("#priority").evaluate("link => { link.click(); link.click(); link.click(); }")
    signed_in.get_by_role("link", name="Back").click()
    expect(signed_in.get_by_role("dialog")).to_have_count(0)
    assert len(asked) == 1
    signed_in.locator("#priority").click()
    expect(signed_in.get_by_role("dialog")).to_have_count(1)


def test_dialog_that_cannot_be_had_becomes_the_page_that_says_why(signed_in, console_errors):
    job = make_job("Active")
    signed_in.goto(address(job))
    Job.objects.all().delete()
    signed_in.locator("#priority").click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Page not found")
    console_errors.clear()  # the browser notes each answer that is 404


def test_outage_is_told_and_taken_back_when_the_server_answers_again(signed_in, console_errors):
    job = make_job("Active", total=1000, succeeded=300)
    signed_in.goto(address(job))
    note = signed_in.get_by_text("Live updates interrupted")
    expect(note).to_be_hidden()
    signed_in.route("**/_/jobs/**", lambda route: route.abort())
    expect(note).to_be_visible()
    expect(signed_in.locator("#live")).to_contain_text("30.0%")
    Job.objects.update(tasks_succeeded=600)
    signed_in.unroute_all()
    expect(signed_in.locator("#live")).to_contain_text("60.0%")
    expect(note).to_be_hidden()
    console_errors.clear()  # the browser notes each request that got no answer


def test_hidden_tab_asks_nothing_until_it_is_looked_at(signed_in):
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s})"
    signed_in.add_init_script(hide % "true")
    signed_in.clock.install()
    asked = []
    signed_in.on("request", lambda request: "/_/" in request.url and asked.append(request.url))
    signed_in.goto(address(make_job("Active")))
    signed_in.clock.run_for(10_000)
    assert asked == []
    signed_in.evaluate(hide % "false")
    with signed_in.expect_request(re.compile("/_/jobs/")):
        signed_in.clock.run_for(2_500)


def test_updates_that_are_off_stay_off_on_the_next_page(signed_in):
    job = make_job("Active")
    signed_in.goto(address(job))
    signed_in.get_by_role("button", name="Turn off live updates").click()
    signed_in.reload()
    expect(signed_in.get_by_text("Live updates off since")).to_be_visible()
    signed_in.get_by_role("button", name="Turn on live updates").click()
    expect(signed_in.get_by_text("Live updates on", exact=True)).to_be_visible()
    Job.objects.update(tasks_succeeded=777)
    expect(signed_in.locator("#live")).to_contain_text("777")
