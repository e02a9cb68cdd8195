"""Who may sign in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User

from jobs.access.emails import normal_form

DEMO_EMAIL = "admin@example.com"
"""The demo's sign-in, whose password everybody knows; nobody's address, as example.com is no one's.

So the name itself is the mark, also in data folders that a demo and real use once shared.
"""


class ConsoleBackend(ModelBackend):
    """Accounts and sessions of the demo are none outside of it; service accounts have none at all."""

    def user_can_authenticate(self, user: Any) -> bool:
        return not is_barred(user) and not hasattr(user, "service_account")

    def get_user(self, user_id: int) -> User | None:
        """With what is asked above: every request of a browser comes by."""
        found = User.objects.select_related("service_account").filter(pk=user_id).first()
        return found if found and self.user_can_authenticate(found) else None


def is_barred(user: Any) -> bool:
    """Whether nothing may be done in this account's name, by whichever door."""
    only_demo = is_demo_name(user.get_username()) and not settings.BATCHCONSOLE_DEMO
    return only_demo or not user.is_active


def is_demo_name(name: str) -> bool:
    return normal_form(name) == DEMO_EMAIL
