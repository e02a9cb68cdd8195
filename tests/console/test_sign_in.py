from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.contrib.auth.hashers import get_hasher
from django.urls import reverse

from jobs.console import access
from tests.make import PASSWORD, make_job, make_user

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"


@pytest.fixture
def user(db):
    return make_user("viewer", name="vera")


def sign_in(client, email="vera@example.com", password=PASSWORD, **more):
    return client.post(SIGN_IN, {"email": email, "password": password, **more})


def test_page_when_signed_out_leads_to_sign_in_and_back_to_the_filtered_list(client, user):
    answer = client.get("/jobs/?status=Failed&q=tag")
    assert answer.url == "/sign-in/?next=%2Fjobs%2F%3Fstatus%3DFailed%26q%3Dtag"
    page = client.get(answer.url)
    assert 'name="next" value="/jobs/?status=Failed&amp;q=tag"' in page.content.decode()
    answer = sign_in(client, next="/jobs/?status=Failed&q=tag")
    assert (answer.status_code, answer.url) == (303, "/jobs/?status=Failed&q=tag")


def test_sign_in_takes_the_email_in_any_case(client, user):
    assert sign_in(client, email="Vera@Example.com").status_code == 303


@pytest.mark.parametrize(
    ("email", "password"), [("vera@example.com", "wrong"), ("nobody@example.com", PASSWORD)]
)
def test_wrong_email_and_wrong_password_get_the_same_words(client, user, email, password):
    page = sign_in(client, email, password).content.decode()
    assert page.count("Email or password is not right.") == 2  # in the summary and at the field
    assert "<title>Error: Sign in" in page
    assert f'value="{email}"' in page
    assert password not in page


def test_empty_fields_are_asked_for(client, db):
    page = sign_in(client, "", "").content.decode()
    assert "Enter your email." in page and "Enter your password." in page


def test_sixth_attempt_within_five_minutes_is_refused_even_with_the_right_password(client, user):
    for _ in range(5):
        sign_in(client, password="wrong")
    page = sign_in(client)
    assert "Too many attempts. Try again in 5 minutes." in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_lock_of_one_email_leaves_others_alone(client, user):
    make_user("viewer", name="otto")
    for _ in range(6):
        sign_in(client, password="wrong")
    assert sign_in(client, email="otto@example.com").status_code == 303


def test_right_password_clears_the_count(client, user):
    for _ in range(2):
        for _ in range(4):
            sign_in(client, password="wrong")
        assert sign_in(client).status_code == 303


def test_next_that_leads_elsewhere_is_ignored(client, user):
    assert sign_in(client, next="https://elsewhere.example/jobs/").url == "/"
    assert client.get(SIGN_IN, {"next": "//elsewhere.example"}).url == "/"


def test_session_lasts_an_hour_or_thirty_days_when_kept(client, user):
    sign_in(client)
    assert client.session.get_expiry_age() == 60 * 60
    sign_in(client, keep="on")
    assert client.session.get_expiry_age() == 30 * 24 * 60 * 60


def test_page_extends_the_session_and_a_poll_does_not(client, user, monkeypatch):
    sign_in(client)
    job, now = make_job(), access.timezone.now()
    monkeypatch.setattr(access.timezone, "now", lambda: now + timedelta(minutes=30))
    poll = client.get(reverse("job-live", args=[job.pk]), headers={"HX-Request": "true"})
    assert poll.status_code == 200 and "sessionid" not in poll.cookies
    page = client.get(reverse("job-detail", args=[job.pk]))
    assert page.cookies["sessionid"]["max-age"] == 60 * 60


def test_poll_when_signed_out_moves_the_whole_page_to_sign_in(client, db):
    job = make_job()
    answer = client.get(
        reverse("job-live", args=[job.pk]),
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver/jobs/{job.pk}/"},
    )
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == f"/sign-in/?next=%2Fjobs%2F{job.pk}%2F"


def test_sign_in_page_says_that_a_session_ended_but_not_after_signing_out(client, user):
    sentence = "You were signed out after 60 minutes without activity."
    sign_in(client)
    del client.cookies["sessionid"]
    assert sentence in client.get(SIGN_IN).content.decode()
    sign_in(client)
    assert client.post("/sign-out/").url == SIGN_IN
    assert sentence not in client.get(SIGN_IN).content.decode()
    assert client.get("/jobs/").status_code == 302


def test_pages_are_kept_by_no_cache(client, user):
    sign_in(client)
    assert "no-store" in client.get("/jobs/")["Cache-Control"]


def test_admin_site_signs_in_through_the_same_door(client, user):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/sign-in/?next=%2Fadmin%2F"
    answer = client.post("/admin/login/", {"username": user.username, "password": PASSWORD})
    assert answer.url == "/sign-in/?next=%2Fadmin%2F"
    sign_in(client)
    assert client.get("/admin/", follow=True).status_code == 403
    client.force_login(make_user("admin"))
    assert client.get("/admin/").status_code == 200


def test_letters_that_a_database_takes_for_others_give_no_further_attempts(client, user):
    for way in ("vera", "VERA", "\uff56era", "Vera", "veRa"):
        sign_in(client, email=f"{way}@example.com", password="wrong")
    assert "Too many attempts" in sign_in(client).text


def test_attempts_behind_a_trusted_proxy_count_for_who_asks(client, user, settings):
    settings.BATCHCONSOLE_TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    stranger, owner = ({"X-Forwarded-For": f"203.0.113.{n}"} for n in (8, 9))
    for _ in range(6):
        client.post(SIGN_IN, {"email": user.email, "password": "wrong"}, headers=stranger)
    right = {"email": user.email, "password": PASSWORD}
    assert "Too many attempts" in client.post(SIGN_IN, right, headers=stranger).text
    assert client.post(SIGN_IN, right, headers=owner).status_code == 303


def test_browser_stays_known_after_signing_out_at_the_sign_in_page_alone(client, user):
    cookie = sign_in(client).cookies["known-browser"]
    assert (cookie["path"], cookie["httponly"]) == (SIGN_IN, True)
    client.post("/sign-out/")
    assert client.cookies["known-browser"].value


def test_new_password_signs_out_everywhere(client, user):
    sign_in(client)
    user.set_password("another long and odd sentence")
    user.save()
    assert client.get("/jobs/").status_code == 302


@pytest.mark.parametrize("email", ["vera@example.com", "nobody@example.com"])
def test_known_and_unknown_email_take_one_hash_of_the_password(client, user, monkeypatch, email):
    hashed, hasher = [], get_hasher()
    encode = type(hasher).encode
    monkeypatch.setattr(type(hasher), "encode", lambda *a, **k: hashed.append(1) or encode(*a, **k))
    sign_in(client, email=email, password="wrong")
    assert len(hashed) == 1


@pytest.mark.parametrize("path", ["/sign-in/", "/nowhere/", "/admin/", "/healthz"])
def test_every_answer_has_the_content_policy(client, db, path):
    assert "default-src 'none'" in client.get(path)["Content-Security-Policy"]


def test_answer_to_an_unknown_host_has_the_content_policy_with_https_too(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/jobs/", HTTP_HOST="elsewhere.example")
    assert answer.status_code == 400
    assert "default-src 'none'" in answer["Content-Security-Policy"]
