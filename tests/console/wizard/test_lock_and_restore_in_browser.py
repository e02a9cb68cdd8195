"""The settings of locks and restores in a real browser: what shows, and what becomes of it."""

import pytest
from playwright.sync_api import expect

from jobs.console.forms.operations.table import FORMS
from jobs.models import Draft
from tests.console.wizard.test_in_browser import assert_accessible, begin, go_on
from tests.make import make_user

pytestmark = pytest.mark.usefixtures("transactional_db", "role")
RETENTION, RESTORE, HOLD = (
    "S3PutObjectRetention",
    "S3InitiateRestoreObject",
    "S3PutObjectLegalHold",
)


def begin_at(page, manifest, name):
    begin(page, make_user("operator", name="browser"))
    page.get_by_label("Manifest object", exact=True).fill(manifest)
    page.get_by_role("button", name="Check manifest").click()
    expect(page.get_by_text("Exactly 2")).to_be_visible()
    go_on(page)
    page.locator(f'input[name="operation"][value="{name}"]').check()
    expect(page.locator("#settings-title")).to_have_text(FORMS[name].operation.label)


def parameters_of(name):
    form = FORMS[name](Draft.objects.get().data["settings"][name])
    assert form.is_valid(), form.errors
    return form.wire()


def test_retention_shows_what_its_mode_needs_and_bypass_is_acknowledged(page, manifest):
    begin_at(page, manifest, RETENTION)
    until, never = page.get_by_label("Retain until"), page.get_by_text("can only be extended")
    span = page.get_by_label("Protected after the event hold")
    acknowledged = page.get_by_label("I acknowledge that protection")
    for label, shown in {
        "Compliance:": [True, True, True],
        "Remove the retention": [False, False, False],
        "Nothing but an event hold, on": [False, False, True],
        "Governance:": [True, False, True],
    }.items():
        page.get_by_label(label).check()
        assert [item.is_visible() for item in (until, never, span)] == shown, label
    assert not acknowledged.is_visible()
    page.get_by_label("Bypass governance retention").check()
    assert acknowledged.is_visible()
    until.fill("2039-01-02T03:04:05")
    go_on(page)
    expect(page.locator(".error-summary a")).to_have_text(
        "Tick the box to confirm that protection may be shortened or removed."
    )
    assert_accessible(page)
    acknowledged.check()
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Configure additional options")
    assert parameters_of(RETENTION) == {
        "Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": "2039-01-02T03:04:05Z"},
        "BypassGovernanceRetention": True,
    }


def test_restore_asks_for_days_of_one_kind_of_objects_alone(page, manifest):
    begin_at(page, manifest, RESTORE)
    days = page.get_by_label("Days until the copies expire, in days")
    assert days.is_visible()
    expect(days).to_have_value("1")
    page.get_by_label("Archive tiers of Intelligent-Tiering").check()
    assert not days.is_visible()
    page.get_by_label("Bulk:").check()
    assert_accessible(page)
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Configure additional options")
    assert parameters_of(RESTORE) == {"GlacierJobTier": "BULK"}


def test_legal_hold_is_lifted_where_that_is_chosen(page, manifest):
    begin_at(page, manifest, HOLD)
    page.get_by_label("Off: lift the hold").check()
    assert_accessible(page)
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Configure additional options")
    assert parameters_of(HOLD) == {"LegalHold": {"Status": "OFF"}}
