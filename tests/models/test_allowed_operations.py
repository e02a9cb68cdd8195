"""What a Region allowed before it named operations, it still allows."""

from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from jobs import migrations

pytestmark = pytest.mark.django_db(transaction=True)
FILE = next(Path(migrations.__path__[0]).glob("*_region_allows_operations_by_name.py"))
NAMING = import_module(f"jobs.migrations.{FILE.stem}")
BEFORE = NAMING.Migration.dependencies
AFTER = [("jobs", FILE.stem)]


@pytest.fixture
def migrate():
    """migrate(BEFORE) -> the model Region as it was; in the end all is as it is now."""

    def to(place):
        executor = MigrationExecutor(connection)
        return executor.migrate(place).apps.get_model("jobs", "Region").objects

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "jobs"])


def make(regions, name, **facts):
    regions.create(
        name=name, slug=name, endpoint_url="http://a", created_at=timezone.now(), **facts
    )


def test_region_that_allowed_deleting_names_it_and_back(migrate):
    regions = migrate(BEFORE)
    make(regions, "attic", allows_deleting=True)
    make(regions, "vault", allows_deleting=False)
    named = dict(migrate(AFTER).values_list("name", "allowed_operations"))
    assert named == {"attic": ["S3DeleteObject"], "vault": []}
    ticked = dict(migrate(BEFORE).values_list("name", "allows_deleting"))
    assert ticked == {"attic": True, "vault": False}
