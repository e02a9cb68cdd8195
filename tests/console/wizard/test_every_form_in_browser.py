"""The form of every operation in a real browser: its example is typed, and Review reads it."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jobs.console.forms.operations.table import FORMS
from jobs.models import Job, Region
from jobs.operations import registry
from tests.connected import connect_all
from tests.console.wizard.test_in_browser import assert_accessible, go_on
from tests.examples import EXAMPLES, written_to
from tests.make import make_region

RICHEST = [
    (name, max(examples, key=lambda one: len(str(one)))) for name, examples in EXAMPLES.items()
]
"""Of each operation the example with most to type."""


@pytest.fixture
def at_operation(transactional_db, at_operation):
    """Where an administrator allowed and connected everything."""
    connect_all()
    make_region("elsewhere")
    Region.objects.update(allowed_operations=[operation.name for operation in registry.OPT_IN])
    return at_operation


@pytest.fixture
def page(open_page, live_server, at_operation):
    page = open_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    cookie = at_operation.client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    return page


def choose(page, operation):
    page.locator(f"#operation-{operation.name}").check()
    expect(page.locator("#settings-title")).to_have_text(operation.label)


def fill(page, typed):
    """Choices first: they show what else there is to type."""
    for only_choices in (True, False):
        for name, text in typed.items():
            _fill_one(page, name, text, only_choices=only_choices)


def _fill_one(page, name, text, *, only_choices):
    fields = page.locator(f'[name="{name}"]')
    if not fields.count():
        if only_choices or not text:
            return
        _add_row(page, name)
    fields.first.evaluate("one => one.closest('details')?.setAttribute('open', '')")
    kind = fields.first.evaluate("one => one.type || one.localName")
    if kind == "radio":
        if only_choices and text:
            page.locator(f'[name="{name}"][value="{text}"]').check()
    elif not fields.first.is_visible():
        return  # it does not go with what was chosen
    elif kind == "checkbox" and only_choices:
        fields.first.set_checked(bool(text))
    elif kind == "select-one":
        fields.first.select_option(text)
    elif kind != "checkbox" and not only_choices:
        fields.first.fill(text)


def _add_row(page, name):
    first = page.locator(f'[name^="{name.split("-")[0]}-0-"]').first
    first.locator("xpath=ancestor::fieldset[1]").get_by_role("button", name="Add").click()
    expect(page.locator(f'[name="{name}"]')).to_be_visible()


def picture(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)


def assert_fits(page, name):
    """At both widths, in light colours and in dark ones."""
    for width, colours in ((390, "dark"), (390, "light"), (1280, "light")):
        page.emulate_media(color_scheme=colours)
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, f"{name}-{width}-{colours}")
    assert_accessible(page)


@pytest.mark.parametrize(("name", "parameters"), RICHEST, ids=[name for name, _ in RICHEST])
def test_example_that_is_typed_stands_in_review(
    page, at_operation, bucket, name, parameters, console_errors
):
    operation, parameters = registry.get(name), written_to(parameters, bucket)
    page.goto(at_operation.url("operation"))
    page.wait_for_load_state()
    choose(page, operation)
    form = FORMS[name](FORMS[name].typed_of(parameters))
    assert form.is_valid(), form.errors
    fill(page, form.data)
    assert_fits(page, f"{name}-form")
    go_on(page)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Configure additional options")
    page.get_by_label("Path to completion report destination").fill(f"s3://{bucket}/reports")
    go_on(page)
    expect(heading).to_have_text("Review")
    asked = form.parsed()  # moments are in UTC there
    main = page.get_by_role("main")
    for label, value in asked.summary():
        expect(main).to_contain_text(label)
        expect(main).to_contain_text(" ".join(str(value).split()))
    assert_fits(page, f"{name}-review")
    assert not Job.objects.exists()
    page.goto("about:blank")  # nothing is swapped in any more
    # axe leaves empty style attributes, which htmx copies to what it swaps in.
    console_errors[:] = [text for text in console_errors if "inline style" not in text]
