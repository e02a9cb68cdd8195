"""The first administrator."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs.management import first_admin

pytestmark = pytest.mark.django_db


@pytest.fixture
def said() -> list[str]:
    return []


def test_first_admin_when_it_is_set_is_made_once(settings: Any, said: list[str]) -> None:
    settings.BATCHCONSOLE_ADMIN_EMAIL = "owner@example.org"
    settings.BATCHCONSOLE_ADMIN_PASSWORD = "a long and odd sentence"
    first_admin.ensure(said.append)
    first_admin.ensure(said.append)
    admin = User.objects.get()
    assert (admin.username, admin.email) == ("owner@example.org", "owner@example.org")
    assert admin.is_superuser
    assert admin.check_password("a long and odd sentence")
    assert said == ["Made the administrator owner@example.org."]


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("nobody", "a long and odd sentence", "valid email address"),
        ("owner@example.org", "short1x", "too short"),
        ("owner@example.org", "qwertyuiop", "too common"),
    ],
)
def test_first_admin_when_what_is_set_will_not_do_stops_without_showing_the_password(
    settings: Any, said: list[str], email: str, password: str, sentence: str
) -> None:
    settings.BATCHCONSOLE_ADMIN_EMAIL, settings.BATCHCONSOLE_ADMIN_PASSWORD = email, password
    with pytest.raises(first_admin.AdminError, match=sentence) as caught:
        first_admin.ensure(said.append)
    assert password not in str(caught.value)
    assert not User.objects.exists()


def test_first_admin_when_nothing_is_set_and_nobody_can_be_asked_says_how(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    first_admin.ensure(said.append)
    assert said == [first_admin.HOW]
    assert not User.objects.exists()


def test_first_admin_when_somebody_is_asked_asks_again_until_it_will_do(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    emails = iter(["owner", "owner@example.org", "owner@example.org"])
    good = "a long and odd sentence"
    passwords = iter([good, good, "another one", good, good])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: next(emails))
    monkeypatch.setattr("getpass.getpass", lambda _: next(passwords))
    first_admin.ensure(said.append)
    assert said[1:] == ["Enter a valid email address.", "The two passwords differ."]
    assert User.objects.get().check_password(good)
