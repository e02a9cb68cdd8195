"""Counts of failed sign-ins, and emails of accounts in one normal form."""

import logging
import unicodedata
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

logger = logging.getLogger("jobs.migrations")


def normal_form(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.strip()).casefold()
    return unicodedata.normalize("NFKC", text).strip()


def normalise(apps: Any, schema_editor: Any) -> None:
    """Of accounts that are one email now, the first active one keeps it. The others could not sign
    in before, as the first was found for all; they get a number, and an administrator decides.
    """
    users = apps.get_model("auth", "User").objects.using(schema_editor.connection.alias)
    names = {}
    for user in users.order_by("-is_active", "pk"):
        name = normal_form(user.username)
        if name in names.values():
            names[user.pk] = f"{user.pk}-{name}"[:150]
            logger.warning(
                "The account %s is one email with another now, which keeps it. It is called %s now:"
                " give it another email or delete it on the admin site.",
                user.username,
                names[user.pk],
            )
        else:
            names[user.pk] = name
    # The others first, so that no two have one name at any time.
    for pk in sorted(names, key=lambda pk: not names[pk].startswith(f"{pk}-")):
        user = users.get(pk=pk)
        users.filter(pk=pk).update(username=names[pk], email=normal_form(user.email))


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("jobs", "0009_where_jobs_are_looked_up"),
    ]

    operations = [
        migrations.CreateModel(
            name='FailedSignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('scope', models.CharField(choices=[('place', 'account from one address'), ('device', 'account from a known browser'), ('address', 'all accounts from one address'), ('account', 'account from everywhere')], max_length=8)),
                ('address', models.CharField(blank=True, max_length=64)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('ends_at', models.DateTimeField(db_index=True)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-ends_at'],
            },
        ),
        migrations.RunPython(normalise, migrations.RunPython.noop),
    ]
