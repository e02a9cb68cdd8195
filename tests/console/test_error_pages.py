import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs.console.views import overview


def test_page_that_does_not_exist_is_said_so_to_strangers_too(client, db):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Page not found" in answer.content.decode()


def test_page_for_strangers_who_have_no_menu_is_as_wide_as_any(open_page, console_errors):
    browser = open_page(viewport={"width": 1280, "height": 800})
    browser.goto("/nowhere/")
    card = browser.locator("section.card").bounding_box()
    assert card is not None and card["width"] > 500
    console_errors.clear()  # the browser's word about 404


def test_form_without_its_token_changes_nothing_and_says_what_to_do(db):
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": "a", "password": "b"})
    assert answer.status_code == 403
    assert "Send the form again" in answer.content.decode()


def test_error_page_needs_no_database_and_has_a_reference(client, admin, monkeypatch, caplog):
    asked = CaptureQueriesContext(connection)

    def broken(*_args, **_more):
        asked.__enter__()
        raise RuntimeError("secret detail")

    client.force_login(admin)
    client.raise_request_exception = False
    monkeypatch.setattr(overview, "query_overview", broken)
    answer = client.get("/")
    asked.__exit__(None, None, None)
    assert not asked.captured_queries
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "There is a problem with batchconsole" in text and "secret detail" not in text
    reference = text.split("<code>")[1].split("</code>")[0]
    assert reference in caplog.text


@pytest.mark.parametrize("path", ["/_/overview/", "/_/jobs/"])
def test_fragment_visited_directly_leads_to_its_page(as_viewer, path):
    assert as_viewer.get(path).url in ("/", "/jobs/")
