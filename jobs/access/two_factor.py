"""The second step of signing in: codes of an authenticator app (TOTP), and codes for when it is lost."""

import base64
import hmac
import re
import secrets
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import salted_hmac

from jobs.access.actions import Action
from jobs.audit.log import record
from jobs.models import RecoveryCode, SecondFactor

STEP_S = 30
DIGITS = 6
STEPS_APART = 1
"""A phone's clock may be so many steps off, either way."""

RECOVERY_CODES = 10
_SECRET_BYTES = 20
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""For recovery codes: none that is taken for another."""


def is_on(user: User) -> bool:
    return SecondFactor.objects.filter(pk=user.pk).exists()


def new_secret() -> str:
    """For an app to be set up with. Nothing is kept of it before `turn_on`."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def setup_uri(user: User, secret: str) -> str:
    """What the QR code holds."""
    return _totp(secret).get_provisioning_uri(user.get_username(), "batchconsole")


def turn_on(user: User, secret: str, code: str, now: datetime) -> list[str]:
    """If `code` is what an app with `secret` shows; the recovery codes, which nobody sees again.
    Empty where it is not, or where it is on already.
    """
    step = _step_of(secret, code, now)
    if step is None:
        return []
    facts = {"secret": secret, "last_step": step, "confirmed_at": now}
    with transaction.atomic():
        _, is_new = SecondFactor.objects.get_or_create(user=user, defaults=facts)
        return new_recovery_codes(user) if is_new else []


def new_recovery_codes(user: User) -> list[str]:
    """Those before are void."""
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(user=user, code_hash=_hash(user, code)) for code in codes
        )
        # No signal tells the audit log of rows that are made together.
        record(Action.MANAGE_ACCESS, "User", user, after={"recovery_codes": "made anew"})
    return codes


def takes(user: User, code: str, now: datetime) -> bool:
    """Whether it is a code of the app, or of the recovery codes; it is used up then."""
    factor = SecondFactor.objects.filter(pk=user.pk).first()
    if factor is None:
        return False
    text = re.sub(r"[\s-]", "", code).lower()
    step = _step_of(factor.secret, text, now)
    if step is not None:
        later = SecondFactor.objects.filter(pk=user.pk, last_step__lt=step)
        return bool(later.update(last_step=step))
    # Deleting the row is the compare-and-swap: of two who bring the same one, one gets in.
    return bool(RecoveryCode.objects.filter(user=user, code_hash=_hash(user, text)).delete()[0])


def codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user).count()


def turn_off(user: User) -> None:
    with transaction.atomic():
        SecondFactor.objects.filter(pk=user.pk).delete()
        RecoveryCode.objects.filter(user=user).delete()


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """When an app with `secret` shows `code`; None when not about now."""
    text, totp = re.sub(r"\s", "", code), _totp(secret)
    if not (text.isascii() and text.isdecimal() and len(text) == DIGITS):
        return None
    here = int(now.timestamp()) // STEP_S
    for step in range(here - STEPS_APART, here + STEPS_APART + 1):
        if hmac.compare_digest(totp.generate(step * STEP_S), text.encode()):
            return step
    return None


def _totp(secret: str) -> TOTP:
    # SHA-1 and six digits are what apps know; nothing here rests on SHA-1 being free of collisions.
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_S)  # noqa: S303


def _recovery_code() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(2))


def _hash(user: User, code: str) -> str:
    """With a key, since a code is short enough to be found by trying all."""
    text = re.sub(r"[\s-]", "", code).lower()
    return salted_hmac(f"recovery-code:{user.pk}", text, algorithm="sha256").hexdigest()
