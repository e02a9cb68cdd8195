"""Objects onto themselves that one request does not copy, because a storage says so or is known to."""

import pytest

from jobs.operations import registry
from jobs.operations.base import DONE
from jobs.operations.copying import large_copy_state
from jobs.operations.steps import Keep
from jobs.s3.answers import Answer
from jobs.spec.target import Target
from tests.operations.places import TRIES, Patient
from tests.operations.test_merge_object_metadata import FULL, OWN, shown
from tests.operations.test_onto_itself import (
    EVERY,
    FULL_HEADERS,
    OF_S3,
    TAGGED,
    TARGET,
    USUAL,
    context,
    head,
    run,
)
from tests.operations.walking import walk

CONTENT = b"0123456789" * 1_200_000  # three parts of 5 MiB
UPLOAD = Answer(200, "", "", {"UploadId": "u1"}, headers=OF_S3)
REFUSED = Answer(
    400,
    "InvalidRequest",
    "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
    headers=OF_S3,
)
LARGE = {"ContentLength": 6 * 1024**3}
THERE = {**FULL_HEADERS, "content-type": "a/b", "x-amz-meta-n": "1"}


def begun(steps):
    """The parameters of the upload."""
    return next(
        step.params for step in steps if getattr(step, "action", "") == "CreateMultipartUpload"
    )


@pytest.mark.parametrize(("name", "parameters"), EVERY)
@pytest.mark.parametrize("is_known", [True, False])
def test_upload_begins_with_all_that_the_object_has(name, parameters, is_known):
    there = head(**LARGE, StorageClass="STANDARD_IA", headers=THERE)
    # Tags are read for parts alone, so a refused request comes before.
    begin = (there, USUAL, TAGGED) if is_known else (there, USUAL, REFUSED, None, USUAL, TAGGED)
    at = context(largest_copy_bytes=5 * 1024**3 if is_known else 10 * 1024**3)
    steps, _ = run(name, parameters, *begin, there, UPLOAD, None, at=at)
    sent = begun(steps)
    assert (sent["ContentType"], sent["Metadata"]) == ("a/b", {"n": "1"})
    assert (sent["WebsiteRedirectLocation"], sent["Tagging"]) == ("/x", "a=1")
    assert sent["StorageClass"] == parameters.get("StorageClass", "STANDARD_IA")
    assert not {"CopySource", "CopySourceIfMatch", "MetadataDirective", "TaggingDirective"} & set(
        sent
    )
    assert isinstance(steps[-2], Keep)
    assert large_copy_state.read(steps[-2].state).upload_id == "u1"


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_object_that_changed_between_two_looks_is_not_begun(name, parameters):
    at = context()
    other = head(**LARGE, ETag='"ef"')
    steps, outcome = run(name, parameters, head(**LARGE), USUAL, TAGGED, other, at=at)
    assert (outcome.http_status, outcome.code) == (412, "PreconditionFailed")
    assert "CreateMultipartUpload" not in [getattr(step, "action", "") for step in steps]


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_object_whose_metadata_cannot_be_named_as_they_are_is_left(name, parameters):
    raw = head(**LARGE, headers={"x-amz-meta-n": "\xc3\xbc"})
    steps, outcome = run(name, parameters, raw, USUAL, TAGGED)
    assert outcome.code == "InvalidMetadata"
    foreseen = walk(registry.get(name).parse(parameters).foresee(TARGET, context()), raw, USUAL)[1]
    assert foreseen.code == "InvalidMetadata"


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_upload_of_a_job_that_ended_is_cleared_away(name, parameters):
    at = context()
    there = head(**LARGE)
    steps, _ = run(name, parameters, there, USUAL, TAGGED, there, UPLOAD, None, at=at)
    at.kept = next(step.state for step in steps if isinstance(step, Keep))
    steps, _ = walk(registry.get(name).parse(parameters).give_up(TARGET, at))
    assert steps[0].action == "AbortMultipartUpload"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("S3MergeObjectMetadata", {"ObjectMetadata": {"CacheControl": "no-cache"}}),
        ("S3PutObjectStorageClass", {"StorageClass": "STANDARD_IA"}),
        ("S3PutObjectCopy", {"StorageClass": "STANDARD_IA"}),
    ],
)
def test_large_object_is_copied_onto_itself_in_parts_with_all_that_it_has(place, name, parameters):
    if place.endpoint.tags_after_copy and "StorageClass" in parameters:
        pytest.skip("This gateway has one storage class.")
    bucket = place.make_bucket()
    place.client.put_object(
        Bucket=bucket,
        Key="k",
        Body=CONTENT,
        Metadata=OWN,
        Tagging="t=1",
        ACL="public-read",
        WebsiteRedirectLocation="/x",
        **FULL,
    )
    headers, own = shown(place, bucket, "k")
    grants = place.client.get_object_acl(Bucket=bucket, Key="k")["Grants"]
    patient = Patient(place.endpoint, None, place.client, tries=TRIES)
    patient.context.habits_of(None).largest_copy_bytes = 5 * 1024**2
    if name == "S3PutObjectCopy":
        parameters = parameters | {"TargetResource": f"arn:aws:s3:::{bucket}"}
    operation = registry.get(name).parse(parameters)
    assert patient.run_one(operation, Target(bucket, "k")) == DONE
    found = place.client.head_object(Bucket=bucket, Key="k")
    assert found["ETag"].endswith('-3"'), "it went in parts"
    assert place.read(bucket, "k") == CONTENT
    changed = {"CacheControl": "no-cache"} if name == "S3MergeObjectMetadata" else {}
    assert shown(place, bucket, "k") == (headers | changed, own)
    assert found.get("StorageClass") == parameters.get("StorageClass", found.get("StorageClass"))
    assert found["WebsiteRedirectLocation"] == "/x"
    assert place.tags_of(bucket, "k") == {"t": "1"}
    after = place.client.get_object_acl(Bucket=bucket, Key="k")["Grants"]
    assert sorted(map(str, after)) == sorted(map(str, grants))
