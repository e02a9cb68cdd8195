"""Access keys in the browser: made, shown once, and revoked."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from jobs.access import access_keys, service_accounts
from jobs.models import AccessKey
from tests.make import make_user

NEW, LIST = reverse("access-key-new"), reverse("access-key-list")


@pytest.fixture
def nightly(admin):
    return service_accounts.create("nightly-copy", "", by=admin, now=timezone.now())


def page(client, url=LIST):
    return html.unescape(client.get(url).content.decode())


def form_id(client):
    return re.search(r'name="form_id" value="([0-9a-f-]{36})"', page(client, NEW))[1]


def send(client, **typed):
    values = {"form_id": form_id(client), "name": "laptop", "expires": "90", "networks": ""}
    return client.post(NEW, values | typed)


def shown(response, what):
    found = re.search(rf'id="{what}">([^<]+)<', response.content.decode())
    return found and html.unescape(found[1])


def test_a_person_makes_a_key_for_themselves(as_viewer, viewer):
    response = send(as_viewer, networks="10.0.0.0/8\n\n 192.0.2.7\n")
    (key,) = AccessKey.objects.all()
    assert response.status_code == 200
    assert shown(response, "access-key-id") == key.pk
    assert shown(response, "secret-access-key") == key.secret
    assert (key.owner, key.created_by, key.name) == (viewer, viewer, "laptop")
    assert key.networks == ["10.0.0.0/8", "192.0.2.7/32"]
    assert abs(key.expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)


def test_a_secret_is_shown_once_and_kept_nowhere_else(as_viewer):
    response = send(as_viewer)
    secret = AccessKey.objects.get().secret
    assert "no-store" in response["Cache-Control"]
    assert "Location" not in response
    for session in Session.objects.all():
        assert secret not in str(session.get_decoded())
    for url in (LIST, NEW, reverse("access-key-revoke", args=[AccessKey.objects.get().pk])):
        assert secret not in page(as_viewer, url)


def test_a_reload_of_the_answer_makes_no_second_key(as_viewer):
    once = form_id(as_viewer)
    first = send(as_viewer, form_id=once)
    again = send(as_viewer, form_id=once)
    assert AccessKey.objects.count() == 1
    assert (again.status_code, again["Location"]) == (303, LIST)
    text = page(as_viewer)
    assert "This form was sent before" in text
    assert shown(first, "secret-access-key") not in text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"networks": "10.0.0.1/8"}, "Write 10.0.0.0/8 for that network."),
        ({"networks": "office"}, '"office" is no address or network.'),
        ({"networks": "\n".join(f"10.0.0.{n}" for n in range(51))}, "Name 50 addresses"),
        ({"name": "n" * 81}, "Name must be 80 characters or fewer, not 81."),
        ({"name": "a\x00b"}, "contains a character that is not visible"),
        ({"expires": "0"}, "Select a valid choice."),
        ({"form_id": "x"}, "The form did not come whole."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(as_viewer, typed, sentence):
    response = send(as_viewer, **typed)
    assert sentence in html.unescape(response.content.decode())
    assert not AccessKey.objects.exists()


def test_a_person_sees_and_revokes_their_own_keys_alone(as_viewer, viewer, operator):
    now = timezone.now()
    own, other = (access_keys.create(one, by=one, now=now) for one in (viewer, operator))
    assert own.pk in page(as_viewer) and other.pk not in page(as_viewer)
    url = reverse("access-key-revoke", args=[other.pk])
    assert as_viewer.get(url).status_code == as_viewer.post(url).status_code == 404
    assert as_viewer.post(reverse("access-key-revoke", args=[own.pk])).status_code == 303
    assert not AccessKey.objects.get(pk=own.pk).secret
    assert AccessKey.objects.get(pk=other.pk).secret
    assert f"The access key {own.pk} was revoked." in page(as_viewer)


def test_who_manages_access_sees_and_revokes_those_of_others(as_admin, operator):
    key = access_keys.create(operator, by=operator, now=timezone.now(), name="old laptop")
    text = page(as_admin)
    assert "Access keys of others" in text and key.pk in text and "old laptop" in text
    as_admin.post(reverse("access-key-revoke", args=[key.pk]))
    assert AccessKey.objects.get(pk=key.pk).revoked_at


def test_who_manages_access_makes_keys_for_service_accounts(as_admin, admin, nightly):
    send(as_admin, owner=str(nightly.pk))
    key = AccessKey.objects.get()
    assert (key.owner, key.created_by) == (nightly, admin)


def test_nobody_makes_keys_for_another_person(as_admin, operator, nightly):
    response = send(as_admin, owner=str(operator.pk))
    assert "There is no such service account." in response.content.decode()
    assert not AccessKey.objects.exists()


def test_others_cannot_make_keys_for_a_service_account(as_operator, operator, nightly):
    send(as_operator, owner=str(nightly.pk))
    assert AccessKey.objects.get().owner == operator
    assert "nightly-copy" not in page(as_operator, NEW)


def test_a_disabled_service_account_gets_no_key(as_admin, nightly):
    nightly.is_active = False
    nightly.save()
    send(as_admin, owner=str(nightly.pk))
    assert not AccessKey.objects.filter(owner=nightly).exists()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "Active"),
        ({"expires_at": timezone.now() - timedelta(hours=1)}, "Expired"),
        ({"revoked_at": timezone.now(), "secret": ""}, "Revoked"),
    ],
)
def test_the_list_says_whether_a_key_works(as_viewer, viewer, change, status):
    key = access_keys.create(viewer, by=viewer, now=timezone.now(), networks=["10.0.0.0/8"])
    AccessKey.objects.filter(pk=key.pk).update(**change)
    text = page(as_viewer)
    assert f">{status}</span>" in text
    assert ("Only from 10.0.0.0/8" in text) is (status != "Revoked")


def test_the_account_id_stands_beside_the_keys(as_viewer, settings):
    settings.BATCHCONSOLE_ACCOUNT_ID = "210987654321"
    assert "210987654321" in page(as_viewer)
    assert "--account-id 210987654321" in send(as_viewer).content.decode()


def test_to_list_many_keys_takes_as_many_queries_as_one(
    as_admin, django_assert_max_num_queries, admin
):
    def make_one():
        access_keys.create(make_user("viewer"), by=admin, now=timezone.now())

    make_one()
    with django_assert_max_num_queries(16) as of_one:
        page(as_admin)
    for _ in range(20):
        make_one()
    with django_assert_max_num_queries(len(of_one)):
        page(as_admin)
