"""Access keys: who signed a request, and which keys do not work any more."""

from datetime import timedelta

import pytest
from django.db import connection

from jobs import background, queueing
from jobs.access import access_keys
from jobs.access.sigv4 import SignatureError
from jobs.models import AccessKey
from tests.access import signed
from tests.access.signed import NOW, as_received, sign
from tests.make import make_user

HERE = "192.0.2.7"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def notes(monkeypatch):
    """What is called in the background."""
    called = []
    monkeypatch.setattr(queueing, "call", lambda *call: called.append(call))
    access_keys._noted.clear()
    return called


@pytest.fixture
def owner():
    return make_user("operator", name="olga")


def make_key(owner, **facts):
    return access_keys.create(owner, by=owner, now=NOW, **facts)


def request_of(key, monkeypatch, **sent):
    monkeypatch.setattr(signed, "KEY", key.pk)
    monkeypatch.setattr(signed, "SECRET", sent.pop("secret", key.secret))
    return as_received(sign(**sent))


def refused(key, monkeypatch, *, now=NOW, source_ip=HERE, **sent):
    with pytest.raises(SignatureError) as caught:
        access_keys.verify(request_of(key, monkeypatch, at=now, **sent), source_ip, now)
    return caught.value


def test_whoever_signs_with_a_key_is_its_owner(owner, monkeypatch):
    key = make_key(owner)
    by = access_keys.verify(request_of(key, monkeypatch, region="on-site"), HERE, NOW)
    assert (by.principal.user, by.region, by.access_key) == (owner, "on-site", key)


def test_keys_and_secrets_look_like_those_of_aws_and_are_never_the_same(owner):
    keys = [make_key(owner) for _ in range(20)]
    assert {len(key.pk) for key in keys} == {20} and {len(key.secret) for key in keys} == {40}
    assert all(key.pk.startswith("BCAK") and key.pk.isalnum() for key in keys)
    assert len({key.pk for key in keys} | {key.secret for key in keys}) == 40


def test_no_secret_stands_in_the_database(owner):
    key = make_key(owner)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM jobs_accesskey")
        (row,) = cursor.fetchall()
    assert key.pk in row
    assert not any(key.secret in str(value) for value in row)


def test_an_unknown_key_is_refused(owner, monkeypatch):
    error = refused(AccessKey(pk="BCAKUNKNOWN234567ABC", secret="s" * 40), monkeypatch)
    assert (error.code, error.http_status) == ("InvalidAccessKeyId", 403)


def test_a_revoked_key_is_refused_and_its_secret_is_gone(owner, monkeypatch):
    key = make_key(owner)
    assert access_keys.revoke(key, NOW)
    assert not access_keys.revoke(key, NOW + timedelta(hours=1))
    assert refused(key, monkeypatch).code == "InvalidAccessKeyId"
    kept = AccessKey.objects.get(pk=key.pk)
    assert (kept.secret, kept.revoked_at) == ("", NOW)


def test_nobody_signs_with_the_secret_that_a_revoked_key_has_left(owner, monkeypatch):
    key = make_key(owner)
    access_keys.revoke(key, NOW)
    assert refused(key, monkeypatch, secret="").code == "InvalidAccessKeyId"


def test_a_key_works_until_it_expires(owner, monkeypatch):
    key = make_key(owner, expires_at=NOW + timedelta(days=1))
    last = NOW + timedelta(days=1, seconds=-1)
    assert access_keys.verify(request_of(key, monkeypatch, at=last), HERE, last)
    error = refused(key, monkeypatch, now=NOW + timedelta(days=1))
    assert error.code == "InvalidAccessKeyId" and "expired on 28 Nov 2026" in error.message


def test_keys_of_a_disabled_person_do_not_work(owner, monkeypatch):
    key = make_key(owner)
    owner.is_active = False
    owner.save()
    error = refused(key, monkeypatch)
    assert error.code == "InvalidAccessKeyId" and "disabled" in error.message


def test_keys_of_the_demo_work_in_the_demo_alone(monkeypatch, settings):
    key = make_key(make_user("admin", name="admin"))
    assert key.owner.username == "admin@example.com"
    settings.BATCHCONSOLE_DEMO = False
    assert refused(key, monkeypatch).code == "InvalidAccessKeyId"
    settings.BATCHCONSOLE_DEMO = True
    assert access_keys.verify(request_of(key, monkeypatch), HERE, NOW)


@pytest.mark.parametrize("wrong", ["expired", "disabled", "elsewhere"])
def test_why_a_key_does_not_work_is_told_to_nobody_without_its_secret(owner, monkeypatch, wrong):
    facts = {
        "expired": {"expires_at": NOW - timedelta(days=1)},
        "elsewhere": {"networks": ["10.0.0.0/8"]},
    }
    key = make_key(owner, **facts.get(wrong, {}))
    owner.is_active = wrong != "disabled"
    owner.save()
    assert refused(key, monkeypatch).code in {"InvalidAccessKeyId", "AccessDenied"}
    assert refused(key, monkeypatch, secret="guessed").code == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("address", "works"),
    [
        ("10.1.2.3", True),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("", False),
    ],
)
def test_a_key_may_be_bound_to_networks(owner, monkeypatch, address, works):
    key = make_key(owner, networks=["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"])
    if works:
        assert access_keys.verify(request_of(key, monkeypatch), address, NOW)
    else:
        error = refused(key, monkeypatch, source_ip=address)
        assert (error.code, error.http_status) == ("AccessDenied", 403)


def test_the_last_use_is_written_in_the_background_and_once_a_minute_at_most(
    owner, monkeypatch, notes
):
    key = make_key(owner)
    for seconds in (0, 1, 59, 60, 61):
        now = NOW + timedelta(seconds=seconds)
        access_keys.verify(request_of(key, monkeypatch, at=now), HERE, now)
    later = NOW + timedelta(seconds=60)
    assert notes == [
        ("note_access_key_use", key.pk, NOW.isoformat()),
        ("note_access_key_use", key.pk, later.isoformat()),
    ]
    assert AccessKey.objects.get(pk=key.pk).last_used_at is None
    monkeypatch.setattr(background.connections, "close_all", lambda: None)
    for name, *arguments in reversed(notes):
        getattr(background, name)(*arguments)
    assert AccessKey.objects.get(pk=key.pk).last_used_at == later


def test_another_process_that_noted_a_use_is_heeded(owner, monkeypatch, notes):
    key = make_key(owner)
    access_keys.note_use(key.pk, NOW - timedelta(seconds=30))
    access_keys.verify(request_of(key, monkeypatch), HERE, NOW)
    assert notes == []


def test_a_refused_request_is_no_use(owner, monkeypatch, notes):
    refused(make_key(owner), monkeypatch, secret="guessed")
    assert notes == []


def test_a_form_that_is_sent_twice_makes_one_key(owner):
    form_id = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    make_key(owner, form_id=form_id)
    with pytest.raises(access_keys.MadeBeforeError):
        make_key(owner, form_id=form_id)
    assert owner.access_keys.count() == 1
