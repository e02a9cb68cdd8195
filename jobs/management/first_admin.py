"""The first administrator of an installation."""

from collections.abc import Callable

from django.conf import settings
from django.urls import reverse

from jobs.access import first_run
from jobs.management.installation import one_machine_at_a_time

HOW = "There is no administrator yet. Make the first one, within a day, at {link}"


class AdminError(Exception):
    """The first administrator cannot be made from what is set."""


def ensure(say: Callable[[str], None], address: str) -> None:
    """Make one from the settings, or say the one-time link of the page that does; nothing if there
    is one. `address` is that of the console.

    Raises AdminError when ADMIN_EMAIL or ADMIN_PASSWORD do not do.
    """
    if first_run.administrator_exists():
        return
    email, password = settings.BATCHCONSOLE_ADMIN_EMAIL, settings.BATCHCONSOLE_ADMIN_PASSWORD
    if email and password:
        problem = first_run.problem_with(email, password)
        if problem:
            raise AdminError(f"ADMIN_EMAIL and ADMIN_PASSWORD: {problem}")
        with one_machine_at_a_time():
            if first_run.administrator_exists():
                return
            first_run.create(email, password)
        say(f"Made the administrator {email}.")
    else:
        say(
            HOW.format(
                link=f"{address.rstrip('/')}{reverse('first-run', args=[first_run.issue()])}"
            )
        )
