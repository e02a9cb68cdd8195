"""Emails in one form."""

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse

from jobs.access.emails import normal_form
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Vera@Example.com ", "vera@example.com"),
        ("\uff36era@example.com", "vera@example.com"),
        ("veſa@example.com", "vesa@example.com"),
        ("STRASSE@x.org", "strasse@x.org"),
        ("straße@x.org", "strasse@x.org"),
    ],
)
def test_ways_to_write_an_email_have_one_form(typed, stored):
    assert normal_form(typed) == normal_form(normal_form(typed)) == stored


def test_dotless_i_is_another_letter():
    assert normal_form("vıra@example.com") != normal_form("vira@example.com")


def test_account_is_stored_in_that_form_whoever_makes_it():
    user = User.objects.create_superuser("OWNER@Example.org", "OWNER@Example.org", PASSWORD)
    user.refresh_from_db()
    assert (user.username, user.email) == ("owner@example.org", "owner@example.org")


def test_admin_site_makes_no_accounts_beside_the_console(client):
    client.force_login(make_user("admin"))
    form = {"username": "VERA@example.com", "usable_password": "true"}
    form |= {"password1": PASSWORD, "password2": PASSWORD}
    assert client.post(reverse("admin:auth_user_add"), form).status_code == 403
    assert not User.objects.filter(username__icontains="vera").exists()


def test_admin_site_shows_accounts_and_changes_none(client):
    client.force_login(make_user("admin"))
    vera = make_user("viewer", name="vera")
    assert client.get(reverse("admin:auth_user_add")).status_code == 403
    assert client.post(reverse("admin:auth_user_delete", args=[vera.pk])).status_code == 403
    change = reverse("admin:auth_user_change", args=[vera.pk])
    assert "vera@example.com" in client.get(change).text
    client.post(change, {"username": "otto@example.com", "is_superuser": "on"})
    vera.refresh_from_db()
    assert vera.username == "vera@example.com" and not vera.is_superuser


def test_migration_keeps_the_account_that_signed_in_and_numbers_the_other(caplog):
    first, second = make_user("viewer", name="first"), make_user("viewer", name="second")
    User.objects.filter(pk=first.pk).update(username="Vera@example.com")
    User.objects.filter(pk=second.pk).update(username="vera@example.com")
    migration = importlib.import_module("jobs.migrations.0010_sign_in")
    migration.normalise(apps, SimpleNamespace(connection=connection))
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.username == "vera@example.com"
    assert second.username == f"{second.pk}-vera@example.com"
    assert "one email with another now" in caplog.text
