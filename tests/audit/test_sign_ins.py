"""Who came in, what was tried in vain, and who went out are entries of the audit log; and no stranger
fills it.
"""

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from jobs.models import AuditEntry
from tests.console.people.codes import with_second_factor
from tests.make import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def vera():
    return make_user("viewer", name="vera")


@pytest.fixture
def client():
    return Client(REMOTE_ADDR="192.0.2.7")


def sign_in(client, email="vera@example.com", password=PASSWORD):
    return client.post("/sign-in/", {"email": email, "password": password})


def told():
    found = AuditEntry.objects.filter(action__startswith="batchconsole:Sign").order_by("id")
    return [(row.action.partition(":")[2], row.allowed, row.target, row.after) for row in found]


def test_sign_in_and_sign_out_are_entries_with_who_when_and_from_where(client, vera):
    began = timezone.now()
    answer = sign_in(client)
    client.post("/sign-out/")
    assert told() == [
        ("SignIn", True, "vera@example.com", {"by": "password"}),
        ("SignOut", True, "vera@example.com", {"session": "this one"}),
    ]
    row = AuditEntry.objects.get(action="batchconsole:SignIn")
    assert (row.who, row.door, row.source_ip) == ("vera@example.com", "console", "192.0.2.7")
    assert row.at >= began and row.request_id == answer["x-request-id"]
    client.post("/sign-out/")  # of nobody
    assert len(told()) == 2


def test_failures_are_written_once_a_minute_and_a_lock_out_once(client, vera):
    for _ in range(9):
        sign_in(client, password="wrong")
    assert told() == [
        (
            *("SignIn", False, "vera@example.com"),
            {"tried": "password", "outcome": "wrong", "attempts_in_5_minutes": 1},
        ),
        (
            *("SignIn", False, "vera@example.com"),
            {
                "tried": "password",
                "outcome": "too many attempts",
                "counted_by": "account from one address",
            },
        ),
    ]


def test_next_minute_has_an_entry_of_its_own_with_the_number_of_attempts(client, vera):
    for _ in range(2):
        sign_in(client, password="wrong")
    cache.clear()  # a minute later
    sign_in(client, password="wrong")
    assert [after["attempts_in_5_minutes"] for *_, after in told()] == [1, 3]


def test_stranger_at_one_address_writes_some_forty_entries_in_five_minutes_at_most(client):
    for n in range(60):
        sign_in(client, f"nobody-{n}@example.com", f"typed-{n}")
    rows = told()
    assert len(rows) == 31  # 30 attempts, and the lock-out of the address
    assert {target for _, _, target, _ in rows} == {"unknown account"}
    assert rows[-1][3]["counted_by"] == "all accounts from one address"
    text = repr(list(AuditEntry.objects.values_list()))
    assert "nobody-" not in text and "typed-" not in text


def test_second_factor_is_told_of_and_so_is_a_wrong_code(client, vera):
    recovery = with_second_factor(vera)[0]
    assert AuditEntry.objects.latest("id").after == {"recovery_codes": "made anew"}
    sign_in(client)
    assert told() == []  # half way
    client.post("/sign-in/code/", {"code": "not-a-code"})
    client.post("/sign-in/code/", {"code": recovery})
    wrong = {"tried": "code", "outcome": "wrong", "attempts_in_5_minutes": 1}
    assert told() == [
        ("SignIn", False, "vera@example.com", wrong),
        ("SignIn", True, "vera@example.com", {"by": "password and second factor"}),
    ]


def test_sessions_that_one_ends_oneself_are_entries(client, vera):
    sign_in(Client())
    sign_in(client)
    client.post("/account/sessions/end/")
    assert told()[-1] == ("SignOut", True, "vera@example.com", {"session": "all others"})


def test_page_of_the_audit_log_finds_them(client):
    sign_in(client, make_user("admin", name="root").get_username())
    sign_in(Client(REMOTE_ADDR="192.0.2.9"), password="wrong")
    page = client.get("/audit/?action=batchconsole:SignIn&result=denied").content.decode()
    assert '<option value="batchconsole:SignIn" selected>' in page
    assert "192.0.2.9" in page and "192.0.2.7" not in page
