import pytest

from jobs.choices import Risk
from jobs.errors import ValidationFailedError
from jobs.operations import probing
from jobs.operations.base import DONE, NoSuchCall, Outcome
from jobs.operations.looks import Facts
from jobs.operations.probing import probe_key
from jobs.operations.steps import Later
from jobs.operations.update_object_encryption import REPLACED, UpdateObjectEncryption
from jobs.s3.answers import UNCLEAR, Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.proof import Proof
from jobs.spec.target import Target
from tests.operations.walking import walk
from tests.sequential import context_at

NAME = "S3UpdateObjectEncryption"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
EXAMPLE = f"Write the whole ARN of a key, such as {KEY}, and no alias."
FIELD = "ObjectEncryption.SSEKMS.KMSKeyArn"
TARGET = Target("photos", "cats/a b.jpg", "v1")
PROBE = probe_key(TARGET.key)
OF_S3 = {"x-amz-request-id": "R1"}


def parameters(key=KEY, **more):
    return {"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": key, **more}}}


OPERATION = UpdateObjectEncryption.parse(parameters())


def answer(status=200, code="", headers=OF_S3, **data):
    return Answer(status, code, code and "Some words.", data, headers=headers)


NO_LOCKS = answer(404, "ObjectLockConfigurationNotFoundError")
NO_KEY = answer(404, "NoSuchKey")
UNMARKED = Answer(200, "", "", proof=Proof.UNMARKED)


@pytest.fixture
def context():
    return context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)


def problems(wire):
    with pytest.raises(ValidationFailedError) as caught:
        UpdateObjectEncryption.parse(wire)
    return [(problem.field, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "wire",
    [
        parameters(),
        parameters(BucketKeyEnabled=True),
        parameters(BucketKeyEnabled=False),
        parameters("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-" + "a" * 32),
    ],
)
def test_right_key_is_kept_as_it_was_given(wire):
    assert UpdateObjectEncryption.parse(wire).to_wire() == wire


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ({}, [(FIELD, "Enter the ARN of the KMS key.")]),
        ({"ObjectEncryption": None}, [(FIELD, "Enter the ARN of the KMS key.")]),
        ({"ObjectEncryption": {"SSEKMS": {}}}, [(FIELD, "Enter the ARN of the KMS key.")]),
        (parameters(5), [(FIELD, f"{FIELD} must be a text.")]),
        (parameters("k"), [(FIELD, f"{FIELD} must have 20 to 2,048 characters, not 1.")]),
        (parameters("arn:aws:kms:us-east-1:123456789012:alias/photos"), [(FIELD, EXAMPLE)]),
        (parameters("1234abcd-12ab-34cd-56ef-1234567890ab"), [(FIELD, EXAMPLE)]),
        (parameters(f"{KEY}/x"), [(FIELD, EXAMPLE)]),
        (parameters(f"x{KEY}"), [(FIELD, EXAMPLE)]),
        (
            parameters(BucketKeyEnabled="true"),
            [
                (
                    "ObjectEncryption.SSEKMS.BucketKeyEnabled",
                    "ObjectEncryption.SSEKMS.BucketKeyEnabled must be true or false.",
                )
            ],
        ),
        (
            {"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": KEY}, "SSES3": {}}},
            [("ObjectEncryption.SSES3", '"SSES3" is not a parameter here. Take it out.')],
        ),
        (
            {**parameters(), "ExpectedBucketOwner": "1"},
            [
                (
                    "ExpectedBucketOwner",
                    '"ExpectedBucketOwner" is not a parameter here. Take it out.',
                )
            ],
        ),
    ],
)
def test_wrong_encryption_gets_a_sentence_at_its_place(wire, expected):
    assert problems(wire) == expected


def test_person_reads_what_will_happen_with_numbers_and_names():
    assert OPERATION.consequence(12_000, ["photos"]) == (
        f"Changes the encryption of 12,000 objects in photos to the key {KEY}."
        " Readers need access to this key."
    )
    assert OPERATION.summary() == [("KMS key", KEY), ("Bucket Key", "No")]
    assert OPERATION.danger() is Risk.CAUTION


# --- How a task runs


def actions(steps):
    return [(step.action, step.params.get("Key")) for step in steps if not isinstance(step, Later)]


def test_first_task_tries_a_key_that_is_not_there_and_the_next_is_one_call(context):
    assert OPERATION.only_call(TARGET, context) is None
    steps, outcome = walk(OPERATION.run(TARGET, context), NO_LOCKS, NO_KEY, answer())
    assert outcome == DONE
    assert actions(steps) == [
        ("GetObjectLockConfiguration", None),
        ("UpdateObjectEncryption", PROBE),
        ("UpdateObjectEncryption", TARGET.key),
    ]
    assert "VersionId" not in steps[1].params
    call = OPERATION.only_call(TARGET, context)
    assert call == steps[2]
    assert call.params == {"Key": TARGET.key, "VersionId": "v1", **parameters()}


def test_what_was_made_of_the_trial_is_removed_with_its_version_and_no_object_is_touched(context):
    made = answer(headers={**OF_S3, "x-amz-version-id": "v7"})
    steps, outcome = walk(OPERATION.run(TARGET, context), NO_LOCKS, made, answer(204))
    assert actions(steps)[1:] == [("UpdateObjectEncryption", PROBE), ("DeleteObject", PROBE)]
    assert steps[2].params["VersionId"] == "v7"
    assert outcome == NoSuchCall(
        False,
        501,
        "NotImplemented",
        "This storage has no call to change the encryption of objects in place: it takes one for an"
        " upload. Copy the objects onto themselves with the new encryption instead.",
    )
    assert OPERATION.only_call(TARGET, context) is None


def test_what_cannot_be_removed_is_named(context):
    denied = answer(403, "AccessDenied")
    _, outcome = walk(OPERATION.run(TARGET, context), NO_LOCKS, answer(), denied)
    assert outcome.message.endswith(f" s3://photos/{PROBE} stays there (AccessDenied).")


def test_bucket_that_locks_new_objects_is_not_tried(context):
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    locks = answer(ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})
    steps, outcome = walk(OPERATION.run(TARGET, context), locks)
    assert actions(steps) == [("GetObjectLockConfiguration", None)]
    assert (outcome.succeeded, outcome.code) == (False, "InvalidRequest")
    assert "locks by default" in outcome.message


def test_bucket_with_object_lock_and_no_default_is_tried(context):
    locks = answer(ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    _, outcome = walk(OPERATION.run(TARGET, context), locks, NO_KEY, answer())
    assert outcome == DONE


def test_refused_trial_leaves_it_to_the_task_itself(context):
    denied = answer(403, "AccessDenied")
    _, outcome = walk(OPERATION.run(TARGET, context), NO_LOCKS, denied, denied)
    assert outcome == Outcome(False, 403, "AccessDenied", "Some words.")
    assert OPERATION.only_call(TARGET, context) is not None


@pytest.mark.parametrize("refusal", [answer(400, "KMS.NotFoundException"), answer(501, "501")])
def test_trial_that_fails_fails_the_task_with_the_storages_own_answer(context, refusal):
    _, outcome = walk(OPERATION.run(TARGET, context), NO_LOCKS, refusal)
    assert outcome == Outcome(False, refusal.http_status, refusal.code, "Some words.")
    assert OPERATION.only_call(TARGET, context) is None, "the next task tries again"


HEAD_GONE = answer(404, "404")
FOUND = answer(ContentLength=2, ETag='"ab"')


def test_answer_of_nobody_known_counts_as_an_upload_only_where_there_is_an_object(context):
    run = OPERATION.run(TARGET, context)
    steps, outcome = walk(run, NO_LOCKS, UNMARKED, FOUND, answer(204))
    assert isinstance(outcome, NoSuchCall)
    assert ("DeleteObject", PROBE) in actions(steps)
    run = OPERATION.run(TARGET, context)
    steps, outcome = walk(run, NO_LOCKS, UNMARKED, HEAD_GONE, True, NO_KEY, answer())
    assert outcome == DONE
    run = OPERATION.run(TARGET, context_at(Endpoint("http://a", "us-east-1", "path"), None))
    steps, outcome = walk(run, NO_LOCKS, UNMARKED, HEAD_GONE, False)
    assert (outcome.http_status, outcome.code) == (502, UNCLEAR)
    assert ("DeleteObject", PROBE) not in actions(steps)


def test_key_of_the_trial_lies_beside_the_object_and_is_no_longer_than_a_key_may_be():
    assert probe_key("a/b/c").startswith(f"a/b/{probing.NAME}")
    assert probe_key("c").startswith(probing.NAME)
    assert probe_key("/c").startswith(f"/{probing.NAME}")
    assert len({probe_key("a/c"), probe_key("a/d")}) == 2
    assert len(probe_key("ü" * 490 + "/" + "k" * 40).encode()) <= 1024


# --- Whether it was kept


def facts(etag='"ab"', key=KEY, kind="aws:kms", **more):
    named = {"ServerSideEncryption": kind, "SSEKMSKeyId": key, **more}
    return Facts(2, etag, None, named)


def look(context, before, after, operation=OPERATION):
    data = {"ContentLength": after.size_bytes, "ETag": after.etag, **after.data}
    return walk(operation.check(TARGET, context, before), answer(**data))[1]


OLD = facts(key="arn:aws:kms:us-east-1:123456789012:key/old")


@pytest.mark.parametrize(
    ("after", "lost"),
    [
        (facts(), ""),
        (facts(key="1234abcd-12ab-34cd-56ef-1234567890ab"), ""),
        (facts(key="4abcd-12ab-34cd-56ef-1234567890ab"), "encryption"),
        (facts(key=""), "encryption"),
        (OLD, "encryption"),
        (facts(kind="AES256"), "encryption"),
        (facts(etag='"cd"'), "content"),
    ],
)
def test_object_that_is_looked_at_has_its_content_and_the_new_key(context, after, lost):
    finding = look(context, OLD, after)
    assert finding.lost == lost
    if lost == "content":
        assert finding.sentence == REPLACED


def test_bucket_key_that_was_asked_for_is_looked_for(context):
    operation = UpdateObjectEncryption.parse(parameters(BucketKeyEnabled=True))
    assert look(context, OLD, facts(), operation).lost == "encryption"
    assert look(context, OLD, facts(BucketKeyEnabled=True), operation).lost == ""


def test_object_that_had_the_key_before_shows_nothing(context):
    assert look(context, facts(), facts()).is_unsure
    assert not look(context, OLD, facts()).is_unsure


def test_look_that_is_refused_proves_nothing(context):
    denied = answer(403, "AccessDenied")
    _, finding = walk(OPERATION.check(TARGET, context, None), denied)
    assert (finding.lost, finding.unseen) == ("", "HeadObject was answered with 403 AccessDenied")


# --- Of a server with a fake of this one call (tests/storage_app.py)


@pytest.fixture
def faked(place, source):
    if place.endpoint.tags_after_copy:
        pytest.skip("Gateway: no storage but S3 itself knows this call")
    return source


def test_named_version_is_encrypted_and_no_other_and_nothing_else_is_made(place, faked):
    bucket = place.make_bucket(versioned=True)
    old, new = (
        place.client.put_object(Bucket=bucket, Key="a/k ü", Body=body)["VersionId"]
        for body in (b"1", b"2")
    )
    assert place.run(NAME, parameters(BucketKeyEnabled=True), Target(bucket, "a/k ü", old)) == DONE
    found = place.client.head_object(Bucket=bucket, Key="a/k ü", VersionId=old)
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", KEY)
    assert found["BucketKeyEnabled"] is True
    found = place.client.head_object(Bucket=bucket, Key="a/k ü", VersionId=new)
    assert "SSEKMSKeyId" not in found
    assert place.read(bucket, "a/k ü") == b"2"
    versions = place.client.list_object_versions(Bucket=bucket)
    assert [version["Key"] for version in versions["Versions"]] == ["a/k ü"] * 2


def test_missing_object_fails_alone_with_the_storages_answer(place, faked):
    outcome = place.run(NAME, parameters(), Target(faked, "missing"))
    assert (outcome.http_status, outcome.code) == (404, "NoSuchKey")
