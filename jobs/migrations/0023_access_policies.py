"""Access policies, and everybody keeps what they could do by Django's permissions.

The ready-made policies are empty here: their documents are written after each migrate
(jobs.access.groups), so that there is one place for them.
"""

from typing import Any

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

VIEWER, OPERATOR, ADMIN = "Viewer", "Operator", "Admin"
READY_MADE = (VIEWER, OPERATOR, "Approver", ADMIN)


def keep_access(apps: Any, schema_editor: Any) -> None:
    """Groups get the role that their permissions made, and people what their groups do not bring them:
    permissions of their own, and those that came together from several groups.
    """
    using = schema_editor.connection.alias
    policies = apps.get_model("jobs", "AccessPolicy").objects.using(using)
    for name in READY_MADE:
        policies.create(name=name, ready_made=True)
    roles = {}
    for group in apps.get_model("auth", "Group").objects.using(using):
        names = set(group.permissions.filter(content_type__app_label="jobs").values_list("codename", flat=True))
        roles[group.pk] = _role(names)
        if roles[group.pk]:
            policies.get(name=roles[group.pk]).groups.add(group.pk)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for user in apps.get_model("auth", "User").objects.using(using).filter(is_superuser=False):
        own = permissions.filter(Q(user=user) | Q(group__user=user), content_type__app_label="jobs")
        names = set(own.values_list("codename", flat=True))
        role = ADMIN if user.is_staff and "change_region" in names else _role(names)
        if role and role not in {roles[pk] for pk in user.groups.values_list("pk", flat=True)}:
            policies.get(name=role).users.add(user.pk)


def _role(names: set[str]) -> str:
    """Admins were staff besides, so no group makes one."""
    if {"add_job", "change_job"} <= names:
        return OPERATOR
    return VIEWER if "view_job" in names else ""


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("jobs", "0022_list_uploads"),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('description', models.CharField(blank=True, max_length=256)),
                ('document', models.TextField()),
                ('ready_made', models.BooleanField(default=False, editable=False)),
                ('groups', models.ManyToManyField(blank=True, related_name='access_policies', to='auth.group')),
                ('users', models.ManyToManyField(blank=True, related_name='access_policies', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'access policies',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PrincipalTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=128)),
                ('value', models.CharField(blank=True, max_length=256)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='principal_tags', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['key'],
                'constraints': [models.UniqueConstraint(models.F('user'), django.db.models.functions.text.Lower('key'), name='one_value_per_key_of_a_person', violation_error_message='There is a tag of this key already.')],
            },
        ),
        migrations.RunPython(keep_access, migrations.RunPython.noop),
    ]
