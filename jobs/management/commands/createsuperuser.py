"""Django's command, which knows the one form that names of accounts have here."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from jobs.access.backend import DEMO_EMAIL, is_demo_name
from jobs.access.emails import normal_form


class Command(createsuperuser.Command):
    def _validate_username(self, username: str, verbose_field_name: str, database: str) -> Any:
        """What is wrong with a name, in a sentence. It is compared as it will be stored: another
        spelling of a name that is taken is taken.
        """
        if is_demo_name(username):
            return f"Error: {DEMO_EMAIL} is the demo's sign-in. Choose another email."
        return super()._validate_username(  # type: ignore[misc]
            normal_form(username), verbose_field_name, database
        )
