"""The page Account: what is one's own."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import BrowserSession, Person
from tests.console.people.codes import with_second_factor
from tests.make import PASSWORD, make_region, make_user

pytestmark = pytest.mark.django_db
NEW = "another long passphrase"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def vera(db):
    return make_user("viewer", name="vera")


def browser_of(user, **more):
    client = Client(**more)
    client.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    return client


def values(**changed):
    return {"name": "Vera", "theme": "dark", "density": "compact", "time_zone": "Europe/Berlin",
            "default_region": "", "live_updates": "on", **changed}  # fmt: skip


def test_choices_are_kept_and_come_with_the_next_sign_in(vera):
    client, region = browser_of(vera), make_region("minio")
    answer = client.post("/account/", values(default_region=region.pk))
    assert answer.status_code == 303
    person = Person.objects.get()
    assert (person.theme, person.density, person.time_zone) == ("dark", "compact", "Europe/Berlin")
    assert person.default_region == region and person.live_updates
    assert 'data-theme="dark"' in client.get("/account/").text
    elsewhere = browser_of(vera)
    assert 'data-theme="dark" data-density="compact"' in elsewhere.get("/account/").text
    vera.refresh_from_db()
    assert vera.get_full_name() == "Vera"


@pytest.mark.parametrize(
    ("name", "odd", "sentence"),
    [
        ("time_zone", "Mars/Olympus", "Choose a time zone of the list."),
        ("default_region", "4711", "This Region is gone. Choose another one."),
        ("name", "V\x00era", "Name contains a character that is not visible. Remove it."),
        ("name", "x" * 151, "Name must be 150 characters or fewer, not 151."),
    ],
)
def test_odd_value_gets_a_sentence_beside_its_field(vera, name, odd, sentence):
    page = browser_of(vera).post("/account/", values(**{name: odd})).text
    assert f'id="{name}_error"' in page
    assert page.count(sentence) == 2  # in the summary and at the field
    assert not Person.objects.exists()


def test_password_is_changed_with_the_old_one_and_signs_out_everywhere_else(vera):
    here, there = browser_of(vera), browser_of(vera)
    fields = {"old": PASSWORD, "password": NEW, "again": NEW}
    assert here.post("/account/password/", fields).url == "/account/"
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    assert BrowserSession.objects.filter(user=vera).count() == 1
    vera.refresh_from_db()
    assert vera.check_password(NEW)


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"old": "wrong"}, "old", "This is not your current password."),
        ({"again": "different"}, "again", "The two passwords differ."),
        ({"password": "short", "again": "short"}, "password", "too short"),
        ({"old": ""}, "old", "Enter your current password."),
    ],
)
def test_new_password_that_will_not_do_gets_a_sentence(vera, changed, field, sentence):
    fields = {"old": PASSWORD, "password": NEW, "again": NEW, **changed}
    page = browser_of(vera).post("/account/password/", fields).text
    assert f'id="id_{field}_error"' in page and sentence in page
    vera.refresh_from_db()
    assert vera.check_password(PASSWORD)


def test_old_password_cannot_be_guessed_in_an_open_browser(vera):
    client = browser_of(vera)
    for _ in range(5):
        client.post("/account/password/", {"old": "wrong", "password": NEW, "again": NEW})
    fields = {"old": PASSWORD, "password": NEW, "again": NEW}
    assert "Too many attempts" in client.post("/account/password/", fields).text


def test_sessions_are_listed_with_browser_and_address(vera):
    browser_of(vera, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT=FIREFOX)
    page = browser_of(vera).get("/account/").text
    assert "Firefox on Windows" in page and "192.0.2.7" in page
    assert page.count("This session") == 1


def test_what_a_browser_chose_for_itself_stays_when_somebody_signs_in(vera):
    Person.objects.create(user=vera, theme="dark", live_updates=False)
    client = Client()
    client.cookies["theme"] = "light"
    client.post("/sign-in/", {"email": vera.email, "password": PASSWORD})
    assert client.cookies["theme"].value == "light"
    assert client.cookies["live_updates"].value == "off"


def test_create_job_starts_with_the_default_region(client):
    olga, region = make_user("operator", name="olga"), make_region("minio")
    make_region("other")
    Person.objects.create(user=olga, default_region=region)
    client.force_login(olga)
    page = client.post("/jobs/create/", follow=True).text
    assert re.search(rf'value="{region.slug}"[^>]* selected', page)


def test_one_session_is_signed_out(vera):
    here, there = browser_of(vera), browser_of(vera)
    row = BrowserSession.objects.get(session_id=there.session.session_key)
    assert here.post(reverse("account-session-end", args=[row.pk])).status_code == 303
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_all_other_sessions_are_signed_out(vera):
    here, there = browser_of(vera), browser_of(vera)
    assert here.post(reverse("account-sessions-end")).status_code == 303
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_session_of_somebody_else_stays(vera):
    other = browser_of(make_user("viewer", name="otto"))
    row = BrowserSession.objects.get(session_id=other.session.session_key)
    browser_of(vera).post(reverse("account-session-end", args=[row.pk]))
    assert other.get("/account/").status_code == 200


def test_page_says_whether_two_factor_is_on(vera):
    client = browser_of(vera)
    assert "Off: a password alone is enough" in client.get("/account/").text
    with_second_factor(vera)
    assert "10 recovery codes left" in client.get("/account/").text
