"""Invitations and new passwords by mail, through a real server."""

import re
import threading

import pytest
from django.test import Client

from jobs.access import people
from jobs.console.sign_in import links
from jobs.models import PasswordLink
from tests.make import PASSWORD, make_user
from tests.servers import free_port
from tests.smtp import smtp_running

pytestmark = pytest.mark.django_db
NEW = "another long passphrase"
FORGOTTEN = "/sign-in/forgotten/"


@pytest.fixture
def mails(settings, monkeypatch):
    with smtp_running() as (port, came):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.DEFAULT_FROM_EMAIL = "Batch console <batch@example.org>"
        settings.BATCHCONSOLE_PUBLIC_URL = "https://console.example.org"
        monkeypatch.setattr(links, "aside", lambda work: work())
        yield came


def link_in(mail):
    text = mail.get_content()
    return re.search(r"https://console\.example\.org(/sign-in/link/[\w-]{43}/)", text)[1]


def test_invitation_is_mailed_with_a_link_to_the_public_address(as_admin, mails):
    page = as_admin.post("/access/people/invite/", {"email": "nina@example.com"}, follow=True).text
    (mail,) = mails
    assert "A mail with a link is on its way to nina@example.com." in page
    assert (mail["To"], mail["From"]) == ("nina@example.com", "Batch console <batch@example.org>")
    assert link_in(mail) not in page
    assert Client().post(link_in(mail), {"password": NEW, "again": NEW}).url == "/"


def test_invitation_that_the_mail_server_does_not_take_is_shown_instead(as_admin, mails, settings):
    settings.EMAIL_PORT = free_port()
    page = as_admin.post("/access/people/invite/", {"email": "nina@example.com"}).text
    assert "The mail server did not take the mail." in page
    assert "https://console.example.org/sign-in/link/" in page


def test_new_password_is_asked_for_by_mail(client, mails):
    vera = make_user("viewer", name="vera")
    assert FORGOTTEN in client.get("/sign-in/").text
    client.post(FORGOTTEN, {"email": "VERA@example.com"})
    (mail,) = mails
    assert client.post(link_in(mail), {"password": NEW, "again": NEW}).url == "/"
    vera.refresh_from_db()
    assert vera.check_password(NEW)


def test_answer_is_the_same_whether_or_not_there_is_such_an_account(client, mails):
    make_user("viewer", name="vera")
    pages = [
        client.post(FORGOTTEN, {"email": f"{name}@example.com"}).text for name in ("vera", "nobo")
    ]
    assert pages[0].replace("vera@", "nobo@") == pages[1]
    assert [mail["To"] for mail in mails] == ["vera@example.com"]


def test_nobody_is_waited_for_who_looks_whether_there_is_an_account():
    done = threading.Event()
    links.aside(lambda: done.wait(60) and None)  # it does not hold up the answer
    done.set()


@pytest.mark.parametrize("kind", ["disabled", "invited"])
def test_who_cannot_sign_in_with_a_password_gets_no_mail(client, mails, kind):
    if kind == "disabled":
        make_user("viewer", name="vera", is_active=False)
    else:
        people.invite("vera@example.com", "", [])
    client.post(FORGOTTEN, {"email": "vera@example.com"})
    assert mails == [] and not PasswordLink.objects.exists()


def test_mailbox_cannot_be_filled_from_many_addresses(mails):
    make_user("viewer", name="vera")
    for n in range(8):
        Client(REMOTE_ADDR=f"192.0.2.{n}").post(FORGOTTEN, {"email": "vera@example.com"})
    assert len(mails) == 5


@pytest.mark.parametrize("name", ["vera", "nobody"])
def test_asking_too_often_is_refused_alike_for_every_email(client, mails, name):
    make_user("viewer", name="vera")
    for _ in range(5):
        client.post(FORGOTTEN, {"email": f"{name}@example.com"})
    assert "Too many attempts" in client.post(FORGOTTEN, {"email": f"{name}@example.com"}).text


def test_asking_for_a_new_password_locks_nobody_out(client, mails):
    vera = make_user("viewer", name="vera")
    for _ in range(6):
        client.post(FORGOTTEN, {"email": vera.email})
    answer = client.post("/sign-in/", {"email": vera.email, "password": PASSWORD})
    assert answer.status_code == 303


def test_link_of_a_mail_never_stands_in_the_log(client, mails, settings, caplog):
    make_user("viewer", name="vera")
    settings.EMAIL_PORT = free_port()
    client.post(FORGOTTEN, {"email": "vera@example.com"})
    assert "No mail to vera@example.com" in caplog.text
    assert "sign-in/link" not in caplog.text


def test_without_mail_there_is_no_such_page(client, settings):
    assert client.get(FORGOTTEN).status_code == 404
    assert "Ask your administrator to reset your password." in client.get("/sign-in/").text
