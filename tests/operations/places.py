"""Storage that operations are tried on: the test server, and a real gateway where one is named.

BATCHCONSOLE_TEST_GATEWAY_URL, _KEY and _SECRET name an S3 gateway that ignores tags on a copy (Ceph)
and whose user may make buckets.
"""

import os
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobs.operations import registry
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.faults import Verdict, classify
from jobs.spec.target import Target
from tests.sequential import Sequential

_PREFIX = "BATCHCONSOLE_TEST_GATEWAY_"
GATEWAY_URL = os.environ.get(f"{_PREFIX}URL", "")
GATEWAY_KEYS = Credentials(
    os.environ.get(f"{_PREFIX}KEY", ""), os.environ.get(f"{_PREFIX}SECRET", "")
)
GATEWAY = Endpoint(GATEWAY_URL, "us-east-1", "path", tags_after_copy=True)
NAMES = ["moto", "gateway"] if GATEWAY_URL else ["moto"]

AWKWARD_KEYS = [
    *("plain", "sp ace", "two  spaces ", "pl+us", "per%cent", "already%20encoded", "%2F"),
    *("quo'te", 'dou"ble', "a,b", "a;b", "a&b=c", "q?versionId=1", "#hash", "a:b@c", "<>&amp;"),
    *("ünï", "日本/語", "e\u0301", "\U0001f600", "a//b", "/lead", "trail/", "./a/../b", ".."),
    *("back\\slash", "*(!)~'", "{|}^`$", "tab\there", "k" * 1000),
]


TRIES = 100


class Patient(Sequential):
    """What is to be tried again is."""

    def ask(self, call):
        for _ in range(TRIES):
            answer = super().ask(call)
            if classify(answer) is not Verdict.RETRY:
                break
        return answer


@dataclass
class Place:
    """An endpoint, a client of it, and the buckets that were made there."""

    endpoint: Endpoint
    client: Any
    buckets: list[str] = field(default_factory=list)
    locked: set[str] = field(default_factory=set)
    keys: Credentials = GATEWAY_KEYS

    def make_bucket(self, *, versioned=False, locked=False):
        """With `locked` it has Object Lock, and thus versions, where the storage has that."""
        name = f"test-{uuid.uuid4().hex[:20]}"
        if locked:
            self._make_locked(name)
        else:
            self.client.create_bucket(Bucket=name)
        self.buckets.append(name)
        if versioned:
            self._keep_versions_of(name)
        return name

    def _keep_versions_of(self, name):
        enabled = {"Status": "Enabled"}
        try:
            self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration=enabled)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotImplemented":
                raise
            pytest.skip(f"Gateway: no versions here ({error})")

    def _make_locked(self, name):
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        try:
            self.client.get_object_lock_configuration(Bucket=name)
        except ClientError as error:
            self.client.delete_bucket(Bucket=name)
            pytest.skip(f"Gateway: no Object Lock here ({error})")
        self.locked.add(name)

    def run(self, operation, parameters, target):
        """One task through all its steps."""
        return self.run_one(registry.get(operation).parse(parameters), target)

    def run_one(self, operation, target):
        return Patient(self.endpoint, None, self.client, tries=TRIES).run_one(operation, target)

    def tag(self, bucket, key, version_id=None, **tags):
        tag_set = [{"Key": k, "Value": v} for k, v in tags.items()]
        return self.run("S3PutObjectTagging", {"TagSet": tag_set}, Target(bucket, key, version_id))

    def copy(self, bucket, key, to, version_id=None, **members):
        wire = {"TargetResource": f"arn:aws:s3:::{to}", **members}
        return self.run("S3PutObjectCopy", wire, Target(bucket, key, version_id))

    def tags_of(self, bucket, key, **version):
        answer = self.client.get_object_tagging(Bucket=bucket, Key=key, **version)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def read(self, bucket, key):
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def remove_buckets(self):
        for bucket in self.buckets:
            versions = self.client.list_object_versions(Bucket=bucket)
            if bucket in self.locked:
                self._lift_holds(bucket, versions.get("Versions", []))
            bypass = {"BypassGovernanceRetention": True} if bucket in self.locked else {}
            for item in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
                self.client.delete_object(
                    Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"], **bypass
                )
            self.client.delete_bucket(Bucket=bucket)

    def _lift_holds(self, bucket, versions):
        for item in versions:
            self.client.put_object_legal_hold(
                Bucket=bucket,
                Key=item["Key"],
                VersionId=item["VersionId"],
                LegalHold={"Status": "OFF"},
            )


def place_of(name, moto_url):
    if name == "gateway":
        return Place(GATEWAY, make_client(GATEWAY, GATEWAY_KEYS))
    endpoint = Endpoint(moto_url, "us-east-1", "path")
    keys = Credentials("test", "test")
    return Place(endpoint, make_client(endpoint, keys), keys=keys)
