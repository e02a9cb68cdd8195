"""What CopyObject takes over or sets by itself, a copy in parts has too."""

import dataclasses

import pytest

from jobs.spec.target import Guard, Target
from tests.answering_storage import Play
from tests.operations.copying_in_parts import CONTENT, copying

TAGS = (("project", "a b"), ("ümlaut", "+/="))
SHOWN = {
    "content_type": "text/x-large",
    "cache_control": "max-age=60",
    "content_disposition": 'attachment; filename="a.txt"',
    "content_encoding": "gzip",
    "content_language": "de, en",
    "expires": "Wed, 02 Jan 2030 03:04:05 GMT",
    "x-amz-meta-owner": "me  and you",
}
WITH_DASHES = {name.replace("_", "-"): text for name, text in SHOWN.items()}


@pytest.fixture
def copies(monkeypatch):
    with copying(monkeypatch) as made:
        made.world.put_shown("photos", "large", CONTENT, **SHOWN)
        found = made.world.newest("photos", "large")
        made.world._change("photos", "large", found, tags=TAGS)
        yield made


def begun_with(copies, **members):
    """The headers that the upload began with, and the copy."""
    outcome = copies.run_one(**members)
    assert outcome.succeeded, outcome
    assert copies.made().content == CONTENT
    (asked,) = copies.world.created
    return asked.headers


def headers_about(headers, *begin):
    return {name: text for name, text in headers.items() if name.startswith(begin)}


OF_METADATA = ("content-", "cache-", "expires", "x-amz-meta-")


def metadata_of(headers):
    found = headers_about(headers, *OF_METADATA)
    return {name: text for name, text in found.items() if name not in ("content-length",)}


def test_metadata_and_tags_are_taken_over_from_the_source(copies):
    headers = begun_with(copies)
    assert metadata_of(headers) == WITH_DASHES
    assert copies.made().tags == TAGS
    assert copies.made().metadata == {"owner": "me  and you"}


def test_metadata_that_are_replaced_are_the_new_ones_alone(copies):
    new = {"ContentType": "text/plain", "UserMetadata": {"a": "b"}}
    headers = begun_with(copies, NewObjectMetadata=new)
    assert metadata_of(headers) == {"content-type": "text/plain", "x-amz-meta-a": "b"}
    assert copies.made().tags == TAGS, "tags are kept whatever becomes of metadata"


@pytest.mark.parametrize(
    ("asked", "tags"), [([], ()), ([{"Key": "n", "Value": "1"}], (("n", "1"),))]
)
def test_tags_that_are_replaced_are_the_new_ones_alone(copies, asked, tags):
    headers = begun_with(copies, NewObjectTagging=asked)
    assert copies.made().tags == tags
    assert copies.world.asked["GetObjectTagging"] == 0
    assert metadata_of(headers) == WITH_DASHES


def test_settings_of_the_job_are_those_of_the_copy(copies):
    headers = begun_with(
        copies,
        StorageClass="GLACIER_IR",
        CannedAccessControlList="bucket-owner-full-control",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate="2030-01-02T03:04:05Z",
        ObjectLockLegalHoldStatus="ON",
        RedirectLocation="/elsewhere",
        NewObjectMetadata={"SSEAlgorithm": "KMS"},
        SSEAwsKmsKeyId="alias/k",
        BucketKeyEnabled=True,
        ChecksumAlgorithm="SHA256",
    )
    found = headers_about(headers, "x-amz-")
    assert (
        found.items()
        >= {
            "x-amz-storage-class": "GLACIER_IR",
            "x-amz-acl": "bucket-owner-full-control",
            "x-amz-object-lock-mode": "GOVERNANCE",
            "x-amz-object-lock-retain-until-date": "2030-01-02T03:04:05Z",
            "x-amz-object-lock-legal-hold": "ON",
            "x-amz-website-redirect-location": "/elsewhere",
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": "alias/k",
            "x-amz-server-side-encryption-bucket-key-enabled": "true",
            "x-amz-checksum-algorithm": "SHA256",
        }.items()
    )
    assert "x-amz-metadata-directive" not in found


def test_grants_are_those_of_the_copy(copies):
    grant = {"Grantee": {"TypeIdentifier": "id", "Identifier": "abc"}, "Permission": "READ"}
    headers = begun_with(copies, AccessControlGrants=[grant])
    assert headers["x-amz-grant-read"] == 'id="abc"'


def test_class_lock_acl_and_encryption_of_the_source_are_not_taken_over(copies):
    found = copies.world.newest("photos", "large")
    facts = {"storage_class": "STANDARD_IA", "hold": "ON", "acl": "public-read"}
    copies.world._change("photos", "large", found, encryption="AES256", **facts)
    headers = begun_with(copies)
    assert not headers_about(
        headers, "x-amz-acl", "x-amz-storage", "x-amz-object-lock", "x-amz-server-side"
    )


def test_empty_object_has_them_too(copies):
    copies.world.put_shown("photos", "empty", b"", **SHOWN)
    seen = []
    copies.stage.script = lambda asked: seen.append(asked) or None
    target = Target("photos", "empty", guard=Guard(size_bytes=5 * 1024**3 + 1))
    assert copies.run(target, StorageClass="STANDARD_IA")[0].succeeded
    (put,) = [asked for asked in seen if asked.action == "PutObject"]
    assert metadata_of(put.headers).items() >= WITH_DASHES.items()
    assert put.headers["x-amz-storage-class"] == "STANDARD_IA"


def test_encryption_that_was_not_kept_is_said(copies):
    def script(asked):
        asked.headers.pop("x-amz-server-side-encryption", None)
        return None

    copies.stage.script = script
    outcome = copies.run_one(NewObjectMetadata={"SSEAlgorithm": "AES256"})
    assert (outcome.succeeded, outcome.code) == (False, "NotKept")
    assert outcome.message == "The storage accepted the encryption and did not keep it."


def test_tags_too_long_for_a_header_are_set_when_the_object_is_made(copies):
    long = tuple((f"{n}" * 100, "ü" * 256) for n in range(10))
    found = copies.world.newest("photos", "large")
    copies.world._change("photos", "large", found, tags=long)
    headers = begun_with(copies)
    assert "x-amz-tagging" not in headers
    assert copies.made().tags == long


def test_storage_that_has_no_tags_loses_none(copies):
    form = dataclasses.replace(Play().form, status=501, body="error: no call")
    copies.stage.script = lambda asked: (
        Play(form=form) if asked.action == "GetObjectTagging" else None
    )
    assert "x-amz-tagging" not in begun_with(copies)


def test_tags_that_may_not_be_read_fail_the_task_before_anything_is_begun(copies):
    form = dataclasses.replace(Play().form, status=403, body="error: final")
    copies.stage.script = lambda asked: (
        Play(form=form) if asked.action == "GetObjectTagging" else None
    )
    assert copies.run_one().code == "AccessDenied"
    assert copies.world.created == []


@pytest.mark.parametrize(
    ("member", "succeeds"),
    [
        ({"ModifiedSinceConstraint": "2020-01-02T03:04:05Z"}, True),
        ({"ModifiedSinceConstraint": "2900-01-02T03:04:05Z"}, False),
        ({"UnModifiedSinceConstraint": "2900-01-02T03:04:05Z"}, True),
        ({"UnModifiedSinceConstraint": "2020-01-02T03:04:05Z"}, False),
    ],
)
def test_constraints_hold_for_parts_as_well(copies, member, succeeds):
    """Here the storage itself says nothing of them when it refuses the size."""
    outcome = copies.run_one(**member)
    assert outcome.succeeded == succeeds
    if not succeeds:
        assert (outcome.http_status, outcome.code) == (412, "PreconditionFailed")
        assert copies.world.created == [] and copies.made() is None


def test_requester_pays_for_every_request(copies):
    seen = []

    def script(asked):
        seen.append((asked.action, asked.headers.get("x-amz-request-payer")))
        if asked.query.get("partNumber") == "30" and asked.overall == 30:
            form = dataclasses.replace(Play().form, status=403, body="error: final")
            return Play(form=form, does=False)
        return None

    copies.stage.script = script
    assert not copies.run_one(RequesterPays=True).succeeded
    assert copies.run_one(RequesterPays=True).succeeded
    assert {action for action, _ in seen} == {
        "CopyObject", "HeadObject", "GetObjectTagging", "CreateMultipartUpload", "UploadPartCopy",
        "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts",
    }  # fmt: skip
    assert {payer for _, payer in seen} == {"requester"}


def test_source_under_a_customers_key_gets_a_sentence(copies):
    said = (
        400,
        "InvalidRequest",
        "The object was stored using a form of Server Side Encryption. The correct parameters must"
        " be provided to retrieve the object.",
    )
    copies.world.too_large = said
    outcome = copies.run_one()
    assert (outcome.http_status, outcome.code) == (400, "InvalidRequest")
    assert "customer-provided key (SSE-C)" in outcome.message


def test_event_hold_is_that_of_the_job(copies):
    hold = {"ObjectLockEventHold": "ON", "ObjectLockEventHoldDuration": {"Years": 2}}
    headers = begun_with(copies, **hold)
    assert headers_about(headers, "x-amz-object-lock-event") == {
        "x-amz-object-lock-event-hold": "ON",
        "x-amz-object-lock-event-hold-duration-years": "2",
    }


def test_annotations_that_were_asked_for_by_name_fail_the_task(copies):
    outcome = copies.run_one(AnnotationDirective="COPY")
    assert not outcome.succeeded and outcome.message.startswith("AnnotationDirective is COPY")
    assert copies.world.created == []
    assert copies.run_one(AnnotationDirective="EXCLUDE").succeeded
