"""The first administrator of an installation."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from jobs.access import first_run
from jobs.management import programs
from jobs.management.installation import one_machine_at_a_time

HOW = "There is no administrator yet. Make the first one, within a day, at {link}"
ELSEWHERE = (
    "  From another machine, put a name of this one in place of {name}; ALLOWED_HOSTS must have it."
)


class AdminError(Exception):
    """The first administrator cannot be made from what is set."""

    exit_status = 2


def ensure(say: Callable[[str], None]) -> None:
    """Make one from the settings, or say the one-time link of the page that does; nothing if there
    is one.

    Raises AdminError when ADMIN_EMAIL or ADMIN_PASSWORD do not do.
    """
    if first_run.administrator_exists():
        return
    email, password = settings.BATCHCONSOLE_ADMIN_EMAIL, settings.BATCHCONSOLE_ADMIN_PASSWORD
    if email and password:
        with one_machine_at_a_time():
            # Nothing is judged before: another machine may just have made this very account.
            if first_run.administrator_exists():
                return
            problem = first_run.problem_with(email, password)
            if problem:
                raise AdminError(f"ADMIN_EMAIL and ADMIN_PASSWORD: {problem}")
            first_run.create(email, password)
        say(f"Made the administrator {email}.")
    else:
        _say_link(say, programs.address())


def _say_link(say: Callable[[str], None], address: str) -> None:
    path = reverse("first-run", args=[first_run.issue()])
    say(HOW.format(link=f"{address.rstrip('/')}{path}"))
    if programs.is_for_this_machine_alone(address):
        say(ELSEWHERE.format(name=urlsplit(address).netloc.rpartition(":")[0]))
