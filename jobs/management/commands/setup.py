"""What has to be done once before the parts of an installation start."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from jobs.management import first_admin, installation


class Command(BaseCommand):
    help = "Brings database and static files up to date, and makes the first administrator."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        try:
            installation.check_writable(settings.DATA_DIR, "DATA_DIR")
            installation.narrow_ours(self.stdout.write)
            installation.set_up()
            installation.check_parts(self.stdout.write)
            first_admin.ensure(self.stdout.write)
        except (
            installation.NoDatabaseError,
            installation.RefusedError,
            first_admin.AdminError,
        ) as error:
            raise CommandError(str(error), returncode=error.exit_status) from error
        for warning in installation.warnings():
            self.stdout.write(warning)
