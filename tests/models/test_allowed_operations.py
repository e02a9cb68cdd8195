"""What a Region allowed before it named operations, it still allows."""

from importlib import import_module
from pathlib import Path

import pytest
from django.utils import timezone

from jobs import migrations

pytestmark = pytest.mark.django_db(transaction=True)
FILE = next(Path(migrations.__path__[0]).glob("*_region_allows_operations_by_name.py"))
NAMING = import_module(f"jobs.migrations.{FILE.stem}")
BEFORE = NAMING.Migration.dependencies
AFTER = [("jobs", FILE.stem)]


def regions_of(models):
    return models("jobs", "Region").objects


def make(regions, name, **facts):
    regions.create(
        name=name, slug=name, endpoint_url="http://a", created_at=timezone.now(), **facts
    )


def test_region_that_allowed_deleting_names_it_and_back(migrate):
    regions = regions_of(migrate(BEFORE))
    make(regions, "attic", allows_deleting=True)
    make(regions, "vault", allows_deleting=False)
    named = dict(regions_of(migrate(AFTER)).values_list("name", "allowed_operations"))
    assert named == {"attic": ["S3DeleteObject"], "vault": []}
    ticked = dict(regions_of(migrate(BEFORE)).values_list("name", "allows_deleting"))
    assert ticked == {"attic": True, "vault": False}
