"""The first administrator of an installation."""

import getpass
import sys
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from jobs.management.installation import one_machine_at_a_time

HOW = (
    "There is no administrator yet. Set ADMIN_EMAIL and ADMIN_PASSWORD (or ADMIN_PASSWORD_FILE)"
    " and start again."
)


class AdminError(Exception):
    """The first administrator can not be made from what is set."""


def ensure(say: Callable[[str], None]) -> None:
    """Make one from the settings, or ask on a terminal, or say how; nothing if there is one.

    Raises AdminError when ADMIN_EMAIL or ADMIN_PASSWORD do not do.
    """
    if _is_there():
        return
    email, password = settings.BATCHCONSOLE_ADMIN_EMAIL, settings.BATCHCONSOLE_ADMIN_PASSWORD
    if email and password:
        problem = problem_with(email, password)
        if problem:
            raise AdminError(f"ADMIN_EMAIL and ADMIN_PASSWORD: {problem}")
        with one_machine_at_a_time():
            if _is_there():
                return
            _create(email, password)
        say(f"Made the administrator {email}.")
    elif sys.stdin.isatty():
        _ask(say)
    else:
        say(HOW)


def _is_there() -> bool:
    return User.objects.filter(is_superuser=True, is_active=True).exists()


def problem_with(email: str, password: str) -> str:
    """What keeps these from being a sign-in, in a sentence; empty when nothing does."""
    try:
        validate_email(email)
        validate_password(password, User(username=email, email=email))
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _ask(say: Callable[[str], None]) -> None:
    say("This installation has no administrator yet. Who is it to be?")
    while True:
        email = input("Email: ").strip()
        password = getpass.getpass("Password: ")
        problem = problem_with(email, password)
        if not problem and password != getpass.getpass("Password again: "):
            problem = "The two passwords differ."
        if not problem:
            _create(email, password)
            return
        say(problem)


def _create(email: str, password: str) -> None:
    User.objects.create_superuser(username=email, email=email, password=password)
