"""Links by which somebody chooses a password: an invitation, or a new password for an old account."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from jobs.access import browser_sessions
from jobs.access.backend import ConsoleBackend
from jobs.models import PasswordLink

Purpose = PasswordLink.Purpose
VALID = {Purpose.INVITATION: timedelta(days=7), Purpose.RESET: timedelta(hours=1)}


def issue(user: User, purpose: Purpose, now: datetime) -> str:
    """A new token; the one before is void. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    PasswordLink.objects.update_or_create(
        user=user,
        purpose=purpose,
        defaults={"token_hash": _hash(token), "expires_at": now + VALID[purpose]},
    )
    return token


def holder(token: str, now: datetime) -> User | None:
    """Whose password the link sets; None where it is no link that can be used."""
    found = PasswordLink.objects.filter(token_hash=_hash(token), expires_at__gt=now)
    link = found.select_related("user").first()
    if link is None or not ConsoleBackend().user_can_authenticate(link.user):
        return None
    user: User = link.user
    return user


def claim(token: str, password: str, now: datetime) -> User | None:
    """Set the password and use up the link; None for who came second. All their sessions end.

    `problem_with` has passed the password.
    """
    user = holder(token, now)
    # Deleting one row is the compare-and-swap: of two visitors only one is told that it was there.
    if user is None or not PasswordLink.objects.filter(token_hash=_hash(token)).delete()[0]:
        return None
    set_password(user, password, now)
    return user


def set_password(user: User, password: str, now: datetime, *, keep: str = "") -> None:
    """Links that were sent before are void, and all sessions end save that of the key `keep`."""
    user.set_password(password)
    user.save(update_fields=["password"])
    PasswordLink.objects.filter(user=user).delete()
    browser_sessions.end_all(user, now, but=keep)


def problem_with(password: str, user: User) -> str:
    """What keeps it from being their password, in a sentence; empty when nothing does."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def forget_old(now: datetime) -> None:
    PasswordLink.objects.filter(expires_at__lte=now).delete()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
