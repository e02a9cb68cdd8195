"""Codes of an authenticator app, and those for when it is lost."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import connection

from jobs.access import two_factor
from jobs.models import RecoveryCode, SecondFactor
from tests.make import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def vera(db):
    return make_user("viewer", name="vera")


def code_at(user, when):
    """What their app shows."""
    return shown_by(SecondFactor.objects.get(pk=user.pk).secret, when)


def shown_by(secret, when):
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)  # noqa: S303
    return totp.generate(int(when.timestamp())).decode()


def turned_on(user):
    secret = two_factor.new_secret()
    return two_factor.turn_on(user, secret, shown_by(secret, NOW), NOW)


def test_counts_from_the_first_right_code_on(vera):
    secret = two_factor.new_secret()
    assert two_factor.turn_on(vera, secret, shown_by(secret, NOW - timedelta(hours=1)), NOW) == []
    assert not two_factor.is_on(vera)
    assert len(two_factor.turn_on(vera, secret, shown_by(secret, NOW), NOW)) == 10
    assert two_factor.is_on(vera)


def test_second_factor_is_not_replaced_by_another(vera):
    turned_on(vera)
    before = SecondFactor.objects.get().secret
    assert turned_on(vera) == []
    assert SecondFactor.objects.get().secret == before


def test_secret_is_encrypted_at_rest(vera):
    turned_on(vera)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM jobs_secondfactor")
        (stored,) = cursor.fetchone()
    assert SecondFactor.objects.get().secret not in stored


def test_code_is_taken_once(vera):
    turned_on(vera)
    later = NOW + timedelta(minutes=1)
    code = code_at(vera, later)
    assert two_factor.takes(vera, code, later)
    assert not two_factor.takes(vera, code, later)


def test_code_that_turned_it_on_signs_nobody_in(vera):
    turned_on(vera)
    assert not two_factor.takes(vera, code_at(vera, NOW), NOW)


@pytest.mark.parametrize(("apart_s", "taken"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_phone_whose_clock_is_off_by_one_step_is_still_believed(vera, apart_s, taken):
    turned_on(vera)
    later = NOW + timedelta(hours=1)
    assert two_factor.takes(vera, code_at(vera, later + timedelta(seconds=apart_s)), later) is taken


def test_recovery_code_works_once_however_it_is_typed(vera):
    code = turned_on(vera)[0]
    assert two_factor.takes(vera, f" {code.upper().replace('-', ' ')} ", NOW)
    assert not two_factor.takes(vera, code, NOW)
    assert two_factor.codes_left(vera) == 9


def test_recovery_code_of_somebody_else_is_none(vera):
    other = make_user("viewer")
    code = turned_on(other)[0]
    turned_on(vera)
    assert not two_factor.takes(vera, code, NOW)


def test_recovery_codes_are_kept_as_hashes(vera):
    codes = turned_on(vera)
    kept = set(RecoveryCode.objects.values_list("code_hash", flat=True))
    assert len(kept) == 10
    assert not any(code in text or code.replace("-", "") in text for code in codes for text in kept)


def test_new_recovery_codes_void_the_old_ones(vera):
    old = turned_on(vera)[0]
    new = two_factor.new_recovery_codes(vera)[0]
    assert not two_factor.takes(vera, old, NOW)
    assert two_factor.takes(vera, new, NOW)


@pytest.mark.parametrize(
    "odd", ["", "12345", "1234567", "１２３４５６", "abcdef", "0" * 5000, "\x00"]
)
def test_odd_code_is_not_right(vera, odd):
    turned_on(vera)
    assert not two_factor.takes(vera, odd, NOW)


def test_without_one_no_code_is_right(vera):
    assert not two_factor.takes(vera, "000000", NOW)
