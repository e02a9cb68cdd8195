"""Whoever could do something by Django's permissions can do the same by policies, and nothing more."""

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from jobs import migrations
from jobs.access.groups import make_groups
from jobs.access.policy.ready_made import DOCUMENTS
from jobs.models import AccessPolicy

pytestmark = pytest.mark.django_db(transaction=True)
FILE = next(Path(migrations.__path__[0]).glob("*_access_policies.py"))
BEFORE = import_module(f"jobs.migrations.{FILE.stem}").Migration.dependencies[-1:]
AFTER = [("jobs", FILE.stem)]


@pytest.fixture
def migrate():
    """migrate(BEFORE), then people and groups, then migrate(AFTER)."""

    def to(place):
        MigrationExecutor(connection).migrate(place)

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "jobs"])


def permissions(*names):
    return Permission.objects.filter(content_type__app_label="jobs", codename__in=names)


def make_group(name, *names):
    group, _ = Group.objects.get_or_create(name=name)
    group.permissions.set(permissions(*names))
    return group


def make_person(name, *, groups=(), own=(), **facts):
    user = User.objects.create(username=name, **facts)
    user.groups.set(groups)
    user.user_permissions.set(permissions(*own))
    return user


def policies_of(name):
    """Of a person, with those of the groups."""
    user = User.objects.get(username=name)
    own = AccessPolicy.objects.filter(users=user) | AccessPolicy.objects.filter(groups__user=user)
    return set(own.values_list("name", flat=True))


def test_everybody_keeps_what_they_could_do_before_and_gets_no_more(migrate):
    migrate(BEFORE)
    create_permissions(apps.get_app_config("jobs"), verbosity=0)
    viewers = make_group("Viewer", "view_job")
    operators = make_group("Operator", "view_job", "add_job", "change_job")
    adders, changers = make_group("Adders", "add_job"), make_group("Changers", "change_job")
    runners = make_group("Runners", "add_job", "change_job")
    keepers = make_group("Keepers", "view_region", "change_region")
    make_person("viewer", groups=[viewers])
    make_person("operator", groups=[operators])
    make_person("runner", groups=[runners])
    make_person("adder", groups=[adders])
    make_person("adds-and-changes", groups=[adders, changers])
    make_person("viewer-who-adds-and-changes", groups=[viewers, adders], own=["change_job"])
    make_person("sees-by-right", own=["view_job"])
    make_person("works-by-right", own=["add_job", "change_job"])
    make_person("keeper-and-staff", groups=[keepers, viewers], is_staff=True)
    make_person("keeper", groups=[keepers])
    make_person("staff", is_staff=True)
    make_person("nobody")
    make_person("root", is_superuser=True)
    make_person("asleep", own=["view_job"], is_active=False)
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
