"""A job that an older version made keeps its list, and goes on being prepared where it was."""

from importlib import import_module
from pathlib import Path

import pytest
from django.utils import timezone

from jobs import migrations
from jobs.spec.object_list import list_from_wire

pytestmark = pytest.mark.django_db(transaction=True)
FILE = next(Path(migrations.__path__[0]).glob("*_object_lists.py"))
BEFORE = import_module(f"jobs.migrations.{FILE.stem}").Migration.dependencies
AFTER = [("jobs", FILE.stem)]
COLUMNS = {
    "manifest_bucket": "lists",
    "manifest_key": "a/b c.csv",
    "manifest_version_id": "v1",
    "manifest_etag": "abc",
    "manifest_fields": ["Bucket", "Ignore", "Key"],
}


def make(models, token, **facts):
    role = models("jobs", "Role").objects.get_or_create(arn="arn:aws:iam::123456789012:role/x")[0]
    region, _ = models("jobs", "Region").objects.get_or_create(
        slug="here",
        defaults={"name": "here", "endpoint_url": "http://a", "created_at": timezone.now()},
    )
    models("jobs", "Job").objects.create(
        pk=token, client_request_token=token, region=region, role=role, operation="S3PutObjectTagging",
        created_at=timezone.now(), **(COLUMNS | facts),
    )  # fmt: skip


def test_columns_of_a_manifest_become_its_wire_form_and_back(migrate):
    make(migrate(BEFORE), "old")
    job = migrate(AFTER)("jobs", "Job").objects.get(pk="old")
    manifest = list_from_wire(job.listed_by)
    assert (manifest.bucket, manifest.key, manifest.version_id) == ("lists", "a/b c.csv", "v1")
    assert (manifest.etag, manifest.fields) == ("abc", ("Bucket", "Ignore", "Key"))
    was = migrate(BEFORE)("jobs", "Job").objects.get(pk="old")
    assert {name: getattr(was, name) for name in COLUMNS} == COLUMNS


def test_job_that_was_half_prepared_goes_on_at_its_byte(migrate):
    models = migrate(BEFORE)
    facts = {"prepared_rows": 40, "prepared_byte": 900, "buckets": {"photos": [40, 1, 1]}}
    make(models, "half", status="Preparing", **facts)
    make(models, "fresh")
    models = migrate(AFTER)
    job = models("jobs", "Job").objects.get(pk="half")
    assert job.list_checkpoint == {"byte": 900, "line": 41}
    assert job.work_stored == 900
    assert job.buckets == {"photos": [40, 1]}
    assert models("jobs", "Job").objects.get(pk="fresh").list_checkpoint is None
