"""The demo's account, whose password everybody knows."""

import pytest

from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db
SIGN_IN = {"email": "admin@example.com", "password": PASSWORD}


def test_account_of_the_demo_cannot_sign_in_outside_the_demo(client):
    make_user("admin", name="admin")
    assert "Email or password is not right." in client.post("/sign-in/", SIGN_IN).text
    assert client.get("/").status_code == 302


def test_account_of_the_demo_signs_in_inside_the_demo(client, settings):
    settings.BATCHCONSOLE_DEMO = True
    make_user("admin", name="admin")
    assert client.post("/sign-in/", SIGN_IN).status_code == 303
    assert client.get("/").status_code == 200


def test_session_of_the_demo_is_none_outside_the_demo(client, settings):
    settings.BATCHCONSOLE_DEMO = True
    make_user("admin", name="admin")
    client.post("/sign-in/", SIGN_IN)
    settings.BATCHCONSOLE_DEMO = False
    assert client.get("/").status_code == 302
