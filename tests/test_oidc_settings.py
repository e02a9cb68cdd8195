"""Single sign-on from the environment: a provider, what it knows us by, roles of its groups."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from batchconsole.oidc import oidc

WHOLE = {
    "OIDC_ISSUER": "https://sso.example.com/realms/main",
    "OIDC_CLIENT_ID": "batchconsole",
    "OIDC_CLIENT_SECRET": "hidden",
    "OIDC_GROUP_ROLES": "s3-admins=Admin, s3-readers=Viewer",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)


def test_without_an_issuer_there_is_none(monkeypatch):
    monkeypatch.setenv("OIDC_ISSUER", "")
    assert oidc() == {}


def test_groups_have_the_roles_behind_the_last_sign(monkeypatch):
    monkeypatch.setenv("OIDC_GROUP_ROLES", "s3-admins=Admin, cn=s3=Operator")
    found = oidc()["BATCHCONSOLE_OIDC"]
    assert found["group_roles"] == {"s3-admins": "Admin", "cn=s3": "Operator"}
    assert (found["groups_claim"], found["trusts_email"]) == ("groups", False)


def test_provider_on_this_machine_needs_no_https(monkeypatch):
    monkeypatch.setenv("OIDC_ISSUER", "http://127.0.0.1:8080/realms/main")
    assert oidc()["BATCHCONSOLE_OIDC"]["issuer"] == "http://127.0.0.1:8080/realms/main"


@pytest.mark.parametrize(
    ("name", "odd", "words"),
    [
        ("OIDC_ISSUER", "sso.example.com", 'not "sso.example.com"'),
        ("OIDC_ISSUER", "http://sso.example.com", "with https"),
        ("OIDC_CLIENT_ID", "", "OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"),
        ("OIDC_CLIENT_SECRET", "", "OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"),
        ("OIDC_GROUP_ROLES", "s3-admins", '"s3-admins" is none'),
        ("OIDC_GROUP_ROLES", "=Admin", '"=Admin" is none'),
        ("OIDC_TRUST_EMAIL", "perhaps", "OIDC_TRUST_EMAIL must be true or false"),
    ],
)
def test_odd_value_stops_the_start_with_a_sentence(monkeypatch, name, odd, words):
    monkeypatch.setenv(name, odd)
    with pytest.raises(ImproperlyConfigured, match=words) as stopped:
        oidc()
    assert "hidden" not in str(stopped.value)
