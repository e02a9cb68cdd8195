"""Whoever could do something by Django's permissions can do the same by policies, and nothing more."""

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, User

from jobs import migrations
from jobs.access.groups import make_groups
from jobs.access.policy.ready_made import DOCUMENTS
from jobs.models import AccessPolicy

pytestmark = pytest.mark.django_db(transaction=True)
FILE = next(Path(migrations.__path__[0]).glob("*_access_policies.py"))
BEFORE = import_module(f"jobs.migrations.{FILE.stem}").Migration.dependencies[-1:]
AFTER = [("jobs", FILE.stem)]


class Then:
    """People and groups as they were before; the audit log's table was not there yet."""

    def __init__(self, models):
        self.users = models("auth", "User").objects
        self.groups = models("auth", "Group").objects
        self.permissions = models("auth", "Permission").objects

    def named(self, *names):
        return self.permissions.filter(content_type__app_label="jobs", codename__in=names)

    def group(self, name, *names):
        group, _ = self.groups.get_or_create(name=name)
        group.permissions.set(self.named(*names))
        return group

    def person(self, name, *, groups=(), own=(), **facts):
        user = self.users.create(username=name, **facts)
        user.groups.set(groups)
        user.user_permissions.set(self.named(*own))


def policies_of(name):
    """Of a person, with those of the groups."""
    user = User.objects.get(username=name)
    own = AccessPolicy.objects.filter(users=user) | AccessPolicy.objects.filter(groups__user=user)
    return set(own.values_list("name", flat=True))


def test_everybody_keeps_what_they_could_do_before_and_gets_no_more(migrate):
    then = Then(migrate(BEFORE))
    create_permissions(apps.get_app_config("jobs"), verbosity=0)
    viewers = then.group("Viewer", "view_job")
    operators = then.group("Operator", "view_job", "add_job", "change_job")
    adders, changers = then.group("Adders", "add_job"), then.group("Changers", "change_job")
    runners = then.group("Runners", "add_job", "change_job")
    keepers = then.group("Keepers", "view_region", "change_region")
    then.person("viewer", groups=[viewers])
    then.person("operator", groups=[operators])
    then.person("runner", groups=[runners])
    then.person("adder", groups=[adders])
    then.person("adds-and-changes", groups=[adders, changers])
    then.person("viewer-who-adds-and-changes", groups=[viewers, adders], own=["change_job"])
    then.person("sees-by-right", own=["view_job"])
    then.person("works-by-right", own=["add_job", "change_job"])
    then.person("keeper-and-staff", groups=[keepers, viewers], is_staff=True)
    then.person("keeper", groups=[keepers])
    then.person("staff", is_staff=True)
    then.person("nobody")
    then.person("root", is_superuser=True)
    then.person("asleep", own=["view_job"], is_active=False)
    migrate(AFTER)
    found = {name: policies_of(name) for name in User.objects.values_list("username", flat=True)}
    assert found == {
        "viewer": {"Viewer"},
        "operator": {"Operator"},
        "runner": {"Operator"},
        "adder": set(),
        "adds-and-changes": {"Operator"},
        "viewer-who-adds-and-changes": {"Viewer", "Operator"},
        "sees-by-right": {"Viewer"},
        "works-by-right": {"Operator"},
        "keeper-and-staff": {"Viewer", "Admin"},
        "keeper": set(),
        "staff": set(),
        "nobody": set(),
        "root": set(),
        "asleep": {"Viewer"},
    }


def test_each_role_has_its_document_and_a_group_after_migrating():
    found = dict(AccessPolicy.objects.filter(ready_made=True).values_list("name", "document"))
    assert found == DOCUMENTS
    attached = AccessPolicy.objects.values_list("name", "groups__name")
    assert set(attached) == {(name, name) for name in DOCUMENTS}


def test_group_that_somebody_else_called_admin_becomes_none():
    AccessPolicy.objects.get(name="Admin").groups.clear()
    make_groups(apps.get_app_config("jobs"), using="default")
    assert not Group.objects.get(name="Admin").access_policies.exists()


def test_ready_made_document_that_was_altered_is_as_it_was_after_the_next_migrate():
    AccessPolicy.objects.filter(name="Viewer").update(document="{}")
    make_groups(apps.get_app_config("jobs"), using="default")
    assert AccessPolicy.objects.get(name="Viewer").document == DOCUMENTS["Viewer"]
