"""Who gets in where: every URL of the resolver, with every method, as everybody.

A new URL needs a line here; without one its test fails.
"""

import pytest
from django.test import Client
from django.urls import reverse

from jobs.access import first_run
from tests.console.every_url import APP_LIST, METHODS, ROLES, digest, make_world, routes

ANY = METHODS
SAFE = ("GET", "HEAD", "OPTIONS")
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")
LEVELS = {"anybody": 0, "viewer": 1, "operator": 2, "administrator": 3}

CONSOLE = {
    "": ("viewer", ANY),
    "jobs/": ("viewer", ANY),
    "jobs/export.csv": ("viewer", GET),
    "jobs/bulk/<act:act>/": ("operator", POST),
    "set-aside/": ("viewer", BOTH),
    "set-aside/bring-back/": ("viewer", POST),
    "jobs/<job:job_id>/": ("viewer", ANY),
    "jobs/<job:job_id>/failures/": ("viewer", ANY),
    "reports/": ("viewer", ANY),
    "search/": ("viewer", ANY),
    "help/": ("anybody", ANY),
    "jobs/<job:job_id>/report/": ("viewer", ANY),
    "jobs/<job:job_id>/report/download/": ("viewer", ANY),
    "jobs/<job:job_id>/report/files/<int:number>/": ("viewer", ANY),
    "jobs/<job:job_id>/configuration/": ("viewer", ANY),
    "jobs/<job:job_id>/activity/": ("viewer", ANY),
    "workers/": ("viewer", ANY),
    "_/workers/": ("viewer", ANY),
    "_/overview/": ("viewer", ANY),
    "_/jobs/": ("viewer", ANY),
    "_/jobs/<job:job_id>/live/": ("viewer", ANY),
    "_/jobs/<job:job_id>/retries/": ("viewer", GET),
    "jobs/<job:job_id>/run/": ("operator", ANY),
    "jobs/<job:job_id>/cancel/": ("operator", ANY),
    "jobs/<job:job_id>/pause/": ("operator", ANY),
    "jobs/<job:job_id>/resume/": ("operator", ANY),
    "jobs/<job:job_id>/lost-rows/": ("operator", ANY),
    "jobs/<job:job_id>/priority/": ("operator", ANY),
    "jobs/<job:job_id>/limits/": ("operator", ANY),
    "jobs/<job:job_id>/tags/": ("operator", ANY),
    "jobs/<job:job_id>/retry/": ("operator", POST),
    "jobs/<job:job_id>/clone/": ("operator", POST),
    "jobs/<job:job_id>/run-for-real/": ("operator", BOTH),
    "jobs/<job:job_id>/sample/": ("operator", GET),
    "jobs/create/": ("operator", BOTH),
    "drafts/": ("operator", GET),
    "regions/": ("administrator", GET),
    "regions/create/": ("administrator", BOTH),
    "regions/<slug:slug>/": ("administrator", BOTH),
    "regions/<slug:slug>/test/": ("administrator", POST),
    "regions/<slug:slug>/enable/": ("administrator", POST),
    "regions/<slug:slug>/delete/": ("administrator", POST),
    "regions/<slug:slug>/roles/": ("administrator", POST),
    "regions/<slug:slug>/roles/<int:pk>/": ("administrator", GET),
    "regions/<slug:slug>/roles/<int:pk>/remove/": ("administrator", POST),
    "regions/<slug:slug>/probes/": ("administrator", POST),
    "regions/<slug:slug>/probes/<int:pk>/": ("administrator", POST),
    "regions/<slug:slug>/probes/<int:pk>/remove/": ("administrator", POST),
    "regions/<slug:slug>/capabilities/<int:pk>/": ("administrator", POST),
    "regions/<slug:slug>/buckets/": ("administrator", POST),
    "regions/<slug:slug>/buckets/<int:pk>/remove/": ("administrator", POST),
    "account/notifications/": ("viewer", BOTH),
    "account/notifications/<int:pk>/remove/": ("viewer", POST),
    "jobs/<job:job_id>/tell-me/": ("viewer", POST),
    "notifications/": ("administrator", BOTH),
    "notifications/<int:pk>/remove/": ("administrator", POST),
    "notifications/deliveries/": ("administrator", GET),
    "notifications/deliveries/<int:pk>/": ("administrator", GET),
    "notifications/deliveries/<int:pk>/resend/": ("administrator", POST),
    "account/": ("anybody", BOTH),
    "account/password/": ("anybody", BOTH),
    "account/two-factor/": ("anybody", BOTH),
    "account/two-factor/codes/": ("anybody", BOTH),
    "account/two-factor/turn-off/": ("anybody", BOTH),
    "account/sessions/end/": ("anybody", POST),
    "account/sessions/<int:pk>/end/": ("anybody", POST),
    "access/people/": ("administrator", GET),
    "access/people/invite/": ("administrator", BOTH),
    "access/people/<int:pk>/": ("administrator", BOTH),
    "access/people/<int:pk>/tags/": ("administrator", BOTH),
    "access/people/<int:pk>/link/": ("administrator", POST),
    "access/people/<int:pk>/disable/": ("administrator", POST),
    "access/people/<int:pk>/enable/": ("administrator", POST),
    "access/people/<int:pk>/unlock/": ("administrator", POST),
    "access/people/<int:pk>/two-factor/reset/": ("administrator", POST),
    "access/people/<int:pk>/sessions/end/": ("administrator", POST),
    "access/policies/": ("administrator", GET),
    "access/policies/create/": ("administrator", BOTH),
    "access/policies/try/": ("administrator", BOTH),
    "access/policies/<int:pk>/": ("administrator", BOTH),
    "access/policies/<int:pk>/delete/": ("administrator", POST),
    "audit/": ("administrator", GET),
    "audit/<int:pk>/": ("administrator", GET),
    "audit/export.<export:kind>": ("administrator", GET),
    "connections/": ("administrator", GET),
    "connections/<kind:kind>/create/": ("administrator", BOTH),
    "connections/<kind:kind>/<slug:slug>/": ("administrator", BOTH),
    "connections/<kind:kind>/<slug:slug>/test/": ("administrator", POST),
    "connections/<kind:kind>/<slug:slug>/enable/": ("administrator", POST),
    "connections/<kind:kind>/<slug:slug>/delete/": ("administrator", POST),
    "api-keys/": ("anybody", GET),
    "api-keys/new/": ("anybody", BOTH),
    "access/service-accounts/": ("administrator", GET),
    "access/service-accounts/new/": ("administrator", BOTH),
    "access/service-accounts/<int:pk>/": ("administrator", BOTH),
    "access/service-accounts/<int:pk>/enable/": ("administrator", POST),
}
"""The least role, and the methods that the page knows; others get 405. "anybody" is signed in."""

KEYS = {"api-keys/<slug:key_id>/revoke/": BOTH}
"""Of everybody, each their own; who manages access reaches those of others."""

OWN = {"jobs/bulk/<uuid:bulk_id>/": BOTH}
"""Of operators, each their own: those of others are not found by anybody."""

DRAFTS = {
    "jobs/create/<uuid:draft_id>/retry-list/": BOTH,
    "jobs/create/<uuid:draft_id>/leave/": GET,
    "jobs/create/<uuid:draft_id>/problems.csv": GET,
    "jobs/create/<uuid:draft_id>/browse/<slug:field>/": BOTH,
    "jobs/create/<uuid:draft_id>/sample/": GET,
    "jobs/create/<uuid:draft_id>/paste/": BOTH,
    "jobs/create/<uuid:draft_id>/tick/": BOTH,
    "jobs/create/<uuid:draft_id>/convert/": BOTH,
    "jobs/create/<uuid:draft_id>/converting/": BOTH,
    "jobs/create/<uuid:draft_id>/upload/": BOTH,
    "jobs/create/<uuid:draft_id>/uploads/": POST,
    "jobs/create/<uuid:draft_id>/uploads/<uuid:upload_id>/drop/": POST,
    "jobs/create/<uuid:draft_id>/uploads/<uuid:upload_id>/slices/<int:number>/": POST,
    "jobs/create/<uuid:draft_id>/uploads/<uuid:upload_id>/finish/": POST,
    "_/drafts/<uuid:draft_id>/converting/": GET,
    "jobs/create/<uuid:draft_id>/<slug:step>/": BOTH,
    "drafts/<uuid:draft_id>/delete/": POST,
    "_/drafts/<uuid:draft_id>/retry-list/": GET,
    "_/drafts/<uuid:draft_id>/autosave/<slug:step>/": POST,
    "_/drafts/<uuid:draft_id>/preview/": POST,
    "_/drafts/<uuid:draft_id>/source/": POST,
    "_/drafts/<uuid:draft_id>/settings/": POST,
}
"""Of operators, each their own: those of others are not found."""

READ_BY_ADMINISTRATORS = "jobs/create/<uuid:draft_id>/<slug:step>/"

OPEN = {
    "sign-in/": ANY,
    "sign-in/code/": BOTH,
    "sign-in/forgotten/": BOTH,
    "sign-in/link/<str:token>/": BOTH,
    "sign-in/provider/": GET,
    "sign-in/provider/back/": GET,
    "sign-out/": POST,
    "first-run/<str:token>/": ANY,
}
"""To everybody."""

NOT_FOUND = set(OPEN) - {"sign-in/", "sign-in/code/", "sign-out/"}
"""Of these: pages of links without the token of one, others where neither mail nor a provider is configured."""

_PAGES = (
    "",
    "add/",
    *(f"<path:object_id>/{page}" for page in ("", "change/", "delete/", "history/")),
)
READ_ONLY = ("job", "chunk", "statuschange", "failuresample", "report", "draft")
ACCOUNTS = ("user", "group")
"""Made and changed by the console's own pages."""

WRITTEN = ("rolecredentials", "region", "bucket", "role")
ADMIN_READ_ONLY = {
    *(f"admin/jobs/{model}/{page}" for model in READ_ONLY for page in _PAGES),
    *(f"admin/auth/{model}/{page}" for model in ACCOUNTS for page in _PAGES),
    "admin/auth/user/<id>/password/",
}
ADMIN_DELETED = {f"admin/jobs/failedsignin/{page}" for page in _PAGES}
"""To delete one is to unlock what it counts."""

ADMIN_WRITTEN = {f"admin/jobs/{model}/{page}" for model in WRITTEN for page in _PAGES}
ADMIN_OF_ALL_WHO_ENTER = {
    "admin/",
    "admin/logout/",
    "admin/password_change/",
    "admin/password_change/done/",
    "admin/autocomplete/",
    "admin/jsi18n/",
    "admin/r/<path:content_type_id>/<path:object_id>/",
    "admin/(?P<url>.*)$",
}
ADMIN_OTHERS = {"admin/login/", APP_LIST}
ADMIN = ADMIN_READ_ONLY | ADMIN_DELETED | ADMIN_WRITTEN | ADMIN_OF_ALL_WHO_ENTER | ADMIN_OTHERS

FORM = "application/x-www-form-urlencoded"
BODY = {"post": "yes", "go": "save", "confirm": "on", "code": "AccessDenied", "priority": "7"}
"""What a form would send that does something."""


def expected(route, role, method):
    """ "may", or how the answer says no: a status, or where it leads to sign in."""
    if route in OPEN:
        return "may" if method in OPEN[route] else "405"
    if route in ADMIN:
        return _expected_of_admin(route, role, method)
    least, methods = _pages()[route]
    if method not in methods:
        return "405"
    if role == "anonymous":
        return "401" if route.startswith("_/") else "sign-in"
    if LEVELS.get(role, 0) < LEVELS[least]:
        return "403"
    if route in DRAFTS and role == "administrator":
        reads = route == READ_BY_ADMINISTRATORS and method == "GET"
        return "may" if reads else "404"
    if route in OWN and role != "operator":
        return "404"
    if route in KEYS and role not in ("operator", "administrator"):
        return "404"
    return "may"


def _pages():
    drafts = {route: ("operator", methods) for route, methods in DRAFTS.items()}
    own = {route: ("viewer", methods) for route, methods in OWN.items()}
    return CONSOLE | drafts | own | {route: ("anybody", methods) for route, methods in KEYS.items()}


def _expected_of_admin(route, role, method):
    if route == "admin/login/":  # the door itself
        return "403" if role in ("viewer", "operator", "staff") else "sign-in"
    if role != "administrator":
        return "index" if route == "admin/logout/" else "admin-sign-in"
    if route in ADMIN_OF_ALL_WHO_ENTER:
        return None  # as Django has it, with nothing of ours in it
    if route.endswith("/<path:object_id>/"):
        return "may"  # it leads on to change/
    if route.endswith("/password/"):
        return "403"
    changes = "/change/" in route and method == "POST"
    if route in ADMIN_READ_ONLY | ADMIN_DELETED and (changes or "/add/" in route):
        return "403"
    if route in ADMIN_READ_ONLY and "/delete/" in route:
        return "403"
    return None


def told(answer):
    where = answer.get("Location", "")
    if where.startswith("/sign-in/?next="):
        return "sign-in"
    if where.startswith("/admin/login/?next="):
        return "admin-sign-in"
    if where == "/admin/":
        return "index"
    return str(answer.status_code) if answer.status_code in (401, 403, 404, 405) else "may"


def _encoded(values):
    return "&".join(f"{name}={text}" for name, text in values.items())


def test_table_has_every_url_and_no_other():
    assert set(routes()) == {*CONSOLE, *DRAFTS, *OWN, *KEYS, *OPEN, *ADMIN}


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", routes())
def test_each_gets_in_only_where_they_may_and_changes_nothing_elsewhere(route, role):
    world = make_world()
    url = world.url(route)
    client = Client(raise_request_exception=False)
    if role != "anonymous":
        client.force_login(world.users[role])
    before = digest()
    for method in METHODS:
        answer = client.generic(method, url, _encoded(BODY), FORM)
        for end in answer._resource_closers:  # close() would end the database's connection, too
            end()
        wanted = expected(route, role, method)
        assert answer.status_code < 500, method
        assert "Content-Security-Policy" in answer, method
        if wanted == "may" and route in NOT_FOUND:
            wanted = "404"
        assert wanted in (None, told(answer)), method
        after = digest()
        if wanted not in ("may", None) or method in SAFE:
            assert after == before, method
        before = after


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES[1:])
def test_first_run_link_is_void_for_everybody_once_there_is_an_administrator(role):
    world = make_world()
    client = Client()
    client.force_login(world.users[role])
    before = digest()
    body = {"email": "thief@example.org", "password": "a long new one", "again": "a long new one"}
    for method in METHODS:
        url = reverse("first-run", args=[first_run.issue()])
        assert client.generic(method, url, _encoded(body), FORM).status_code == 404
    assert digest() == before


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", METHODS)
def test_probes_answer_everybody_and_change_nothing(path, method, monkeypatch):
    monkeypatch.setattr("jobs.console.health.CHECKS", {})
    make_world()
    before = digest()
    answer = Client().generic(method, path)
    assert answer.status_code == 200
    assert "Content-Security-Policy" in answer
    assert digest() == before
