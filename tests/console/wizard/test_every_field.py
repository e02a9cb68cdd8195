"""Fields of every kind, as a made-up operation has them: what is refused, what goes onto the wire,
and what a browser shows.
"""

from types import MappingProxyType

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from playwright.sync_api import expect

from jobs.console.forms.operations import table
from jobs.console.forms.operations.base import form_of
from jobs.console.forms.operations.table import FORMS, Choice
from jobs.models import Draft
from jobs.operations import registry
from jobs.operations.fields import TextField
from jobs.operations.form import Form
from tests.console.wizard.every_field import EveryField
from tests.console.wizard.test_in_browser import assert_accessible, begin, go_on
from tests.make import make_user

FORM = form_of(EveryField)
GOOD = {"kind": "none", "listed": ""}


def wire_of(**typed):
    form = FORM({**GOOD, **{name.replace("__", "-"): text for name, text in typed.items()}})
    assert form.is_valid(), form.errors
    return form.wire()


@pytest.mark.parametrize(
    ("typed", "wire"),
    [
        ({}, {"Kind": "none"}),
        ({"kind": "days", "days": "1,000"}, {"Kind": "days", "Days": 1000}),
        ({"kind": "until", "until": "2030-01-02T03:04", "strict": "on"},
         {"Kind": "until", "Until": "2030-01-02T03:04:00Z", "Strict": True}),
        ({"kind": "none", "days": "many", "until": "never", "strict": "on"}, {"Kind": "none"}),
        ({"listed": "A", "b_text": "x"}, {"Kind": "none", "Listed": "A"}),
        ({"listed": "B", "b_text": "x"}, {"Kind": "none", "Listed": "B", "BText": "x"}),
        ({"granting": "on", "grants__0__kind": "uri", "grants__0__who": "all",
          "grants__0__may": "READ", "grants__1__kind": "id", "grants__1__may": "FULL"},
         {"Kind": "none", "Grants": [{"Kind": "uri", "Who": "all", "May": "READ"}]}),
        ({"to": "s3://photos/", "folder": "s3://photos/a/"},
         {"Kind": "none", "To": "arn:aws:s3:::photos", "Folder": "s3://photos/a/"}),
        ({"new_tags__0__key": " a ", "new_tags__0__value": " b "},
         {"Kind": "none", "Tags": [{"Key": "a", "Value": " b "}]}),
        ({"metadata__0__key": "a", "metadata__0__value": "b"},
         {"Kind": "none", "Metadata": {"a": "b"}}),
    ],
)  # fmt: skip
def test_typed_values_become_wire_parameters_and_back(typed, wire):
    assert wire_of(**typed) == wire
    assert wire_of(**FORM.typed_of(wire)) == {k: v for k, v in wire.items() if k != "Grants"}


@pytest.mark.parametrize(
    ("typed", "name", "sentence"),
    [
        ({"kind": "x"}, "kind", "Select a valid choice. x is not one of the available choices."),
        ({"kind": ""}, "kind", "Choose a kind."),
        ({"kind": "days", "days": ""}, "days", "Enter a number of days."),
        ({"kind": "days", "days": "0"}, "days",
         "Kept for must be a whole number from 1 to 36,500."),
        ({"kind": "days", "days": "13"}, "days", "Kept for must not be 13."),
        ({"kind": "until", "until": ""}, "until", "Enter a date and a time."),
        ({"kind": "until", "until": "soon"}, "until",
         "Write Kept until as 2030-01-02T03:04. The time is UTC."),
        ({"kind": "until", "until": "2030-01-02T03:04Z"}, "until",
         "Write Kept until as 2030-01-02T03:04. The time is UTC."),
        ({"granting": "on"}, "grants-0-who", "Enter at least one grant."),
        ({"granting": "on", "grants-0-kind": "x", "grants-0-who": "a"}, "grants-0-kind",
         "Select a valid choice. x is not one of the available choices."),
        ({"granting": "on", "grants-0-who": "", "grants-1-who": "nobody"}, "grants-1-who",
         "Who 2 must be somebody."),
        ({"to": "a/b"}, "to", '"a/b" is not a bucket name: use 3 to 63 small letters, digits,'
         " hyphens and dots."),
    ],
)  # fmt: skip
def test_value_that_cannot_be_gets_a_sentence_at_its_control(typed, name, sentence):
    form = FORM(GOOD | typed)
    assert {field: list(texts) for field, texts in form.errors.items()} == {name: [sentence]}


def test_draft_that_was_saved_before_there_was_a_choice_has_the_usual_one():
    form = FORM({"to": "photos"})
    assert form["kind"].value() == "none"
    assert form.is_valid()


@pytest.mark.parametrize(
    ("typed", "is_open"),
    [
        (None, False),
        ({}, False),
        ({"folder": "x"}, True),
        ({"to": "no bucket!"}, True),
        ({"new_tags-0-key": "", "new_tags-0-value": ""}, False),
        ({"new_tags-0-key": "", "new_tags-0-value": "x"}, True),
        ({"listed": "A"}, False),
    ],
)
def test_more_settings_stand_open_when_something_there_is_set_or_wrong(typed, is_open):
    more = FORM(None if typed is None else GOOD | typed).parts[-1]
    assert (more.kind, more.is_open) == ("more", is_open)


def test_errors_come_in_the_order_of_the_page():
    form = FORM(
        {"kind": "days", "listed": "x", "granting": "on", "to": "?", "metadata-0-value": "x"}
    )
    names = [bound.name for bound in form if bound.errors]
    assert names == ["days", "listed", "grants-0-who", "to", "metadata-0-key"]


def test_field_that_names_a_template_is_drawn_by_it():
    class Drawn(EveryField):
        form = Form(
            (
                TextField(name="a", label="Plain"),
                TextField(name="b", label="Own", template="console/wizard/_browse_field.html"),
            )
        )

    html = render_to_string(
        "console/wizard/_operation_form.html", {"parts": form_of(Drawn)().parts}
    )
    assert 'value="browse:b"' in html
    assert 'name="a"' in html and 'value="browse:a"' not in html


@pytest.fixture
def offered(monkeypatch):
    """The operation is one of those in the wizard."""
    known = {**registry._TABLE, EveryField.name: EveryField}
    monkeypatch.setattr(registry, "_TABLE", MappingProxyType(known))
    monkeypatch.setattr(registry, "OPERATIONS", (*registry.OPERATIONS, EveryField))
    monkeypatch.setitem(FORMS, EveryField.name, FORM)
    table.GROUPS.append(("Made up", [Choice.of(EveryField)]))
    yield
    table.GROUPS.pop()


def begin_at_fields(page, manifest):
    begin(page, make_user("operator", name="browser"))
    page.get_by_label("Manifest object", exact=True).fill(manifest)
    page.get_by_role("button", name="Check manifest").click()
    expect(page.get_by_text("Exactly 2")).to_be_visible()
    go_on(page)
    page.get_by_label("Every field").check()
    expect(page.get_by_role("heading", name="Every field")).to_be_visible()


@pytest.mark.usefixtures("offered", "transactional_db", "role")
def test_field_is_shown_only_while_what_it_depends_on_is_chosen(page, manifest):
    begin_at_fields(page, manifest)
    fields = [page.get_by_label(text) for text in ("Kept for, in days", "Kept until", "Strict")]
    shown_by = {
        "None": [False, False, False],
        "For days": [True, False, True],
        "Until a moment": [False, True, True],
    }
    for label, shown in [*shown_by.items(), *shown_by.items()]:
        page.get_by_label(label, exact=True).check()
        assert [field.is_visible() for field in fields] == shown, label
    assert not page.get_by_label("Text of B").is_visible()
    page.get_by_label("Listed -").select_option("B")
    assert page.get_by_label("Text of B").is_visible()
    assert not page.get_by_role("group", name="Grants").is_visible()
    page.get_by_label("Grant rights").check()
    assert page.get_by_role("group", name="Grants").is_visible()


@pytest.mark.usefixtures("offered", "transactional_db", "role")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_fields_fit_the_screen_and_are_accessible(
    open_page, manifest, width, scheme, console_errors
):
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    begin_at_fields(page, manifest)
    page.get_by_label("Until a moment").check()
    page.get_by_label("Grant rights").check()
    page.get_by_text("More settings").click()
    go_on(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_accessible(page)
    page.get_by_label("Kept until").fill("2030-01-02T03:04:05")
    page.get_by_label("Who of row 1").fill("ana")
    page.get_by_label("May of row 1").select_option("FULL")
    page.get_by_role("button", name="Add grant").click()
    expect(page.get_by_label("Kind of row 2")).to_be_focused()
    page.get_by_label("For days").check()
    page.get_by_label("Kept for, in days").fill("31")
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Configure additional options")
    typed = Draft.objects.get().data["settings"][EveryField.name]
    assert FORM(typed).is_valid()
    assert (typed["days"], typed["until"]) == ("31", "2030-01-02T03:04:05")
    page.goto("about:blank")  # nothing is swapped in any more
    # axe leaves empty style attributes, which htmx copies to what it swaps in.
    console_errors[:] = [text for text in console_errors if "inline style" not in text]


@pytest.mark.usefixtures("offered")
def test_folder_that_was_browsed_for_goes_to_the_operation_that_asked(at_operation, bucket):
    at_operation.press("operation", "show", operation=EveryField.name)
    for name, typed in (("folder", f"s3://{bucket}/a/"), ("to", bucket)):
        url = reverse("wizard-browse", args=[at_operation.draft.pk, name])
        at_operation.client.post(
            url, {"path": f"s3://{bucket}/a/" if name == "folder" else f"s3://{bucket}/"}
        )
        assert at_operation.open("operation").values[name] == typed
