"""Service accounts: accounts of programs, which have keys and no sign-in."""

import re
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from jobs.access.emails import normal_form
from jobs.models import ServiceAccount

MAX_NAME = 64


def problem_with_name(name: str) -> str:
    """What keeps it from being the name of a new one, in a sentence; empty when nothing does.

    No email is one: so nobody takes a service account for a person.
    """
    if len(name) > MAX_NAME:
        return f"The name must be {MAX_NAME} characters or fewer, not {len(name)}."
    if not re.fullmatch(r"[a-z0-9][a-z0-9+=,._-]*", normal_form(name)):
        return "Use letters, digits and the signs + = , . _ - and begin with a letter or digit."
    if User.objects.filter(username=normal_form(name)).exists():
        return f"There is an account {normal_form(name)} already. Choose another name."
    return ""


def create(name: str, description: str, *, by: User | None, now: datetime) -> User | None:
    """Its account, with nothing allowed yet. None where somebody else took the name just now."""
    account = User(username=normal_form(name))
    account.set_unusable_password()
    try:
        with transaction.atomic():
            account.save()
            ServiceAccount.objects.create(
                user=account, description=description, created_at=now, created_by=by
            )
    except IntegrityError:
        return None
    return account
