"""The first administrator."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from jobs.access import first_run
from jobs.management import first_admin
from tests.make import make_user

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


def test_first_admin_that_another_machine_made_in_this_moment_is_no_error(
    settings: Any, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there as soon as this machine may go on."""
    settings.BATCHCONSOLE_ADMIN_EMAIL = "owner@example.org"
    settings.BATCHCONSOLE_ADMIN_PASSWORD = "a long and odd sentence"

    @contextlib.contextmanager
    def after_another() -> Iterator[None]:
        first_run.create("owner@example.org", "a long and odd sentence")
        yield

    monkeypatch.setattr(first_admin, "one_machine_at_a_time", after_another)
    first_admin.ensure(said.append)
    assert (User.objects.count(), said) == (1, [])


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


def test_first_admin_when_nothing_is_set_is_told_a_link_that_only_its_reader_knows(
    settings: Any, said: list[str]
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    first_admin.ensure(said.append)
    (line,) = said
    token = line.split("/first-run/")[1].strip("/")
    assert "http://127.0.0.1:8000/first-run/" in line
    assert first_run.is_valid(token)
    assert token not in str(cache.get("first-run"))


def test_account_of_the_demo_is_no_administrator(said: list[str]) -> None:
    make_user("admin", name="admin")
    first_admin.ensure(said.append)
    assert "/first-run/" in said[0]


@pytest.mark.parametrize(
    ("bind", "hosts", "lines"),
    [("0.0.0.0", [], 2), ("0.0.0.0", ["console.lan"], 1)],  # noqa: S104
)
def test_console_on_all_addresses_says_how_to_use_the_link_elsewhere(
    settings: Any, said: list[str], bind: str, hosts: list[str], lines: int
) -> None:
    settings.BATCHCONSOLE_BIND, settings.BATCHCONSOLE_PORT = bind, 8000
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", *hosts]
    first_admin.ensure(said.append)
    assert len(said) == lines
    assert f"at http://{(hosts or ['127.0.0.1'])[0]}:8000/first-run/" in said[0]
    if lines == 2:
        assert said[1].endswith("in place of 127.0.0.1; ALLOWED_HOSTS must have it.")
