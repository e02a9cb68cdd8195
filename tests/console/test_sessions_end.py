import pytest
from django.test import Client
from django.urls import reverse

from tests.make import PASSWORD, make_user

NEW = "another long passphrase"


@pytest.mark.django_db
def test_new_password_ends_the_sessions_of_all_other_browsers(client):
    user, elsewhere = make_user("admin"), Client()
    for browser in (client, elsewhere):
        signing_in = {"email": user.email, "password": PASSWORD}
        assert browser.post(reverse("sign-in"), signing_in).status_code == 303
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post(reverse("admin:password_change"), fields).status_code == 302
    assert client.get("/regions/").status_code == 200
    assert elsewhere.get("/regions/").url.startswith("/sign-in/")


@pytest.mark.django_db
def test_cookies_go_over_https_alone_where_the_installation_speaks_it(client, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True  # as HTTPS=true sets them
    user = make_user()
    client.get(reverse("sign-in"), secure=True)
    signing_in = {"email": user.email, "password": PASSWORD}
    client.post(reverse("sign-in"), signing_in, secure=True)
    assert {"sessionid", "csrftoken", "was-signed-in"} <= set(client.cookies)
    for name in ("sessionid", "csrftoken", "was-signed-in"):
        assert client.cookies[name]["secure"], name
        assert client.cookies[name]["samesite"] == "Lax", name
    assert client.cookies["sessionid"]["httponly"]
