"""A task whose result was not recorded runs again: what that does to objects.

Every operation that calls itself idempotent stands here, with what it is tried with.
"""

import pytest

from jobs.operations.registry import OPERATIONS
from jobs.spec.target import Target

TAGS = {"TagSet": [{"Key": "team", "Value": "blue"}]}


def parameters_of(operation, archive):
    return {
        "S3PutObjectTagging": TAGS,
        "S3PutObjectCopy": {
            "TargetResource": f"arn:aws:s3:::{archive}",
            "NewObjectTagging": TAGS["TagSet"],
            "MetadataDirective": "REPLACE",
            "NewObjectMetadata": {"UserMetadata": {"new": "1"}},
        },
        "S3DeleteObject": {},
    }[operation]


def objects_of(place, *buckets):
    """What a reader sees: key, content, metadata and tags of every object."""
    found = []
    for bucket in buckets:
        for item in place.client.list_objects_v2(Bucket=bucket).get("Contents", []):
            facts = place.client.head_object(Bucket=bucket, Key=item["Key"])
            tags = place.tags_of(bucket, item["Key"])
            found.append((bucket, item["Key"], item["ETag"], facts["Metadata"], tags))
    return found


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("name", sorted(op.name for op in OPERATIONS if op.idempotent))
def test_idempotent_operation_that_runs_twice_ends_as_if_it_ran_once(place, name, versioned):
    source, archive = (place.make_bucket(versioned=versioned) for _ in range(2))
    for key in ("k", "other"):
        place.client.put_object(Bucket=source, Key=key, Body=b"content", Tagging="old=1")
    parameters = parameters_of(name, archive)
    outcomes, seen = [], []
    for _ in range(2):
        outcomes.append(place.run(name, parameters, Target(source, "k", None)))
        seen.append(objects_of(place, source, archive))
    assert outcomes[0] == outcomes[1] and outcomes[0].succeeded
    assert seen[0] == seen[1]
