"""A new access key for automation, printed once."""

import json
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from jobs import conf
from jobs.access import access_keys
from jobs.access.backend import is_barred
from jobs.access.emails import normal_form


class Command(BaseCommand):
    help = (
        "Makes an access key for a person or a service account, and prints it as JSON in the form of"
        " `aws iam create-access-key`. It is the only time that the secret is shown."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="of a person, or the name of a service account")
        parser.add_argument("--name", default="", help="where the key is used")
        parser.add_argument("--days", type=int, help="expires after so many; else never")

    def handle(self, **options: Any) -> None:
        name, days, now = options["name"], options["days"], timezone.now()
        owner = User.objects.filter(username=normal_form(options["email"])).first()
        if owner is None:
            raise CommandError(f"There is no account {options['email']}.")
        if is_barred(owner):
            raise CommandError(f"The account {owner} is disabled, so its keys do not work.")
        if len(name) > 80:
            raise CommandError("--name must be 80 characters or fewer.")
        if days is not None and not 1 <= days <= 3650:
            raise CommandError("--days must be a whole number from 1 to 3650.")
        expires_at = now + timedelta(days=days) if days else None
        key = access_keys.create(owner, by=None, now=now, name=name, expires_at=expires_at)
        facts = {
            "UserName": owner.get_username(),
            "AccessKeyId": key.pk,
            "Status": "Active",
            "SecretAccessKey": key.secret,
            "CreateDate": now.isoformat(timespec="seconds"),
        }
        answer = {"AccessKey": facts, "AccountId": conf.account_id()}
        self.stdout.write(json.dumps(answer, indent=4))
