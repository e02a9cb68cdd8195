"""Who may sign in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend

from jobs.access.emails import normal_form

DEMO_EMAIL = "admin@example.com"
"""The demo's sign-in, whose password everybody knows; nobody's address, as example.com is no one's.

So the name itself is the mark, also in data folders that a demo and real use once shared.
"""


class ConsoleBackend(ModelBackend):
    """Accounts and sessions of the demo are none outside of it."""

    def user_can_authenticate(self, user: Any) -> bool:
        barred = is_demo_name(user.get_username()) and not settings.BATCHCONSOLE_DEMO
        return not barred and super().user_can_authenticate(user)


def is_demo_name(name: str) -> bool:
    return normal_form(name) == DEMO_EMAIL
