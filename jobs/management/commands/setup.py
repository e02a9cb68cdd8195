"""What has to be done once before the parts of an installation start."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from jobs.management import first_admin, installation, programs


class Command(BaseCommand):
    help = "Brings database and static files up to date, and makes the first administrator."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        try:
            installation.set_up()
            installation.check_parts(self.stdout.write)
            first_admin.ensure(self.stdout.write, programs.address())
        except (
            installation.NoDatabaseError,
            installation.RefusedError,
            first_admin.AdminError,
        ) as error:
            raise CommandError(str(error)) from error
