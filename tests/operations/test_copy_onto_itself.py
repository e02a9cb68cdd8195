"""S3PutObjectCopy whose destination is the source itself."""

from datetime import UTC, datetime

import pytest

from jobs.operations.base import DONE
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.rewriting.onto_itself import CHANGES_NOTHING
from jobs.spec.target import Target
from tests.operations.test_merge_object_metadata import put, shown
from tests.operations.test_onto_itself import COPIED, USUAL, context, copy_in, head
from tests.operations.walking import walk

TARGET = Target("photos", "k")
REPLACED = {"MetadataDirective": "REPLACE", "NewObjectMetadata": {"UserMetadata": {"n": "1"}}}


def copying(**members):
    return PutObjectCopy.parse({"TargetResource": "arn:aws:s3:::photos", **members})


def run(operation, *answers, target=TARGET):
    return walk(operation.run(target, context()), *answers)


# --- Nothing changed


@pytest.mark.parametrize(
    ("members", "buckets", "has_versions", "is_wrong"),
    [
        ({}, ["photos"], False, True),
        ({"RequesterPays": True}, ["photos"], False, True),
        ({"ModifiedSinceConstraint": "2020-01-02T03:04:05Z"}, ["photos"], False, True),
        ({}, ["photos"], True, False),
        ({}, ["other"], False, False),
        ({}, [], False, False),
        ({"TargetKeyPrefix": "a"}, ["photos"], False, False),
        ({"StorageClass": "STANDARD"}, ["photos"], False, False),
        ({"NewObjectTagging": []}, ["photos"], False, False),
        (REPLACED, ["photos"], False, False),
    ],
)
def test_copy_onto_itself_that_changes_nothing_is_refused_with_its_field(
    members, buckets, has_versions, is_wrong
):
    found = copying(**members).unfit_for(buckets, has_versions=has_versions)
    assert [problem.field for problem in found] == (["TargetResource"] if is_wrong else [])


def test_task_that_would_change_nothing_fails_with_s3s_own_code_and_asks_nothing():
    steps, outcome = run(copying())
    assert (steps, outcome.http_status, outcome.code) == ([], 400, "InvalidRequest")
    assert outcome.message == CHANGES_NOTHING
    foreseen = walk(copying().foresee(TARGET, context()))[1]
    assert (foreseen.succeeded, foreseen.code) == (False, "InvalidRequest")


# --- What is told counts


def test_what_the_job_names_goes_in_place_of_what_was_there():
    operation = copying(
        StorageClass="ONEZONE_IA",
        CannedAccessControlList="private",
        RedirectLocation="/new",
        NewObjectTagging=[{"Key": "a", "Value": "1"}],
        MetadataDirective="COPY",
        NewObjectMetadata={"SSEAlgorithm": "AES256"},
    )
    there = head(
        StorageClass="STANDARD_IA",
        WebsiteRedirectLocation="/old",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId="key",
    )
    steps, outcome = run(operation, there, COPIED)
    assert outcome == DONE
    sent = copy_in(steps)
    assert (sent["StorageClass"], sent["ACL"]) == ("ONEZONE_IA", "private")
    assert (sent["WebsiteRedirectLocation"], sent["ServerSideEncryption"]) == ("/new", "AES256")
    assert (sent["TaggingDirective"], sent["Tagging"]) == ("REPLACE", "a=1")
    assert not {"SSEKMSKeyId", "BucketKeyEnabled"} & sent.keys()
    assert [step.action for step in steps] == ["HeadObject", "CopyObject"], "no list is carried"


def test_new_metadata_keep_the_redirect_and_drop_the_headers_and_review_says_so():
    operation = copying(**REPLACED)
    there = head(headers={"x-amz-website-redirect-location": "/x", "cache-control": "a"})
    sent = copy_in(run(operation, there, USUAL, COPIED)[0])
    assert (sent["WebsiteRedirectLocation"], sent["Metadata"]) == ("/x", {"n": "1"})
    assert "CacheControl" not in sent
    lost = "Content-Type becomes binary/octet-stream."
    assert lost in operation.consequence(2, ["photos"])
    assert lost in operation.consequence(2, ["other"])
    typed = {"MetadataDirective": "REPLACE", "NewObjectMetadata": {"ContentType": "a/b"}}
    assert lost not in copying(**typed).consequence(2, ["photos"])


def test_person_reads_that_objects_are_copied_onto_themselves():
    said = copying(StorageClass="GLACIER_IR").consequence(12, ["photos"])
    assert said == (
        "Copies 12 objects in photos onto themselves: what these settings do not name is kept, and"
        " dates become new. In a bucket with versions a new version of each object is made, and a"
        " version that the list names becomes the newest."
    )


def test_condition_on_the_date_is_kept_beside_that_on_the_etag():
    operation = copying(StorageClass="GLACIER_IR", UnModifiedSinceConstraint="2025-01-02T03:04:05Z")
    steps, outcome = run(operation, head())
    assert (outcome.http_status, outcome.code, len(steps)) == (412, "PreconditionFailed", 1)
    older = head(LastModified=datetime(2024, 1, 1, tzinfo=UTC))
    assert run(operation, older, USUAL, COPIED)[1] == DONE


# --- Old versions


def test_listed_version_is_copied_with_all_that_it_has():
    steps, outcome = run(copying(), head(StorageClass="STANDARD_IA"), USUAL, COPIED,
                         target=Target("photos", "k", "v1"))  # fmt: skip
    assert outcome == DONE
    assert steps[0].params["VersionId"] == "v1"
    assert copy_in(steps)["CopySource"] == {"Bucket": "photos", "Key": "k", "VersionId": "v1"}
    assert copy_in(steps)["StorageClass"] == "STANDARD_IA"


def test_dry_run_says_what_the_newest_would_be():
    outcome = walk(
        copying().foresee(Target("photos", "k", "v1"), context()), head(), USUAL, head(ContentLength=9)
    )[1]  # fmt: skip
    assert outcome.code == "WouldChange"
    assert outcome.message.startswith("This version would become the newest: from 9 bytes")


def test_dry_run_says_what_changes():
    operation = copying(StorageClass="GLACIER_IR", NewObjectMetadata={"SSEAlgorithm": "AES256"},
                        MetadataDirective="COPY")  # fmt: skip
    outcome = walk(operation.foresee(TARGET, context()), head(), USUAL)[1]
    assert outcome.code == "WouldChange"
    assert "Storage class would change from STANDARD to GLACIER_IR." in outcome.message
    assert "Encryption would change from none that is shown to AES256." in outcome.message
    archived = walk(operation.foresee(TARGET, context()), head(StorageClass="GLACIER"), USUAL)[1]
    assert archived.code == "InvalidObjectState"


# --- Of a real server


def test_object_is_encrypted_where_it_lies_and_all_else_stays(place):
    if place.endpoint.tags_after_copy:
        pytest.skip("This gateway encrypts over TLS alone.")
    bucket = place.make_bucket()
    put(place, bucket, "k", ACL="public-read", StorageClass="STANDARD_IA",
        WebsiteRedirectLocation="/x")  # fmt: skip
    before = shown(place, bucket, "k")
    grants = place.client.get_object_acl(Bucket=bucket, Key="k")["Grants"]
    kms = {"MetadataDirective": "COPY", "NewObjectMetadata": {"SSEAlgorithm": "KMS"}}
    assert place.copy(bucket, "k", bucket, **kms) == DONE
    found = place.client.head_object(Bucket=bucket, Key="k")
    assert (found["ServerSideEncryption"], found["StorageClass"]) == ("aws:kms", "STANDARD_IA")
    assert found["WebsiteRedirectLocation"] == "/x"
    assert shown(place, bucket, "k") == before
    assert place.tags_of(bucket, "k") == {"t": "1"}
    after = place.client.get_object_acl(Bucket=bucket, Key="k")["Grants"]
    assert sorted(map(str, after)) == sorted(map(str, grants))


def test_tags_alone_are_changed_by_a_copy_onto_itself(place, source):
    put(place, source, "k")
    before = shown(place, source, "k")
    tags = [{"Key": "new", "Value": "1"}]
    assert place.copy(source, "k", source, NewObjectTagging=tags) == DONE
    assert place.tags_of(source, "k") == {"new": "1"}
    assert shown(place, source, "k") == before


def test_old_version_becomes_the_newest_with_its_own_metadata(place):
    bucket = place.make_bucket(versioned=True)
    old = put(place, bucket, "k")
    before = shown(place, bucket, "k")
    place.client.put_object(Bucket=bucket, Key="k", Body=b"newer")
    assert place.copy(bucket, "k", bucket, old) == DONE
    assert place.read(bucket, "k") == b"content"
    assert shown(place, bucket, "k") == before
