"""Lists from the browser on a real gateway, which checks signatures, parts and their sizes."""

import pytest
from django.urls import reverse

from jobs.console.wizard.lists import slices
from jobs.lifecycle import list_uploads
from jobs.models import Role, RoleCredentials
from jobs.s3.clients import make_client
from tests.console.wizard.lists.test_upload import SLICE, Sender, a_list
from tests.make import make_region
from tests.operations.places import GATEWAY, GATEWAY_KEYS, GATEWAY_URL, Place

if not GATEWAY_URL:
    pytest.skip(
        "Gateway: BATCHCONSOLE_TEST_GATEWAY_URL is not set (for make soak)", allow_module_level=True
    )


@pytest.fixture
def place():
    made = Place(GATEWAY, make_client(GATEWAY, GATEWAY_KEYS))
    yield made
    for bucket in made.buckets:
        for one in made.client.list_objects_v2(Bucket=bucket).get("Contents", []):
            made.client.delete_object(Bucket=bucket, Key=one["Key"])
        made.client.delete_bucket(Bucket=bucket)


@pytest.fixture
def s3(place):
    return place.client


@pytest.fixture
def bucket(place):
    return place.make_bucket()


@pytest.fixture
def region(db, bucket):
    return make_region("gateway", endpoint_url=GATEWAY_URL, manifest_prefix=f"s3://{bucket}/kept")


@pytest.fixture
def role(region):
    role = Role.objects.create(arn="arn:aws:iam::123456789012:role/gateway")
    RoleCredentials.objects.create(
        role=role,
        region=region,
        access_key_id=GATEWAY_KEYS.access_key_id,
        secret_access_key=GATEWAY_KEYS.secret_access_key,
    )
    return role


def test_slices_become_one_object_and_a_conversion_of_it_another(
    client, draft, role, manifest_of, monkeypatch
):
    for module in (list_uploads, slices):
        monkeypatch.setattr(module, "SLICE_BYTES", SLICE)
    data = a_list(SLICE + 6400)
    sending = Sender(client, draft, data).begin()
    assert sending.send(1).json()["next"] == 2
    assert Sender(client, draft, data).begin().told["next"] == 2
    assert sending.send(2).status_code == 200
    assert sending.finish().status_code == 200
    assert manifest_of(draft) == data

    typed = {"text": "photos;a b.jpg\n", "go": "make", "separator": "semicolon", "keys": "named"}
    columns = {"column-0": "Bucket", "column-1": "Key"}
    client.post(reverse("list-paste", args=[draft.pk]), typed | columns)
    assert manifest_of(draft) == b"photos,a%20b.jpg\n"


def test_upload_that_is_thrown_away_leaves_no_part_behind(client, draft, role, s3, bucket):
    Sender(client, draft, b"photos,a\n").begin().send(1)
    upload = draft.list_uploads.get()
    client.post(reverse("list-upload-drop", args=[draft.pk, upload.pk]))
    upload.refresh_from_db()
    assert upload.ended_at
    assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads")


def test_upload_that_the_storage_ended_is_begun_anew(client, draft, role, s3):
    sending = Sender(client, draft, b"photos,a\n").begin()
    upload = draft.list_uploads.get()
    s3.abort_multipart_upload(Bucket=upload.bucket, Key=upload.key, UploadId=upload.upload_id)
    answer = sending.send(1)
    if answer.status_code == 200:  # a gateway may notice it at the end only
        answer = sending.finish()
    assert answer.status_code == 409 and "Choose the file again" in answer.json()["error"]
