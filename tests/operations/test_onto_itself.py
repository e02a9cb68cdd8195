"""Copies of objects onto themselves, whichever operation makes them: what is not told stays."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from jobs.operations import registry
from jobs.operations.base import DONE, Outcome
from jobs.operations.steps import Keep
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.proof import Proof
from jobs.services.call import Call
from jobs.spec.target import Guard, Target
from tests.operations.walking import walk
from tests.sequential import context_at

COPY, MERGE, CLASS = "S3PutObjectCopy", "S3MergeObjectMetadata", "S3PutObjectStorageClass"
ITSELF = "arn:aws:s3:::photos"
EVERY = [
    (COPY, {"TargetResource": ITSELF, "StorageClass": "GLACIER_IR"}),
    (MERGE, {"ObjectMetadata": {"CacheControl": "no-cache"}}),
    (CLASS, {"StorageClass": "GLACIER_IR"}),
]
OF_S3 = {"x-amz-request-id": "R1", "date": "Thu, 01 Jan 2026 00:00:10 GMT"}
OWNER = {"Grantee": {"Type": "CanonicalUser", "ID": "me"}, "Permission": "FULL_CONTROL"}
PUBLIC = {
    "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
    "Permission": "READ",
}
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=300)


def head(**facts):
    """As HeadObject is answered; `headers` come besides."""
    headers = facts.pop("headers", {})
    if "x-amz-website-redirect-location" in headers:
        facts = {"WebsiteRedirectLocation": headers["x-amz-website-redirect-location"], **facts}
    data = {"ContentLength": 2, "ETag": '"ab"', "LastModified": datetime(2026, 1, 1, tzinfo=UTC)}
    return Answer(200, "", "", data | facts, headers=OF_S3 | headers)


def acl(*grants, owner="me"):
    return Answer(200, "", "", {"Owner": {"ID": owner}, "Grants": list(grants)}, headers=OF_S3)


USUAL = acl(OWNER)
COPIED = Answer(200, "", "", {"VersionId": "v2"}, headers=OF_S3)
TARGET = Target("photos", "k")


def context(**habits):
    made = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
    for name, value in habits.items():
        setattr(made.habits_of(None), name, value)
    return made


def run(name, parameters, *answers, target=TARGET, at=None):
    operation = registry.get(name).parse(parameters)
    return walk(operation.run(target, at or context()), *answers)


def copy_in(steps):
    (call,) = [s for s in steps if isinstance(s, Call) and s.action == "CopyObject"]
    return call.params


FULL = {
    "StorageClass": "STANDARD_IA",
    "WebsiteRedirectLocation": "/x",
    "ServerSideEncryption": "aws:kms",
    "SSEKMSKeyId": "key",
    "BucketKeyEnabled": True,
    "ObjectLockMode": "GOVERNANCE",
    "ObjectLockRetainUntilDate": LATER,
    "ObjectLockLegalHoldStatus": "ON",
}
FULL_HEADERS = {"x-amz-website-redirect-location": "/x"}


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_everything_that_the_job_does_not_name_goes_with_the_copy(name, parameters):
    steps, outcome = run(
        name, parameters, head(**FULL, headers=FULL_HEADERS), acl(OWNER, PUBLIC), COPIED
    )
    assert outcome == DONE
    sent = copy_in(steps)
    kept = FULL if name == MERGE else FULL | {"StorageClass": "GLACIER_IR"}
    assert {member: sent[member] for member in kept} == kept
    assert sent["GrantFullControl"] == 'id="me"'
    assert sent["GrantRead"] == 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
    assert sent["TaggingDirective"] == "COPY"
    assert sent["CopySourceIfMatch"] == '"ab"'


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_retention_that_is_over_is_not_carried(name, parameters):
    over = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime(2020, 1, 1, tzinfo=UTC)}  # fmt: skip
    steps, _ = run(name, parameters, head(**over), USUAL, COPIED)
    assert "ObjectLockMode" not in copy_in(steps)


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_usual_access_control_list_is_not_told(name, parameters):
    steps, _ = run(name, parameters, head(), USUAL, COPIED)
    assert not [member for member in copy_in(steps) if member.startswith("Grant")]


DENIED = Answer(403, "AccessDenied", "Access Denied", headers=OF_S3)


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_object_whose_access_control_list_cannot_be_read_is_left_as_it_is(name, parameters):
    steps, outcome = run(name, parameters, head(), DENIED)
    assert (outcome.succeeded, outcome.code) == (False, "AccessDenied")
    assert "GetObjectAcl: Access Denied" in outcome.message
    assert [step.action for step in steps] == ["HeadObject", "GetObjectAcl"]


@pytest.mark.parametrize(("name", "parameters"), EVERY)
@pytest.mark.parametrize(("status", "code"), [(501, "NotImplemented"), (400, "AccessControlListNotSupported")])  # fmt: skip
def test_storage_without_access_control_lists_loses_none(name, parameters, status, code):
    none = Answer(status, code, "None here", headers=OF_S3)
    assert run(name, parameters, head(), none, COPIED)[1] == DONE


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_grant_without_words_in_a_header_fails_the_task(name, parameters):
    odd = {"Grantee": {"Type": "CanonicalUser", "ID": 'a"b'}, "Permission": "READ"}
    steps, outcome = run(name, parameters, head(), acl(OWNER, odd))
    assert not outcome.succeeded
    assert len(steps) == 2


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_change_between_look_and_copy_fails_the_task_with_the_storages_code(name, parameters):
    failed = Answer(412, "PreconditionFailed", "It changed", headers=OF_S3)
    steps, outcome = run(name, parameters, head(), USUAL, failed)
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (
        False,
        412,
        "PreconditionFailed",
    )
    assert "nothing was written: It changed" in outcome.message
    assert [step.action for step in steps][2:] == ["CopyObject"]


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_object_with_a_key_of_the_customer_gets_a_sentence(name, parameters):
    unseen = Answer(400, "400", "Bad Request", headers=OF_S3)
    for answer in (unseen, head(SSECustomerAlgorithm="AES256")):
        steps, outcome = run(name, parameters, answer)
        assert "SSE-C" in outcome.message
        assert len(steps) == 1


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_object_that_is_not_there_fails_as_such(name, parameters):
    gone = Answer(404, "404", "Not Found", headers=OF_S3)
    assert run(name, parameters, gone)[1].code == "NoSuchKey"


@pytest.mark.parametrize(
    "guard",
    [
        Guard(etag='"other"'),
        Guard(size_bytes=3),
        Guard(version_id="v9"),
        Guard(last_modified_s=1.0),
    ],
)
@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_object_that_changed_since_the_dry_run_is_not_touched(name, parameters, guard):
    steps, outcome = run(name, parameters, head(), target=Target("photos", "k", None, guard))
    assert (outcome.http_status, outcome.code) == (412, "ObjectChanged")
    assert len(steps) == 1


@pytest.mark.parametrize(("name", "parameters"), EVERY[1:])
def test_object_that_an_earlier_try_changed_is_done_and_one_of_somebody_else_is_not_touched(
    name, parameters
):
    at, target = context(), Target("photos", "k", None, Guard(etag='"ab"'))
    at.tried_since_s = 1.0
    assert run(name, parameters, made(parameters), target=target, at=at)[1] == DONE
    steps, outcome = run(name, parameters, head(ETag='"ef"'), target=target, at=at)
    assert (outcome.code, len(steps)) == ("ObjectChanged", 1)


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_object_as_the_dry_run_saw_it_is_copied(name, parameters):
    guard = Guard('"ab"', "null", 2, datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    target = Target("photos", "k", None, guard)
    assert run(name, parameters, head(), USUAL, COPIED, target=target)[1] == DONE


@pytest.mark.parametrize(("name", "parameters"), EVERY[1:])
def test_version_that_is_not_the_newest_is_never_put_in_its_place(name, parameters):
    steps, outcome = run(
        name, parameters, head(VersionId="v2"), USUAL, target=Target("photos", "k", "v1")
    )
    assert (outcome.http_status, outcome.code) == (412, "ObjectChanged")
    assert "newest" in outcome.message
    assert "VersionId" not in steps[0].params


@pytest.mark.parametrize(("name", "parameters"), EVERY[1:])
def test_listed_version_that_an_earlier_try_wrote_anew_is_done(name, parameters):
    at, target = context(), Target("photos", "k", "v1")
    at.tried_since_s = 1.0
    assert run(name, parameters, made(parameters), target=target, at=at)[1] == DONE
    other = run(name, parameters, head(VersionId="v3"), target=target, at=at)
    assert (other[1].code, len(other[0])) == ("ObjectChanged", 1)


# --- An answer that does not tell


LOST = Answer(0, "ReadTimeoutError", "Nothing came")
ODD = Answer(200, "UnclearAnswer", "What?", proof=Proof.ODD, headers=OF_S3)


def made(parameters, **facts):
    """As HeadObject is answered after the copy was made: just now."""
    written = {"StorageClass": parameters.get("StorageClass", "STANDARD"), "ETag": '"cd"'}
    texts = parameters.get("ObjectMetadata", {})
    now = datetime.now(UTC).replace(microsecond=0)
    stamp = {"date": now.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    headers = stamp | ({"cache-control": "no-cache"} if texts else {})
    return head(**{**written, "LastModified": now, "VersionId": "v2", **facts}, headers=headers)


@pytest.mark.parametrize("answer", [LOST, ODD])
@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_copy_whose_answer_was_lost_is_found_by_a_look_and_not_made_again(name, parameters, answer):
    steps, outcome = run(name, parameters, head(), USUAL, answer, made(parameters))
    assert outcome == DONE
    assert [step.action for step in steps][2:] == ["CopyObject", "HeadObject"]


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_copy_that_was_not_made_is_made_again(name, parameters):
    steps, outcome = run(name, parameters, head(), USUAL, LOST, head(), True, COPIED)
    assert outcome == DONE
    assert steps[-1].action == "CopyObject"


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_refusal_of_a_second_try_may_be_about_our_own_first(name, parameters):
    failed = Answer(412, "PreconditionFailed", "It changed", headers=OF_S3)
    begin = (head(), USUAL, LOST, head(), True, failed)
    assert run(name, parameters, *begin, made(parameters))[1] == DONE
    other = made(parameters, ContentLength=3)
    assert run(name, parameters, *begin, other)[1].http_status == 412


# --- Storages that take less


@pytest.mark.parametrize(("name", "parameters"), [EVERY[0], EVERY[2]])
def test_storage_that_takes_only_new_metadata_for_a_change_is_told_those_that_are_there(
    name, parameters
):
    refused = Answer(400, "InvalidRequest", "It changes nothing", headers=OF_S3)
    there = head(headers={"content-type": "a/b", "x-amz-meta-n": "1"})
    steps, outcome = run(name, parameters, there, USUAL, refused, COPIED)
    assert outcome == DONE
    assert steps[-1].params["MetadataDirective"] == "REPLACE"
    assert (steps[-1].params["ContentType"], steps[-1].params["Metadata"]) == ("a/b", {"n": "1"})
    assert steps[-1].params["StorageClass"] == "GLACIER_IR"
    # Where they cannot be told as they are, the refusal is the end.
    raw = head(headers={"x-amz-meta-n": "\xc3\xbc"})
    steps, outcome = run(name, parameters, raw, USUAL, refused)
    assert outcome == Outcome(False, 400, "InvalidRequest", "It changes nothing")


TAGGED = Answer(200, "", "", {"TagSet": [{"Key": "a", "Value": "1"}]}, headers=OF_S3)
UNTAGGED = Answer(200, "", "", {"TagSet": []}, headers=OF_S3)
SET = Answer(200, "", "", headers=OF_S3)


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_tags_that_a_copy_loses_are_kept_in_work_storage_until_they_are_set(name, parameters):
    at = context(tags_after_copy=True)
    steps, outcome = run(name, parameters, head(), USUAL, TAGGED, None, COPIED, SET, None, at=at)
    assert outcome == DONE
    kinds = [getattr(step, "action", type(step).__name__) for step in steps]
    assert kinds[2:] == ["GetObjectTagging", "Keep", "CopyObject", "PutObjectTagging", "Keep"]
    assert steps[5].params["Tagging"] == {"TagSet": [{"Key": "a", "Value": "1"}]}
    assert steps[5].params["VersionId"] == "v2"
    assert steps[3].state and not steps[6].state


@pytest.mark.parametrize(("name", "parameters"), EVERY[1:])
def test_task_that_was_killed_between_copy_and_tags_sets_them_when_it_runs_again(name, parameters):
    at = context(tags_after_copy=True)
    steps, _ = run(name, parameters, head(), USUAL, TAGGED, None, at=at)
    at.kept = steps[3].state
    steps, outcome = run(name, parameters, made(parameters), UNTAGGED, SET, None, at=at)
    assert outcome == DONE
    assert steps[-2].action == "PutObjectTagging"
    assert steps[-2].params["Tagging"] == {"TagSet": [{"Key": "a", "Value": "1"}]}
    assert steps[-1].state == b""


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_job_that_ends_between_copy_and_tags_sets_them(name, parameters):
    at = context(tags_after_copy=True)
    steps, _ = run(name, parameters, head(), USUAL, TAGGED, None, at=at)
    at.kept = steps[3].state
    operation = registry.get(name).parse(parameters)
    steps, left = walk(operation.give_up(TARGET, at), UNTAGGED, SET)
    assert left is None
    assert [step.action for step in steps] == ["GetObjectTagging", "PutObjectTagging"]
    # What has tags was not copied, or somebody gave it some.
    assert len(walk(operation.give_up(TARGET, at), TAGGED)[0]) == 1


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_copy_that_was_refused_leaves_nothing_to_be_set_later(name, parameters):
    failed = Answer(412, "PreconditionFailed", "It changed", headers=OF_S3)
    at = context(tags_after_copy=True)
    steps, outcome = run(name, parameters, head(), USUAL, TAGGED, None, failed, None, at=at)
    assert outcome.http_status == 412
    assert steps[-1] == Keep(b"")


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_lock_that_a_copy_loses_is_set_on_the_version_that_it_made(name, parameters):
    at = context(lock_after_copy=True)
    locked = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": LATER}
    locked["ObjectLockLegalHoldStatus"] = "ON"
    steps, outcome = run(
        name, parameters, head(**locked), USUAL, None, COPIED, SET, SET, None, at=at
    )
    assert outcome == DONE
    calls = [step for step in steps if isinstance(step, Call)][-2:]
    assert [call.action for call in calls] == ["PutObjectRetention", "PutObjectLegalHold"]
    assert {call.params["VersionId"] for call in calls} == {"v2"}


# --- Looked at afterwards


def check(name, parameters, before, after, *more):
    operation = registry.get(name).parse(parameters)
    at = context()
    _, seen = walk(operation.survey(TARGET, at), *before)
    return walk(operation.check(TARGET, at, seen), after, *more)[1]


@pytest.mark.parametrize(("name", "parameters"), EVERY)
@pytest.mark.parametrize(
    ("facts", "lost"),
    [
        ({}, ""),
        ({"StorageClass": "ONEZONE_IA"}, "storage class"),
        ({"ServerSideEncryption": "AES256"}, "encryption"),
        ({"WebsiteRedirectLocation": ""}, "website redirect"),
        ({"ObjectLockMode": ""}, "retention"),
        ({"ObjectLockLegalHoldStatus": "OFF"}, "legal hold"),
        ({"ContentLength": 3}, "content"),
    ],
)
def test_what_a_storage_did_not_keep_is_found_out(name, parameters, facts, lost):
    there = head(**FULL, headers=FULL_HEADERS)
    wanted = FULL if name == MERGE else FULL | {"StorageClass": "GLACIER_IR"}
    headers = FULL_HEADERS | ({"cache-control": "no-cache"} if name == MERGE else {})
    after = head(**{**wanted, **facts}, headers=headers)
    assert check(name, parameters, (there, USUAL, TAGGED), after, TAGGED).lost == lost


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_lost_tags_and_lists_are_found_out(name, parameters):
    before = (head(), acl(OWNER, PUBLIC), TAGGED)
    after = made(parameters)
    assert check(name, parameters, before, after, acl(OWNER)).lost == "access control list"
    public = acl(OWNER, PUBLIC)
    assert check(name, parameters, before, after, public, UNTAGGED).lost == "tags"
    assert not check(name, parameters, before, after, public, TAGGED).lost


@pytest.mark.parametrize(("name", "parameters"), EVERY)
def test_tags_that_were_lost_are_set_again_and_from_then_on_after_every_copy(name, parameters):
    operation, at = registry.get(name).parse(parameters), context()
    walk(operation.survey(TARGET, at), head(), USUAL, TAGGED)
    lost = check(name, parameters, (head(), USUAL, TAGGED), made(parameters), UNTAGGED)
    steps, mended = walk(operation.mend(TARGET, at, lost), SET)
    assert mended
    assert [step.action for step in steps] == ["PutObjectTagging"]
    assert at.habits_of(None).tags_after_copy


# --- What there is to carry


CARRIED = {
    *("BucketKeyEnabled", "ServerSideEncryption", "SSEKMSKeyId", "StorageClass"),
    *("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"),
    *("Expires", "Metadata", "WebsiteRedirectLocation"),
    *("ObjectLockEventHold", "ObjectLockEventHoldDurationDays"),
    *("ObjectLockEventHoldDurationYears", "ObjectLockLegalHoldStatus", "ObjectLockMode"),
    "ObjectLockRetainUntilDate",
}
REFUSED = {"SSECustomerAlgorithm", "SSECustomerKeyMD5", "MissingMeta"}
OF_ITS_OWN = {
    *("AcceptRanges", "ArchiveStatus", "ContentLength", "ContentRange", "DeleteMarker", "ETag"),
    *("Expiration", "LastModified", "PartsCount", "ReplicationStatus", "RequestCharged", "Restore"),
    *("TagCount", "VersionId", "ChecksumType"),
}
"""What an object is, and what the storage reckons anew or copies by itself."""


def test_all_that_head_object_tells_is_carried_refused_or_of_its_own():
    """Fails when S3 learns something new about objects: then it is to be decided."""
    client = boto3.client("s3", region_name="x", aws_access_key_id="a", aws_secret_access_key="b")
    known = set(client.meta.service_model.operation_model("HeadObject").output_shape.members)
    checksums = {name for name in known if name.startswith("Checksum")}
    assert known == CARRIED | REFUSED | OF_ITS_OWN | checksums
    takes = set(client.meta.service_model.operation_model("CopyObject").input_shape.members)
    assert takes >= CARRIED
