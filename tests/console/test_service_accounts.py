"""Service accounts in the browser: made, allowed something, disabled; and none of them signs in."""

import html

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from jobs.access import access_keys, service_accounts
from jobs.access.principals import principal_of
from jobs.models import AccessPolicy, AuditEntry, ServiceAccount
from tests.make import PASSWORD

LIST, NEW = reverse("service-account-list"), reverse("service-account-new")
DOCUMENT = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def nightly(admin):
    return service_accounts.create("nightly-copy", "Copies.", by=admin, now=timezone.now())


def edit(account):
    return reverse("service-account-edit", args=[account.pk])


def text_of(response):
    return html.unescape(response.content.decode())


def test_an_administrator_makes_one_with_roles_policies_and_tags(as_admin, admin):
    policy = AccessPolicy.objects.create(name="Finance", document=DOCUMENT)
    group = Group.objects.get(name="Viewer")
    typed = {"name": "Nightly-Copy", "description": "Copies.", "groups": group.pk}
    answer = as_admin.post(
        NEW, typed | {"policies": policy.pk, "tags": "Department=Finance\n\nteam = blue"}
    )
    account = User.objects.get(username="nightly-copy")
    assert (answer.status_code, answer["Location"]) == (303, edit(account))
    assert not account.has_usable_password() and not account.email
    principal = principal_of(account)
    assert {one.name for one in principal.policies} == {"Finance", "Viewer"}
    assert principal.tags == {"Department": "Finance", "team": "blue"}
    assert account.service_account.created_by == admin
    shown = text_of(as_admin.get(edit(account)))
    assert "Department=Finance" in shown and "It has no access key" in shown
    assert "nightly-copy" in text_of(as_admin.get(LIST))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "ana@example.com"}, "Use letters, digits and the signs"),
        ({"name": "n" * 65}, "Name must be 64 characters or fewer, not 65."),
        ({"name": "NIGHTLY-COPY"}, "There is an account nightly-copy already."),
        ({"tags": "=Finance"}, '"=Finance" is no tag.'),
        ({"tags": "Team=a\nteam=b"}, 'The key "team" is there twice.'),
        ({"groups": "99999"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(as_admin, nightly, typed, sentence):
    answer = as_admin.post(NEW, {"name": "other", "description": "", "tags": ""} | typed)
    assert sentence in text_of(answer)
    assert ServiceAccount.objects.get().user == nightly


def test_what_is_changed_is_kept_and_the_name_stays(as_admin, nightly):
    answer = as_admin.post(edit(nightly), {"name": "other", "description": "Moves.", "tags": "a=b"})
    assert answer.status_code == 303
    account = User.objects.get(pk=nightly.pk)
    assert (account.username, account.service_account.description) == ("nightly-copy", "Moves.")
    assert principal_of(account).tags == {"a": "b"}


def test_a_disabled_one_is_told_and_can_be_enabled(as_admin, nightly):
    url = reverse("service-account-enable", args=[nightly.pk])
    as_admin.post(url, {"on": "no"})
    assert not User.objects.get(pk=nightly.pk).is_active
    assert "None of its access keys works." in text_of(as_admin.get(edit(nightly)))
    as_admin.post(url, {"on": "yes"})
    assert User.objects.get(pk=nightly.pk).is_active


def test_nobody_signs_in_with_one_even_if_it_had_a_password(client, nightly):
    nightly.set_password(PASSWORD)
    nightly.save()
    assert not client.login(username="nightly-copy", password=PASSWORD)
    client.force_login(nightly)
    assert client.get("/jobs/").url.startswith("/sign-in/")


def test_it_is_no_person(as_admin, nightly):
    assert "nightly-copy" not in text_of(as_admin.get(reverse("person-list")))
    assert as_admin.get(reverse("person-edit", args=[nightly.pk])).status_code == 404


def test_a_person_is_no_service_account(as_admin, operator):
    assert as_admin.get(edit(operator)).status_code == 404


def test_the_audit_log_has_its_making_and_its_keys_and_no_secret(as_admin, nightly):
    key = access_keys.create(nightly, by=nightly, now=timezone.now())
    access_keys.revoke(key, timezone.now())
    entries = list(AuditEntry.objects.filter(target_type__in=["ServiceAccount", "AccessKey"]))
    assert {entry.target for entry in entries} == {"nightly-copy", key.pk}
    assert len([entry for entry in entries if entry.target == key.pk]) == 2
    assert key.secret not in str([(entry.before, entry.after) for entry in entries])
