"""A Region with a place for lists, and a draft in it."""

from urllib.parse import unquote

import pytest
from django.utils import timezone

from jobs.models import Draft


@pytest.fixture
def lists(region, role, make_bucket):
    """The bucket that lists are stored in."""
    region.manifest_prefix = f"s3://{make_bucket()}/kept"
    region.save()
    return region.manifest_prefix.removeprefix("s3://").partition("/")[0]


@pytest.fixture
def draft(operator, region):
    now = timezone.now()
    return Draft.objects.create(
        owner=operator,
        data={"manifest": {"region": region.slug}},
        created_at=now,
        updated_at=now,
    )


@pytest.fixture
def manifest_of(s3):
    """What lies at the place at which a draft stands: (bucket, key), and the bytes."""

    def read(draft):
        draft.refresh_from_db()
        path = draft.data["manifest"]["manifest_object"]
        bucket, _, key = path.removeprefix("s3://").partition("/")
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    return read


def rows_of(manifest):
    """(bucket, key) of each row."""
    return [tuple(map(unquote, line.split(","))) for line in manifest.decode().splitlines()]
