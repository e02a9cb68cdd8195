"""The first administrator, made by whoever holds the one-time link that a start prints."""

import hashlib
import hmac
import secrets

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from jobs.access.backend import DEMO_EMAIL, is_demo_name
from jobs.access.emails import normal_form

VALID_S = 24 * 60 * 60
_KEY = "first-run"
"""In the cache, which is a table of the database: all web processes and machines see it."""


def issue() -> str:
    """A new token; the one before is void. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    cache.set(_KEY, _hash(token), VALID_S)
    return token


def is_valid(token: str) -> bool:
    kept = cache.get(_KEY)
    known = isinstance(kept, str) and hmac.compare_digest(kept, _hash(token))
    return known and not administrator_exists()


def claim(token: str, email: str, password: str) -> User | None:
    """Make the administrator, and use up the token; None for who came second.

    `problem_with` has passed email and password.
    """
    # Deleting one row is the compare-and-swap: of two visitors only one is told that it was there.
    if not is_valid(token) or not cache.delete(_KEY):
        return None
    return create(email, password)


def create(email: str, password: str) -> User:
    email = normal_form(email)
    return User.objects.create_superuser(username=email, email=email, password=password)


def administrator_exists() -> bool:
    """The demo's does not count: nobody can sign in with it outside the demo."""
    found = User.objects.filter(is_superuser=True, is_active=True)
    return found.exclude(username=DEMO_EMAIL).exists()


def problem_with(email: str, password: str) -> str:
    """What keeps these from being a sign-in, in a sentence; empty when nothing does."""
    email = normal_form(email)
    try:
        validate_email(email)
        validate_password(password, User(username=email, email=email))
    except ValidationError as error:
        return " ".join(error.messages)
    if len(email) > 150:  # letters that stand for several may have made it longer
        return "An email has 150 letters at most."
    if is_demo_name(email):
        return f"{DEMO_EMAIL} is the demo's sign-in. Choose another email."
    if User.objects.filter(username=email).exists():
        return f"There is an account {email} already. Choose another email."
    return ""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
