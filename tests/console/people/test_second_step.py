"""Signing in with a code behind the password, and setting that up."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from jobs.access import people, two_factor
from jobs.console.sign_in import entering
from jobs.models import Person
from tests.console.people.codes import code_of, shown_by, with_second_factor
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db
SETUP = "/account/two-factor/"


@pytest.fixture
def vera(db):
    return make_user("viewer", name="vera")


def sign_in(client, user, **more):
    return client.post("/sign-in/", {"email": user.email, "password": PASSWORD, **more})


def is_in(client):
    return "_auth_user_id" in client.session


def test_right_password_alone_is_not_enough_and_the_code_leads_on(client, vera):
    with_second_factor(vera)
    answer = sign_in(client, vera, next="/jobs/?q=tag", keep="on")
    assert answer.url == reverse("sign-in-code")
    assert not is_in(client)
    assert client.get("/jobs/").url.startswith("/sign-in/")
    answer = client.post(answer.url, {"code": code_of(vera)})
    assert (answer.status_code, answer.url) == (303, "/jobs/?q=tag")
    assert is_in(client)
    assert client.session.get_expiry_age() == entering.KEPT_S


def test_recovery_code_signs_in_too(client, vera):
    code = with_second_factor(vera)[0]
    sign_in(client, vera)
    assert client.post(reverse("sign-in-code"), {"code": code}).status_code == 303
    assert is_in(client)


def test_wrong_code_gets_a_sentence_at_its_field_and_the_sixth_is_refused(client, vera):
    with_second_factor(vera)
    sign_in(client, vera)
    page = client.post(reverse("sign-in-code"), {"code": "000000"}).content.decode()
    assert 'id="id_code_error"' in page and "This code is not right" in page
    for _ in range(4):
        client.post(reverse("sign-in-code"), {"code": "000000"})
    page = client.post(reverse("sign-in-code"), {"code": code_of(vera)}).content.decode()
    assert "Too many attempts. Try again in 5 minutes." in page
    assert not is_in(client)


def test_codes_cannot_be_guessed_from_many_addresses(vera, settings):
    with_second_factor(vera)
    refused = 0
    for n in range(12):
        client = Client(REMOTE_ADDR=f"192.0.2.{n}")
        sign_in(client, vera)
        refused += "Too many" in client.post(reverse("sign-in-code"), {"code": "000000"}).text
    assert refused == 2


def test_code_page_without_a_password_leads_to_sign_in(client, vera):
    with_second_factor(vera)
    assert client.get(reverse("sign-in-code")).url == "/sign-in/"
    assert client.post(reverse("sign-in-code"), {"code": code_of(vera)}).url == "/sign-in/"
    assert not is_in(client)


def test_password_that_was_changed_meanwhile_counts_no_longer(client, vera):
    with_second_factor(vera)
    sign_in(client, vera)
    vera.set_password("another long passphrase")
    vera.save()
    assert client.post(reverse("sign-in-code"), {"code": code_of(vera)}).url == "/sign-in/"


def test_who_is_disabled_meanwhile_does_not_come_in(client, vera):
    with_second_factor(vera)
    sign_in(client, vera)
    vera.is_active = False
    vera.save()
    assert client.post(reverse("sign-in-code"), {"code": code_of(vera)}).url == "/sign-in/"


# Setting it up


def setup_of(page):
    """The signed secret that the form brings back, and the key that people read."""
    signed = re.search(r'name="setup" value="([^"]+)"', page)[1]
    return signed, re.search(r'id="setup-key">([A-Z2-7 ]+)<', page)[1].replace(" ", "")


def test_setting_up_shows_a_qr_code_and_gives_recovery_codes_once(client, vera):
    sign_in(client, vera)
    page = client.get(SETUP).content.decode()
    assert "<svg" in page and "style=" not in page
    signed, secret = setup_of(page)
    page = client.post(SETUP, {"setup": signed, "code": shown_by(secret)}).content.decode()
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", page)
    assert len(codes) == 10
    assert two_factor.is_on(vera)
    assert codes[0] not in client.get(SETUP).content.decode()
    other = Client()
    sign_in(other, vera)
    assert other.post(reverse("sign-in-code"), {"code": codes[0]}).status_code == 303


def test_wrong_first_code_keeps_the_key_that_was_scanned(client, vera):
    sign_in(client, vera)
    signed, secret = setup_of(client.get(SETUP).content.decode())
    page = client.post(SETUP, {"setup": signed, "code": "000000"}).content.decode()
    assert "This code is not right" in page
    assert setup_of(page)[1] == secret
    assert not two_factor.is_on(vera)


def test_key_of_somebody_else_is_not_taken(client, vera):
    other = Client()
    sign_in(other, make_user("viewer", name="otto"))
    signed, secret = setup_of(other.get(SETUP).content.decode())
    sign_in(client, vera)
    client.post(SETUP, {"setup": signed, "code": shown_by(secret)})
    assert not two_factor.is_on(vera)


def test_turning_off_and_new_recovery_codes_need_a_code(client, vera):
    codes = with_second_factor(vera)
    client.force_login(vera)
    for name in ("account-recovery-codes", "account-two-factor-off"):
        assert "This code is not right" in client.post(reverse(name), {"code": "000000"}).text
    page = client.post(reverse("account-recovery-codes"), {"code": codes[0]}).text
    assert codes[1] not in page and len(re.findall(r"<code>\w{5}-\w{5}</code>", page)) == 10
    assert (
        client.post(reverse("account-two-factor-off"), {"code": code_of(vera)}).status_code == 303
    )
    assert not two_factor.is_on(vera)


# Required by an administrator


def test_who_has_to_have_one_comes_to_nothing_else_before(client, vera):
    Person.objects.create(user=vera, requires_two_factor=True)
    assert sign_in(client, vera, next="/jobs/").url == SETUP
    assert client.get("/jobs/").url == SETUP
    assert client.get("/account/").url == SETUP
    poll = client.get("/_/jobs/", headers={"HX-Request": "true"})
    assert (poll.status_code, poll["HX-Redirect"]) == (401, SETUP)
    signed, secret = setup_of(client.get(SETUP).content.decode())
    client.post(SETUP, {"setup": signed, "code": shown_by(secret)})
    assert client.get("/jobs/").status_code == 200


def test_admin_site_is_no_way_around_it(client):
    ana = make_user("admin")
    people.require_two_factor(ana, entering.timezone.now(), is_required=True)
    sign_in(client, ana)
    assert client.get("/admin/").url == SETUP


def test_who_has_to_have_one_cannot_turn_it_off(client, vera):
    with_second_factor(vera)
    Person.objects.create(user=vera, requires_two_factor=True)
    client.force_login(vera)
    client.post(reverse("account-two-factor-off"), {"code": code_of(vera)})
    assert two_factor.is_on(vera)
