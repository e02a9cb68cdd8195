"""People, as an administrator sees and changes them."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.access import people, two_factor
from jobs.models import BrowserSession, PasswordLink, Person
from tests.console.people.codes import with_second_factor
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db
NEW = "another long passphrase"


@pytest.fixture
def vera(db):
    return make_user("viewer", name="vera")


def page_of(person):
    return reverse("person-edit", args=[person.pk])


def values(person, **changed):
    roles = [group.pk for group in person.groups.all()]
    return {"email": person.email, "name": "", "roles": roles, **changed}


def link_in(text):
    return re.search(r"/sign-in/link/[\w-]{43}/", text)[0]


def test_list_says_who_is_here_in_a_constant_number_of_queries(
    as_admin, vera, django_assert_max_num_queries
):
    make_user("viewer", name="gone", is_active=False)
    people.invite("new@example.com", "", [])
    for n in range(5):
        make_user("operator", name=f"olga{n}")
    as_admin.get("/access/people/")
    with django_assert_max_num_queries(12):
        page = as_admin.get("/access/people/").text
    for words in ("People", "vera@example.com", "Viewer", "Disabled", "Invited", "Administrator"):
        assert words in page


def test_invited_person_chooses_a_password_by_a_link_that_is_shown_once(as_admin):
    viewer = Group.objects.get(name="Viewer")
    form = {"email": "Nina@Example.com", "name": "Nina", "roles": [viewer.pk]}
    page = as_admin.post("/access/people/invite/", form).text
    nina, link = User.objects.get(username="nina@example.com"), link_in(page)
    assert list(nina.groups.all()) == [viewer]
    assert link not in as_admin.get(page_of(nina)).text
    browser = Client()
    assert "Welcome to batchconsole" in browser.get(link).text
    assert browser.post(link, {"password": NEW, "again": NEW}).url == "/"
    assert browser.get("/account/").status_code == 200
    assert browser.get(link).status_code == 404
    assert Client().post("/sign-in/", {"email": nina.email, "password": NEW}).status_code == 303


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("", "Enter an email."),
        ("nina", "Enter an email such as name@example.com."),
        ("vera@example.com", "There is an account vera@example.com already."),
        ("VERA@EXAMPLE.COM", "There is an account vera@example.com already."),
        ("admin@example.com", "is the demo&#x27;s sign-in"),
        ("ni\x00na@example.com", "contains a character that is not visible"),
        ("n" * 200 + "@example.com", "letters at most"),
    ],
)
def test_email_that_cannot_be_invited_gets_a_sentence(as_admin, vera, email, sentence):
    page = as_admin.post("/access/people/invite/", {"email": email}).text
    assert 'id="email_error"' in page and sentence in page


def test_password_that_is_too_easy_leaves_the_link_as_it_was(client, vera):
    link = reverse(
        "password-link", args=[people.link(vera, PasswordLink.Purpose.INVITATION, timezone.now())]
    )
    assert 'id="id_password_error"' in client.post(link, {"password": "x", "again": "x"}).text
    assert client.get(link).status_code == 200


def test_link_asks_for_the_second_factor_too(client, vera):
    with_second_factor(vera)
    link = reverse(
        "password-link", args=[people.link(vera, PasswordLink.Purpose.INVITATION, timezone.now())]
    )
    answer = client.post(link, {"password": NEW, "again": NEW})
    assert answer.url == reverse("sign-in-code")
    assert "_auth_user_id" not in client.session


def test_roles_name_email_and_tags_are_changed(as_admin, vera):
    operator = Group.objects.get(name="Operator")
    form = values(vera, name="Vera", email="vera@elsewhere.example", roles=[operator.pk])
    assert as_admin.post(page_of(vera), form).status_code == 303
    vera.refresh_from_db()
    assert (vera.username, vera.first_name) == ("vera@elsewhere.example", "Vera")
    assert list(vera.groups.all()) == [operator]
    tags = reverse("person-tags", args=[vera.pk])
    answer = as_admin.post(tags, {"key": "department", "value": "Finance", "save": ""})
    assert answer.status_code == 303
    assert people.tags_of(vera) == {"department": "Finance"}
    assert "Finance" in as_admin.get(page_of(vera)).text


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (["team", "Team"], "differs from it in case alone"),
        (["team", "team"], "twice"),
        (["aws:team", ""], "reserved"),
    ],
)
def test_tags_that_cannot_be_get_a_sentence(as_admin, vera, keys, sentence):
    form = {"key": keys, "value": ["1", "2"], "save": ""}
    page = as_admin.post(reverse("person-tags", args=[vera.pk]), form).text
    assert sentence in page
    assert people.tags_of(vera) == {}


def test_disabled_person_is_out_at_once(as_admin, vera):
    browser = Client()
    browser.post("/sign-in/", {"email": vera.email, "password": PASSWORD})
    as_admin.post(reverse("person-disable", args=[vera.pk]))
    assert browser.get("/account/").status_code == 302
    page = browser.post("/sign-in/", {"email": vera.email, "password": PASSWORD}).text
    assert "Email or password is not right." in page
    as_admin.post(reverse("person-enable", args=[vera.pk]))
    answer = browser.post("/sign-in/", {"email": vera.email, "password": PASSWORD})
    assert answer.status_code == 303


def test_last_administrator_stays_one_and_is_told_why(as_admin, admin):
    page = as_admin.post(page_of(admin), values(admin)).text
    assert 'id="is_administrator_error"' in page
    assert "This is the last administrator. Make somebody else an administrator first." in page
    as_admin.post(reverse("person-disable", args=[admin.pk]))
    admin.refresh_from_db()
    assert admin.is_superuser and admin.is_active


def test_second_administrator_can_be_demoted(as_admin, admin):
    other = make_user("admin", name="otto")
    assert as_admin.post(page_of(other), values(other)).status_code == 303
    other.refresh_from_db()
    assert not other.is_superuser


def test_two_factor_is_required_and_reset(as_admin, vera):
    with_second_factor(vera)
    as_admin.post(page_of(vera), values(vera, requires_two_factor="on"))
    assert Person.objects.get(pk=vera.pk).requires_two_factor
    as_admin.post(reverse("person-two-factor-reset", args=[vera.pk]))
    assert not two_factor.is_on(vera)
    answer = Client().post("/sign-in/", {"email": vera.email, "password": PASSWORD})
    assert answer.url == reverse("account-two-factor")


def test_sessions_of_somebody_end(as_admin, vera):
    browser = Client()
    browser.post("/sign-in/", {"email": vera.email, "password": PASSWORD})
    assert "Not signed in anywhere" not in as_admin.get(page_of(vera)).text
    as_admin.post(reverse("person-sessions-end", args=[vera.pk]))
    assert browser.get("/account/").status_code == 302
    assert not BrowserSession.objects.filter(user=vera).exists()


def test_locked_person_is_unlocked(as_admin, vera):
    for _ in range(6):
        Client().post("/sign-in/", {"email": vera.email, "password": "wrong"})
    assert "There were failed attempts" in as_admin.get(page_of(vera)).text
    as_admin.post(reverse("person-unlock", args=[vera.pk]))
    answer = Client().post("/sign-in/", {"email": vera.email, "password": PASSWORD})
    assert answer.status_code == 303


def test_new_link_for_who_has_a_password_is_a_short_one(as_admin, vera):
    page = as_admin.post(reverse("person-link", args=[vera.pk])).text
    assert "for an hour" in re.sub(r"\s+", " ", page)
    assert PasswordLink.objects.get().purpose == "reset"
    assert Client().get(link_in(page)).status_code == 200


def test_page_has_nothing_to_run_in_the_browser_and_no_style_of_its_own(as_admin, vera):
    for path in ("/access/people/", "/access/people/invite/", page_of(vera), "/account/"):
        page = as_admin.get(path).text
        assert " style=" not in page and "<script>" not in page
