"""Probe and preflight on a real gateway. Runs as test_against_gateway.py does, the second user's part
where BATCHCONSOLE_TEST_GATEWAY_OTHER_KEY and _OTHER_SECRET name one.
"""

import json
import os
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from jobs.choices import Can, Capability, ManifestField
from jobs.lifecycle.ahead import FOUND, MISSING, UNTOLD
from jobs.lifecycle.preflight import look_ahead
from jobs.models import RoleCredentials
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials
from jobs.s3.probe import probe
from jobs.s3.scratch import Scratch
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.make import ROLE_ARN, make_region, make_role
from tests.operations.places import GATEWAY, GATEWAY_KEYS, GATEWAY_URL, Place

if not GATEWAY_URL:
    pytest.skip(
        "Gateway: BATCHCONSOLE_TEST_GATEWAY_URL is not set (for make soak)", allow_module_level=True
    )
OTHER = Credentials(
    os.environ.get("BATCHCONSOLE_TEST_GATEWAY_OTHER_KEY", ""),
    os.environ.get("BATCHCONSOLE_TEST_GATEWAY_OTHER_SECRET", ""),
)
OTHER_USER = os.environ.get("BATCHCONSOLE_TEST_GATEWAY_OTHER_USER", "lab2")
FIELDS = (ManifestField.BUCKET, ManifestField.KEY)
TUTORIAL = ("s3:PutObjectTagging", "s3:PutObjectVersionTagging")


@pytest.fixture
def gateway():
    place = Place(GATEWAY, make_client(GATEWAY, GATEWAY_KEYS))
    yield place
    place.remove_buckets()


def test_gateway_is_probed_and_nothing_stays(gateway):
    bucket = gateway.make_bucket()
    now = datetime.now(UTC)
    probed = probe(Scratch(gateway.client, bucket, "", now, takes_locks_off=False))
    assert [one.capability for one in probed.found] == list(Capability)
    assert probed.answer(Capability.TAGS) == Can.YES
    assert probed.answer(Capability.BATCH_DELETE) == Can.YES
    assert probed.answer(Capability.MULTIPART_COPY) == Can.YES
    assert probed.left == []
    assert "Contents" not in gateway.client.list_objects_v2(Bucket=bucket)
    assert not gateway.client.list_multipart_uploads(Bucket=bucket).get("Uploads")


def allow(gateway, bucket, *actions):
    """The second user, by a policy of the bucket."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam:::user/{OTHER_USER}"]},
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    gateway.client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def ahead_as(gateway, keys, *granted):
    """What a preflight of a tagging job says, where `granted` are the rights on the objects."""
    objects, lists = gateway.make_bucket(), gateway.make_bucket()
    gateway.client.put_object(Bucket=objects, Key="cats/a", Body=b"x")
    body = f"{objects},cats/a\n".encode()
    etag = gateway.client.put_object(Bucket=lists, Key="list.csv", Body=body)["ETag"].strip('"')
    if keys is not GATEWAY_KEYS:
        allow(gateway, objects, *granted)
        allow(gateway, lists, "s3:GetObject", "s3:PutObject")
    region = make_region("gateway", endpoint_url=GATEWAY_URL)
    make_role(region)
    RoleCredentials.objects.update(
        access_key_id=keys.access_key_id, secret_access_key=keys.secret_access_key
    )
    RoleCredentials.objects.get().save()
    spec = JobSpec(
        region=region.pk,
        operation="S3PutObjectTagging",
        parameters={"TagSet": [{"Key": "team", "Value": "blue"}]},
        manifest=ManifestSpec(lists, "list.csv", etag, FIELDS),
        report=ReportSpec(True, lists, "final-reports"),
        priority=1,
        role_arn=ROLE_ARN,
        client_request_token="t",
    )
    ahead = look_ahead(spec, timezone.now())
    assert ahead.problems == []
    listed = gateway.client.list_objects_v2(Bucket=objects)["Contents"]
    assert [item["Key"] for item in listed] == ["cats/a"]
    [kind] = [one.kind for one in ahead.lines if one.what == f"s3:PutObjectTagging on {objects}"]
    return kind


@pytest.mark.django_db
def test_owner_of_the_buckets_lacks_nothing(gateway):
    """JuiceFS answers 500 about tags of a key that is not there."""
    assert ahead_as(gateway, GATEWAY_KEYS) in (FOUND, UNTOLD)


@pytest.mark.django_db
@pytest.mark.skipif(not OTHER.access_key_id, reason="Gateway: there is no second user")
@pytest.mark.parametrize(
    ("granted", "kinds"),
    [
        (TUTORIAL, (UNTOLD, FOUND)),
        ((*TUTORIAL, "s3:ListBucket"), (FOUND, UNTOLD)),
        (("s3:ListBucket",), (UNTOLD, MISSING)),
        (("s3:GetObjectTagging",), (UNTOLD,)),
    ],
)
def test_second_user_lacks_what_its_policy_does_not_name(gateway, granted, kinds):
    assert ahead_as(gateway, OTHER, *granted) in kinds
