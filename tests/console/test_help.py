"""The page Help has every word, and links to it lead somewhere."""

import ast
import re

import pytest
from django.urls import reverse

from jobs.choices import Foreseen, JobStatus, PauseCause, Risk
from jobs.console import advice
from jobs.console.help import meanings
from jobs.console.help.entries import entries_for, sections, slugs
from jobs.engine import finisher, threshold
from jobs.engine.preparing import frozen_lists, manifest_checks
from jobs.lifecycle import expiry
from jobs.operations import registry
from jobs.operations.base import NOT_KEPT
from tests.make import make_user
from tests.test_architecture import ROOT

every = {entry.slug: entry for section in sections() for entry in section.entries}
CODES = {
    *(finisher.REPORT_CODE, frozen_lists.NOT_KEPT, manifest_checks.INVALID, manifest_checks.UNFIT),
    *(threshold.CODE, expiry.CODE, NOT_KEPT),
}


def test_every_status_risk_cause_and_result_is_explained():
    assert set(meanings.STATUSES) == set(JobStatus)
    assert set(meanings.RISKS) == set(Risk)
    assert set(meanings.PAUSES) == set(PauseCause)
    assert set(meanings.FORESEEN) == set(Foreseen)


def test_every_operation_is_explained_with_its_requests():
    for operation in registry.OPERATIONS:
        entry = every[f"operation-{operation.name.lower()}"]
        assert (entry.term, entry.text) == (operation.label, operation.does)
        assert dict(entry.facts)["Requests"].endswith(".")


def raised_codes():
    """What stands as a text where a ManifestError is made."""
    for path in (ROOT / "jobs").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ManifestError"
            if named and node.args and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


def test_every_failure_code_of_a_job_is_explained():
    missing = (CODES | set(raised_codes())) - set(meanings.FAILURE_CODES)
    assert missing == set()


def test_every_error_code_with_advice_is_explained():
    assert {f"code-{code.lower()}" for code in advice.known()} <= set(every)


def test_each_word_has_one_entry_and_each_reference_leads_to_one():
    listed = [entry.slug for section in sections() for entry in section.entries]
    assert len(listed) == len(set(listed))
    assert not {section.slug for section in sections()} & set(listed)
    assert {slug for entry in every.values() for slug, _ in entry.see} <= slugs()


def test_links_of_the_pages_lead_to_entries():
    linked = {
        slug
        for path in (ROOT / "templates").rglob("*.html")
        for slug in re.findall(r'{% explain "([\w-]+)"', path.read_text())
    }
    assert len(linked) > 10
    assert linked <= slugs()


@pytest.mark.django_db
def test_whoever_is_signed_in_reads_all_of_it(client):
    client.force_login(make_user(None))
    text = client.get(reverse("help")).content.decode()
    assert all(f'id="{slug}"' in text for slug in every)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("canary", "canary"),
        ("SlowDown 503", "throttling"),
        ("DeleteObjects", "operation-s3deleteobject"),
    ],
)
def test_search_of_the_help_keeps_what_has_all_words(as_viewer, text, slug):
    answer = as_viewer.get(reverse("help"), {"q": text})
    shown = {entry.slug for section in answer.context["sections"] for entry in section.entries}
    assert slug in shown and len(shown) < 20
    assert f'value="{text}"' in answer.content.decode()


@pytest.mark.django_db
def test_search_of_the_help_that_finds_nothing_says_so(as_viewer):
    assert "No entries" in as_viewer.get(reverse("help"), {"q": "zebra"}).content.decode()


def test_entry_of_exactly_that_name_is_the_first():
    assert entries_for("Manifest")[0].slug == "manifest"
    assert entries_for("") == []
