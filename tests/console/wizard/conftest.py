"""A signed-in Operator, a Region over a real S3 server, and a manifest in it."""

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Draft
from tests.make import PASSWORD, make_region, make_role, make_user
from tests.wizard_walk import Wizard

ROWS = "photos,cats/a%20cat.jpg\nphotos,dogs/b.jpg\n"


@pytest.fixture
def operator(db):
    return make_user("operator", name="op")


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(operator):
    return signed_in(operator)


@pytest.fixture
def region(db, s3_server):
    return make_region("store", endpoint_url=s3_server)


@pytest.fixture
def role(region):
    return make_role(region)


@pytest.fixture
def put(s3, bucket):
    """put("list.csv", "…") -> "s3://bucket/list.csv"."""

    def put(key, text, **options):
        body = text if isinstance(text, bytes) else text.encode()
        s3.put_object(Bucket=bucket, Key=key, Body=body, **options)
        return f"s3://{bucket}/{key}"

    return put


@pytest.fixture
def photos(s3):
    """The bucket that the manifest names, without what other tests left in it."""
    s3.create_bucket(Bucket="photos")
    for found in s3.list_objects_v2(Bucket="photos").get("Contents", []):
        s3.delete_object(Bucket="photos", Key=found["Key"])
    return "photos"


@pytest.fixture
def manifest(put, photos):
    return put("list.csv", ROWS)


@pytest.fixture
def wizard(client):
    assert client.post(reverse("job-create")).status_code == 303
    return Wizard(client, Draft.objects.latest("created_at"))


@pytest.fixture
def at_operation(wizard, region, role, manifest):
    response = wizard.press("manifest", region="store", manifest_object=manifest)
    assert response.status_code == 303, wizard.html
    return wizard


@pytest.fixture
def at_options(at_operation):
    at_operation.press("operation", "show", operation="S3PutObjectTagging")
    response = at_operation.press(
        "operation", **{"new_tags-0-key": "team", "new_tags-0-value": "red"}
    )
    assert response.status_code == 303, at_operation.html
    return at_operation


@pytest.fixture
def at_review(at_options, bucket):
    response = at_options.press("options", report_path=f"s3://{bucket}/reports")
    assert response.status_code == 303, at_options.html
    return at_options


__all__ = ["PASSWORD", "signed_in"]
