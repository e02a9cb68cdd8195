"""The page that makes the first administrator."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from jobs.access import first_run
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db
GOOD = {"email": "owner@example.org", "password": PASSWORD, "again": PASSWORD}


def page(token):
    return reverse("first-run", args=[token])


def test_link_makes_one_administrator_who_is_signed_in(client):
    token = first_run.issue()
    assert "Make the first administrator" in client.get(page(token)).text
    assert client.post(page(token), GOOD).status_code == 303
    assert User.objects.get().is_superuser
    assert client.get(reverse("region-list")).status_code == 200


def test_link_works_once(client):
    token = first_run.issue()
    client.post(page(token), GOOD)
    again = client.get(page(token))
    assert again.status_code == 404
    assert "there is one already" in again.text and reverse("sign-in") in again.text
    assert client.post(page(token), GOOD | {"email": "thief@example.org"}).status_code == 404
    assert User.objects.count() == 1


def test_of_two_visitors_who_both_saw_the_page_one_wins(monkeypatch):
    token = first_run.issue()
    monkeypatch.setattr(first_run, "is_valid", lambda token: True)  # both looked at the same moment
    assert first_run.claim(token, "one@example.org", PASSWORD)
    assert first_run.claim(token, "two@example.org", PASSWORD) is None
    assert User.objects.count() == 1


@pytest.mark.parametrize("token", ["", "wrong", "a" * 43])
def test_wrong_token_finds_no_page(client, token):
    first_run.issue()
    assert client.get(f"/first-run/{token}/").status_code == 404


def test_later_start_makes_the_link_before_it_void(client):
    before = first_run.issue()
    first_run.issue()
    assert client.get(page(before)).status_code == 404


def test_link_ends(client, monkeypatch):
    monkeypatch.setattr(first_run, "VALID_S", -1)
    assert client.get(page(first_run.issue())).status_code == 404


def test_link_is_void_when_there_is_an_administrator(client):
    token = first_run.issue()
    make_user("admin")
    assert client.get(page(token)).status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"email": "Admin@example.com"}, "is the demo&#x27;s sign-in"),
        ({"password": "short1x", "again": "short1x"}, "too short"),
        ({"again": "another"}, "The two passwords differ."),
    ],
)
def test_bad_input_gets_a_sentence_and_leaves_the_link_valid(client, change, sentence):
    token = first_run.issue()
    assert sentence in client.post(page(token), GOOD | change).text
    assert not User.objects.exists()
    assert client.post(page(token), GOOD).status_code == 303


def test_link_that_is_not_whole_says_how_to_get_another(client):
    answer = client.get(page(first_run.issue()[:-1]))
    assert answer.status_code == 404
    assert "it prints a new one" in answer.text


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_and_that_of_a_void_link_fit_the_window(
    open_page, console_errors, width, colours, transactional_db
):
    browser = open_page(viewport={"width": width, "height": 800}, color_scheme=colours)
    for token, heading in (
        (first_run.issue(), "First administrator"),
        ("void", "This link cannot"),
    ):
        browser.goto(page(token))
        browser.get_by_role("heading", name=heading).wait_for()
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        card = browser.locator("section.card").bounding_box()
        assert card is not None and card["width"] > 300
    console_errors.clear()  # the browser's word about 404
