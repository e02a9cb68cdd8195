"""Who may come in, what they are allowed, and the end of that."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from jobs.access import browser_sessions, password_links, people, two_factor
from jobs.access.backend import DEMO_EMAIL
from jobs.errors import LastAdministratorError
from jobs.models import AuditEntry, BrowserSession, PasswordLink, SecondFactor
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()
Purpose = PasswordLink.Purpose


@pytest.fixture
def ana(db):
    return make_user("admin", name="ana")


def signed_in(user):
    client = Client()
    client.force_login(user)
    client.get("/account/")
    return client


def is_signed_in(client):
    return client.get("/account/").status_code == 200


# The last administrator


def test_last_administrator_cannot_be_disabled(ana):
    with pytest.raises(LastAdministratorError):
        people.disable(ana, NOW)
    ana.refresh_from_db()
    assert ana.is_active


def test_last_administrator_cannot_be_demoted(ana):
    viewer = Group.objects.get(name="Viewer")
    with pytest.raises(LastAdministratorError):
        people.set_roles(ana, [viewer], is_administrator=False)
    ana.refresh_from_db()
    assert ana.is_superuser and not ana.groups.exists()


def test_one_of_two_administrators_can_be_disabled_and_the_other_not_any_more(ana):
    otto = make_user("admin", name="otto")
    people.disable(otto, NOW)
    with pytest.raises(LastAdministratorError):
        people.disable(ana, NOW)


def test_demo_administrator_does_not_count_outside_of_the_demo(ana, settings):
    User.objects.create_superuser(DEMO_EMAIL, DEMO_EMAIL, "demo")
    with pytest.raises(LastAdministratorError):
        people.disable(ana, NOW)
    settings.BATCHCONSOLE_DEMO = True
    people.disable(ana, NOW)


def test_roles_of_who_is_no_administrator_are_given_and_taken(ana):
    vera, viewer = make_user(None, name="vera"), Group.objects.get(name="Viewer")
    people.set_roles(vera, [viewer], is_administrator=False)
    assert list(vera.groups.all()) == [viewer]
    people.set_roles(vera, [], is_administrator=True)
    vera.refresh_from_db()
    assert vera.is_superuser and vera.is_staff and not vera.groups.exists()


# Disabling


def test_disabled_person_is_signed_out_at_once_and_stays_so_when_enabled_again(ana):
    vera = make_user("viewer", name="vera")
    browser = signed_in(vera)
    people.disable(vera, NOW)
    assert not is_signed_in(browser)
    people.enable(vera)
    assert not is_signed_in(browser)
    assert Client().login(username=vera.username, password=PASSWORD)


def test_links_of_a_disabled_person_are_void(ana):
    vera = make_user("viewer", name="vera")
    token = password_links.issue(vera, Purpose.RESET, NOW)
    people.disable(vera, NOW)
    people.enable(vera)
    assert password_links.holder(token, NOW) is None


# Sessions


def test_all_sessions_end_but_the_one_that_is_kept(ana):
    here, there = signed_in(ana), signed_in(ana)
    other = signed_in(make_user("viewer"))
    browser_sessions.end_all(ana, NOW, but=here.session.session_key)
    assert is_signed_in(here) and is_signed_in(other)
    assert not is_signed_in(there)


def test_session_from_before_an_upgrade_ends_with_the_others(ana):
    old = signed_in(ana)
    BrowserSession.objects.all().delete()
    browser_sessions.end_all(ana, NOW)
    assert not is_signed_in(old)


def test_session_of_somebody_else_cannot_be_ended(ana):
    vera = make_user("viewer")
    browser = signed_in(vera)
    assert not browser_sessions.end(ana, BrowserSession.objects.get(user=vera).pk)
    assert is_signed_in(browser)


def test_session_that_ended_is_not_noted_again(ana):
    key = signed_in(ana).session.session_key
    Session.objects.all().delete()
    browser_sessions.note(key, ana, "192.0.2.1", "Firefox", NOW)
    assert not BrowserSession.objects.exists()


# Invitations and new passwords


def test_invitation_makes_an_account_that_nobody_signs_in_to_before_its_link_is_used(ana):
    vera = people.invite(" Vera@Example.com ", "Vera", [])
    assert (vera.username, vera.email, vera.get_full_name()) == (
        "vera@example.com",
        "vera@example.com",
        "Vera",
    )
    assert people.is_invited(vera)
    token = people.link(vera, Purpose.INVITATION, NOW)
    assert password_links.claim(token, PASSWORD, NOW) == vera
    vera.refresh_from_db()
    assert not people.is_invited(vera)
    assert Client().login(username="vera@example.com", password=PASSWORD)


def test_email_is_invited_once(ana):
    assert people.invite("vera@example.com", "", [])
    assert people.invite("VERA@example.com", "", []) is None


@pytest.mark.parametrize("purpose", [Purpose.INVITATION, Purpose.RESET])
def test_link_works_once_and_for_a_while(ana, purpose):
    token = password_links.issue(ana, purpose, NOW)
    assert password_links.holder(token, NOW + password_links.VALID[purpose]) is None
    assert password_links.claim(token, "another long passphrase", NOW) == ana
    assert password_links.claim(token, "a third long passphrase", NOW) is None


def test_newer_link_voids_the_older_one(ana):
    old, new = (password_links.issue(ana, Purpose.RESET, NOW) for _ in range(2))
    assert password_links.holder(old, NOW) is None
    assert password_links.holder(new, NOW) == ana


def test_link_is_kept_as_a_hash(ana):
    token = password_links.issue(ana, Purpose.RESET, NOW)
    assert token not in str(PasswordLink.objects.values_list().get())


def test_new_password_ends_all_sessions_and_voids_all_links(ana):
    browser = signed_in(ana)
    invitation = password_links.issue(ana, Purpose.INVITATION, NOW)
    token = password_links.issue(ana, Purpose.RESET, NOW)
    password_links.claim(token, "another long passphrase", NOW)
    assert not is_signed_in(browser)
    assert password_links.holder(invitation, NOW) is None


def test_links_that_expired_are_forgotten(ana):
    password_links.issue(ana, Purpose.RESET, NOW)
    password_links.forget_old(NOW)
    assert PasswordLink.objects.exists()
    password_links.forget_old(NOW + timedelta(hours=1))
    assert not PasswordLink.objects.exists()


def test_changed_email_voids_links_that_were_sent_to_the_old_one(ana):
    token = password_links.issue(ana, Purpose.RESET, NOW)
    assert people.change_email(ana, "Ana@elsewhere.example")
    ana.refresh_from_db()
    assert ana.username == ana.email == "ana@elsewhere.example"
    assert password_links.holder(token, NOW) is None


def test_email_of_somebody_else_is_not_taken(ana):
    make_user("viewer", name="vera")
    assert not people.change_email(ana, "vera@example.com")


# Two-factor, asked for by an administrator


def test_who_has_to_have_a_second_factor_and_has_none_is_signed_out(ana):
    browser = signed_in(ana)
    people.require_two_factor(ana, NOW, is_required=True)
    assert not is_signed_in(browser)


def test_who_has_one_already_stays_signed_in_when_it_is_required(ana):
    browser = signed_in(ana)
    SecondFactor.objects.create(user=ana, secret=two_factor.new_secret(), confirmed_at=NOW)
    people.require_two_factor(ana, NOW, is_required=True)
    assert is_signed_in(browser)


def test_reset_takes_factor_and_sessions(ana):
    browser = signed_in(ana)
    SecondFactor.objects.create(user=ana, secret=two_factor.new_secret(), confirmed_at=NOW)
    people.reset_two_factor(ana, NOW)
    assert not two_factor.is_on(ana)
    assert not is_signed_in(browser)


def test_tags_are_replaced_as_a_whole(ana):
    people.set_tags(ana, {"department": "Finance", "team": ""})
    people.set_tags(ana, {"department": "Sales"})
    assert people.tags_of(ana) == {"department": "Sales"}


def test_what_administrators_do_to_people_stands_in_the_audit_log(ana):
    vera = make_user("viewer", name="vera")
    before = AuditEntry.objects.count()
    people.disable(vera, NOW)
    people.enable(vera)
    people.set_tags(vera, {"department": "Finance"})
    people.require_two_factor(vera, NOW, is_required=True)
    people.reset_two_factor(vera, NOW)
    people.sign_out(vera, NOW)
    token = people.link(vera, Purpose.RESET, NOW)
    entries = [str(entry.after) for entry in AuditEntry.objects.order_by("pk")[before:]]
    for words in ("'is_active': False", "'is_active': True", "Finance", "requires_two_factor",
                  "reset", "ended", "new password"):  # fmt: skip
        assert any(words in entry for entry in entries), words
    assert not any(token in entry for entry in entries)
