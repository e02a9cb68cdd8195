"""Too many attempts to sign in. Each is counted before the password is looked at."""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from django.contrib.auth.models import User
from django.core import signing
from django.db.models import F

from jobs.access import sign_in_log
from jobs.models import FailedSignIn

logger = logging.getLogger(__name__)

Scope = FailedSignIn.Scope
LOCKED = timedelta(minutes=5)
SENTENCE = "Too many attempts. Try again in 5 minutes."
MOST = {Scope.PLACE: 5, Scope.DEVICE: 5, Scope.ADDRESS: 30, Scope.ACCOUNT: 30}
"""Attempts in five minutes."""


class Step(StrEnum):
    """What is tried. Each counts for itself."""

    PASSWORD = "password"  # noqa: S105
    CODE = "code"  # of an app: a million of them
    MAIL = "mail"  # for a new password: somebody's mailbox


_MOST_OF = {
    Step.PASSWORD: MOST,
    Step.CODE: {**MOST, Scope.ACCOUNT: 10},
    Step.MAIL: {**MOST, Scope.ACCOUNT: 5},
}

KNOWN_S = 180 * 24 * 60 * 60
"""For how long a browser is known in which an account was signed in to."""


class Attempt:
    """One attempt at one account (its email in normal form) from one network address.

    Strangers at many addresses can use up the attempts at an account from everywhere. Its owner
    still comes in from a browser in which that was done before: it has a signed cookie, `device`,
    that counts for itself alone.
    """

    def __init__(
        self, account: str, address: str, device: str = "", *, step: Step = Step.PASSWORD
    ) -> None:
        self.account, self.address, self.step = account, address, step
        self._most = _MOST_OF[step]
        known = _device_of(account, device)
        self._keys = (
            {Scope.DEVICE: _hash(step, Scope.DEVICE, account, known)}
            if known
            else {
                # In this order: who is refused for the first uses up nothing of the others.
                Scope.PLACE: _hash(step, Scope.PLACE, account, address),
                Scope.ADDRESS: _hash(step, Scope.ADDRESS, address),
                Scope.ACCOUNT: _hash(step, Scope.ACCOUNT, account),
            }
        )

    def is_allowed(self, now: datetime) -> bool:
        for scope, key in self._keys.items():
            if not self._take(scope, key, now):
                logger.warning("Sign-in from %s is refused for now: %s", self.address, scope.label)
                sign_in_log.locked_out(
                    self.account, key, self.step, scope.label, LOCKED.total_seconds()
                )
                return False
        return True

    def failed(self) -> None:
        """What was tried was wrong. It was counted before; this tells the audit log."""
        key = next(iter(self._keys.values()))
        counted = FailedSignIn.objects.filter(key=key).values_list("tries", flat=True)
        sign_in_log.failed(self.account, key, self.step, next(iter(counted), 0))

    def succeeded(self) -> None:
        """It was the right password: no failure, and others at the same address stay counted."""
        rows = FailedSignIn.objects.filter(key__in=self._keys.values())
        rows.filter(scope__in=(Scope.PLACE, Scope.DEVICE)).delete()
        rows.filter(tries__gt=0).update(tries=F("tries") - 1)

    def _take(self, scope: FailedSignIn.Scope, key: str, now: datetime) -> bool:
        """One of the attempts that there are. Each step is one statement, so that attempts at the
        same time do not count as one.
        """
        rows = FailedSignIn.objects.filter(key=key)
        going = rows.filter(ends_at__gt=now, tries__lt=self._most[scope])
        if going.update(tries=F("tries") + 1):
            return True
        if rows.filter(ends_at__lte=now).update(tries=1, ends_at=now + LOCKED):
            return True
        whose = scope is not Scope.ADDRESS
        _, is_new = FailedSignIn.objects.get_or_create(
            key=key,
            defaults={
                "scope": scope,
                "user": User.objects.filter(username=self.account).first() if whose else None,
                "address": "" if scope is Scope.ACCOUNT else self.address,
                "tries": 1,
                "ends_at": now + LOCKED,
            },
        )
        # Where it is not new, another attempt may have begun it just now.
        return is_new or bool(going.update(tries=F("tries") + 1))


def new_device(account: str) -> str:
    """A cookie's value that says: somebody signed in to `account` in this browser."""
    return signing.TimestampSigner(salt=_salt(account)).sign(secrets.token_urlsafe(16))


def unlock(user: User) -> int:
    """Forget the failures at one account; how many rows those were."""
    return FailedSignIn.objects.filter(user=user).delete()[0]


def forget_old(now: datetime) -> None:
    old = FailedSignIn.objects.filter(ends_at__lte=now)
    if old.exists():  # a look alone keeps nobody from writing
        old.delete()


def _device_of(account: str, device: str) -> str:
    try:
        return signing.TimestampSigner(salt=_salt(account)).unsign(device, max_age=KNOWN_S)
    except signing.BadSignature:
        return ""


def _salt(account: str) -> str:
    return f"known-browser:{account}"


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
