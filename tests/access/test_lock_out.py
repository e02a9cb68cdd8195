"""Attempts to sign in are counted."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from jobs.access import lock_out
from jobs.access.lock_out import Attempt
from jobs.models import FailedSignIn
from tests.make import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 1, tzinfo=UTC)
VERA = "vera@example.com"


def fail(times, account=VERA, address="198.51.100.7", device="", now=NOW):
    return [Attempt(account, address, device).is_allowed(now) for _ in range(times)]


def test_stranger_at_one_address_locks_out_nobody_at_another():
    assert fail(100).count(True) == 5
    assert Attempt(VERA, "203.0.113.9").is_allowed(NOW)


def test_strangers_at_many_addresses_do_not_lock_out_a_browser_that_is_known():
    device = lock_out.new_device(VERA)
    assert sum(fail(1, address=f"10.0.0.{n}")[0] for n in range(100)) == 30
    assert not Attempt(VERA, "203.0.113.9").is_allowed(NOW)
    assert fail(9, address="203.0.113.9", device=device).count(True) == 5


@pytest.mark.parametrize(
    "device",
    ["", "made up", lock_out.new_device("otto@example.com")],
    ids=["none", "made up", "of another"],
)
def test_browser_that_is_not_known_for_this_account_counts_for_a_stranger(device):
    for n in range(30):
        fail(1, address=f"10.0.0.{n}")
    assert fail(1, address="203.0.113.9", device=device) == [False]


def test_one_address_has_so_many_attempts_over_all_accounts():
    tried = [fail(1, account=f"{n}@example.com")[0] for n in range(50)]
    assert tried.count(True) == 30
    assert fail(1, account="another@example.com", address="203.0.113.9") == [True]


def test_right_password_at_one_account_gives_an_address_no_new_attempts_at_others():
    for n in range(29):
        fail(1, account=f"{n}@example.com")
    own = Attempt("own@example.com", "198.51.100.7")
    assert own.is_allowed(NOW)
    own.succeeded()
    assert fail(2, account="more@example.com") == [True, False]


def test_attempts_come_back_after_five_minutes_and_waiting_is_not_made_longer():
    fail(5)
    assert fail(5, now=NOW + timedelta(minutes=4)) == [False] * 5
    assert fail(6, now=NOW + timedelta(minutes=5)) == [True] * 5 + [False]


def test_administrator_unlocks_an_account(client):
    make_user("viewer", name="vera")
    client.force_login(make_user("admin"))
    fail(6)
    pk = User.objects.get(username=VERA).pk
    action = {"action": "unlock", "_selected_action": [pk]}
    page = client.post(reverse("admin:auth_user_changelist"), action, follow=True)
    assert "They can sign in again." in page.text
    assert fail(1) == [True]


def test_counts_keep_nothing_of_what_was_typed_and_go_when_they_end():
    fail(1, account="a password that was typed at the wrong place")
    assert not [row for row in FailedSignIn.objects.values_list() if "password" in str(row)]
    lock_out.forget_old(NOW + lock_out.LOCKED)
    assert not FailedSignIn.objects.exists()
