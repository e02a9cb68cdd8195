"""Signing in with an OpenID Connect provider, a real one in a process of its own."""

import json
import sys
import urllib.error
import urllib.request
from urllib.parse import urlencode, urlsplit

import pytest
from django.contrib.auth.models import Group, User

from jobs.console.sign_in import provider as sign_in_provider
from jobs.models import AuditEntry, Person, ProviderIdentity
from tests import oidc_provider, servers
from tests.make import make_user

pytestmark = pytest.mark.django_db
VERA = {"sub": "v-1", "email": "Vera@example.com", "email_verified": True, "name": "Vera"}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    port = servers.free_port()
    command = [sys.executable, "-m", "tests.oidc_provider", str(port)]
    child = servers.program("oidc-provider", command, tmp_path_factory.mktemp("provider"))
    with servers.running(child, lambda: servers.listens(child, port)):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def provider(settings, issuer):
    sign_in_provider._client_of.cache_clear()
    settings.BATCHCONSOLE_OIDC = {
        "issuer": issuer,
        "client_id": oidc_provider.CLIENT_ID,
        "client_secret": oidc_provider.CLIENT_SECRET,
        "name": "Example SSO",
        "scope": "openid email profile",
        "groups_claim": "groups",
        "group_roles": {"s3-ops": "Operator", "s3-readers": "Viewer"},
        "trusts_email": False,
    }
    return settings.BATCHCONSOLE_OIDC


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *ignored):
        return None


def sent_back_to(address, claims, fault=""):
    """What the provider sends the browser back with."""
    more = urlencode({"claims": json.dumps(claims), "fault": fault})
    try:
        urllib.request.build_opener(NoRedirect).open(f"{address}&{more}")
    except urllib.error.HTTPError as answer:
        with answer:
            assert answer.code == 302
            back = urlsplit(answer.headers["Location"])
            return f"{back.path}?{back.query}"


def come(client, claims, fault="", target="/jobs/"):
    there = client.get("/sign-in/provider/", {"next": target})
    return client.get(sent_back_to(there.url, claims, fault))


def is_in(client):
    return "_auth_user_id" in client.session


def refusal(client, answer):
    assert answer.url == "/sign-in/"
    assert not is_in(client)
    return client.get("/sign-in/").text


def test_sign_in_page_offers_the_provider_by_its_name(client):
    page = client.get("/sign-in/?next=/jobs/").text
    assert "with Example SSO" in page and "/sign-in/provider/?next=/jobs/" in page


def test_newcomer_with_a_group_that_has_a_role_gets_an_account_and_comes_to_the_page(client):
    answer = come(client, {**VERA, "groups": ["s3-ops", "other"]})
    assert (answer.status_code, answer.url) == (303, "/jobs/")
    vera = User.objects.get(username="vera@example.com")
    assert [group.name for group in vera.groups.all()] == ["Operator"]
    assert vera.get_full_name() == "Vera" and not vera.has_usable_password()
    assert is_in(client)
    entry = AuditEntry.objects.get(action="batchconsole:SignIn")
    assert (entry.who, entry.after) == ("vera@example.com", {"by": "single sign-on"})


def test_newcomer_without_a_role_is_told_whom_to_ask_and_gets_no_account(client):
    page = refusal(client, come(client, {**VERA, "groups": ["other"]}))
    assert "none of your groups has a role here. Ask your administrator" in page
    assert not User.objects.filter(username="vera@example.com").exists()
    entry = AuditEntry.objects.get(action="batchconsole:SignIn")
    assert (entry.allowed, entry.target) == (False, "unknown account")
    assert entry.after == {"tried": "single sign-on", "outcome": "no account"}


def test_roles_follow_the_groups_at_each_sign_in_and_other_roles_stay(client):
    come(client, {**VERA, "groups": ["s3-ops"]})
    vera = User.objects.get(username="vera@example.com")
    vera.groups.add(Group.objects.create(name="Own"))
    come(client, {**VERA, "groups": ["s3-readers"]})
    assert {group.name for group in vera.groups.all()} == {"Viewer", "Own"}


def test_account_that_is_there_is_found_by_its_verified_email_and_later_by_its_identity(client):
    vera = make_user("viewer", name="vera")
    come(client, {**VERA, "groups": ["s3-ops"]})
    assert ProviderIdentity.objects.get().user == vera
    come(client, {**VERA, "email": "new@example.com", "groups": ["s3-ops"]})
    assert client.session["_auth_user_id"] == str(vera.pk)


def test_email_that_the_provider_has_not_verified_opens_no_account(client, provider):
    make_user("viewer", name="vera")
    claims = {**VERA, "email_verified": False, "groups": ["s3-ops"]}
    assert "has not verified" in refusal(client, come(client, claims))
    provider["trusts_email"] = True
    assert come(client, claims).url == "/jobs/"


def test_administrator_is_not_taken_over_by_an_email_that_is_not_verified(client, provider):
    make_user("admin", name="vera")
    provider["trusts_email"] = True
    assert "has not verified" in refusal(client, come(client, {**VERA, "email_verified": None}))


def test_old_email_that_the_provider_gave_to_somebody_new_opens_no_account(client):
    come(client, {**VERA, "groups": ["s3-ops"]})
    client.post("/sign-out/")
    answer = come(client, {**VERA, "sub": "somebody-else", "groups": ["s3-ops"]})
    assert "is the sign-in of somebody else here" in refusal(client, answer)


def test_disabled_person_does_not_come_in(client):
    vera = make_user("viewer", name="vera")
    User.objects.filter(pk=vera.pk).update(is_active=False)
    assert "Your account is disabled" in refusal(client, come(client, VERA))


def test_second_factor_is_the_providers_affair(client):
    vera = make_user("viewer", name="vera")
    Person.objects.create(user=vera, requires_two_factor=True)
    assert come(client, {**VERA, "groups": ["s3-ops"]}).url == "/jobs/"


@pytest.mark.parametrize(
    "fault",
    ["nonce", "no-nonce", "audience", "audience-of-azp", "issuer", "expired", "signature", "secret",
     "unsigned"],
)  # fmt: skip
def test_token_that_cannot_be_trusted_signs_nobody_in(client, fault):
    make_user("viewer", name="vera")
    page = refusal(client, come(client, VERA, fault))
    assert "could not be trusted" in page or "gives no answer that can be used" in page


def test_answer_to_another_browser_signs_nobody_in(client):
    """Who is tricked into opening somebody else's answer would work in that one's account."""
    from_elsewhere = sent_back_to(client.get("/sign-in/provider/").url, VERA)
    make_user("viewer", name="vera")
    victim = type(client)()
    assert "could not be trusted" in refusal(victim, victim.get(from_elsewhere))


def test_answer_works_once(client):
    make_user("viewer", name="vera")
    back = sent_back_to(client.get("/sign-in/provider/").url, VERA)
    assert client.get(back).url == "/"
    client.post("/sign-out/")
    refusal(client, client.get(back))


def test_code_that_was_stolen_is_of_no_use_without_its_verifier(client):
    """PKCE: the thief's own sign-in has another verifier."""
    make_user("viewer", name="vera")
    stolen = sent_back_to(client.get("/sign-in/provider/").url, VERA)
    thief = type(client)()
    own = sent_back_to(thief.get("/sign-in/provider/").url, VERA)
    code = stolen.split("code=")[1].split("&")[0]
    refusal(thief, thief.get(f"/sign-in/provider/back/?code={code}&state={own.split('state=')[1]}"))


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x", "?error=access_denied", "?code=x&state=y"]
)
def test_odd_answer_gets_a_sentence(client, query):
    refusal(client, client.get(f"/sign-in/provider/back/{query}"))


def test_provider_that_is_down_gets_a_sentence(client, provider):
    provider["issuer"] = "http://127.0.0.1:9"
    page = refusal(client, client.get("/sign-in/provider/"))
    assert "Example SSO gives no answer that can be used." in page


def test_role_that_is_not_there_is_left_out(client, provider, caplog):
    provider["group_roles"] = {"s3-ops": "Operator", "s3-kings": "King"}
    come(client, {**VERA, "groups": ["s3-ops", "s3-kings"]})
    assert is_in(client)
    assert "King" in caplog.text


def test_without_a_provider_there_is_no_such_page(client, settings):
    settings.BATCHCONSOLE_OIDC = None
    assert client.get("/sign-in/provider/").status_code == 404
    assert "SSO" not in client.get("/sign-in/").text
