from datetime import UTC, datetime

import pytest

from jobs.choices import Risk
from jobs.errors import ValidationFailedError
from jobs.operations.base import Outcome
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.s3.calls import Answer
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target
from tests.operations.walking import first_call, walk
from tests.sequential import context_at

ARN = "arn:aws:s3:::archive"
PLAIN = Endpoint("http://s3.example", "us-east-1", "path")
CEPH = Endpoint("http://s3.example", "us-east-1", "path", tags_after_copy=True)
OBJECT = Target("photos", "a b.jpg", "v1")
GRANT = {"Grantee": {"TypeIdentifier": "id", "Identifier": "abc"}, "Permission": "READ"}


def parse(**members):
    return PutObjectCopy.parse({"TargetResource": ARN, **members})


def params(**members):
    return dict(first_call(parse(**members), OBJECT, PLAIN).params)


def problems(**members):
    with pytest.raises(ValidationFailedError) as caught:
        parse(**members)
    return [(problem.field, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("members", "sent"),
    [
        ({}, {}),
        ({"MetadataDirective": "COPY"}, {}),
        ({"StorageClass": "GLACIER_IR"}, {"StorageClass": "GLACIER_IR"}),
        ({"CannedAccessControlList": "private"}, {"ACL": "private"}),
        ({"RequesterPays": True}, {"RequestPayer": "requester"}),
        ({"RequesterPays": False}, {}),
        ({"ChecksumAlgorithm": "CRC32C"}, {"ChecksumAlgorithm": "CRC32C"}),
        ({"RedirectLocation": "/other"}, {"WebsiteRedirectLocation": "/other"}),
        ({"BucketKeyEnabled": False}, {"BucketKeyEnabled": False}),
        (
            {"ModifiedSinceConstraint": "2026-01-02T03:04:05Z"},
            {"CopySourceIfModifiedSince": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
        ),
        (
            {"UnModifiedSinceConstraint": "2026-01-02T05:04:05+02:00"},
            {"CopySourceIfUnmodifiedSince": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
        ),
        (
            {
                "ObjectLockMode": "GOVERNANCE",
                "ObjectLockRetainUntilDate": "2030-01-01T00:00:00Z",
                "ObjectLockLegalHoldStatus": "ON",
            },
            {
                "ObjectLockMode": "GOVERNANCE",
                "ObjectLockRetainUntilDate": datetime(2030, 1, 1, tzinfo=UTC),
                "ObjectLockLegalHoldStatus": "ON",
            },
        ),
        (
            {
                "AccessControlGrants": [
                    GRANT,
                    GRANT | {"Permission": "READ_ACP"},
                    {
                        "Grantee": {"TypeIdentifier": "emailAddress", "Identifier": "a@b.example"},
                        "Permission": "READ",
                    },
                ]
            },
            {"GrantRead": 'id="abc", emailAddress="a@b.example"', "GrantReadACP": 'id="abc"'},
        ),
        (
            {"NewObjectMetadata": {"ContentType": "text/plain", "UserMetadata": {"a": "b"}}},
            {
                "MetadataDirective": "REPLACE",
                "ContentType": "text/plain",
                "Metadata": {"a": "b"},
            },
        ),
        (
            {"MetadataDirective": "REPLACE", "NewObjectMetadata": {}},
            {"MetadataDirective": "REPLACE"},
        ),
        (
            {
                "MetadataDirective": "COPY",
                "NewObjectMetadata": {"SSEAlgorithm": "KMS"},
                "SSEAwsKmsKeyId": "alias/k",
                "BucketKeyEnabled": True,
            },
            {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": "alias/k",
                "BucketKeyEnabled": True,
            },
        ),
        ({"NewObjectMetadata": {"SSEAlgorithm": "AES256"}}, {"ServerSideEncryption": "AES256"}),
        (
            {"MetadataDirective": "REPLACE", "NewObjectMetadata": {"SSEAlgorithm": "AES256"}},
            {"MetadataDirective": "REPLACE", "ServerSideEncryption": "AES256"},
        ),
        (
            {"ObjectLockEventHold": "ON", "ObjectLockEventHoldDuration": {"Days": 30}},
            {"ObjectLockEventHold": "ON", "ObjectLockEventHoldDurationDays": 30},
        ),
        ({"AnnotationDirective": "EXCLUDE"}, {"AnnotationDirective": "EXCLUDE"}),
        ({"NewObjectTagging": []}, {"TaggingDirective": "REPLACE"}),
        (
            {"NewObjectTagging": [{"Key": "a b", "Value": "c+d=ü"}, {"Key": "e", "Value": ""}]},
            {"TaggingDirective": "REPLACE", "Tagging": "a%20b=c%2Bd%3D%C3%BC&e="},
        ),
    ],
)
def test_members_are_sent_as_copy_object_takes_them(members, sent):
    source = {"Bucket": "photos", "Key": "a b.jpg", "VersionId": "v1"}
    assert params(**members) == {"Key": "a b.jpg", "CopySource": source, **sent}


@pytest.mark.parametrize(
    ("members", "echoes"),
    [
        ({}, {}),
        (
            {"NewObjectMetadata": {"SSEAlgorithm": "KMS"}},
            {"x-amz-server-side-encryption": "aws:kms"},
        ),
    ],
)
def test_answer_has_to_say_how_the_copy_was_encrypted_where_that_was_asked_for(members, echoes):
    members = {"MetadataDirective": "COPY", **members}
    assert first_call(parse(**members), OBJECT, PLAIN).echoes == echoes


@pytest.mark.parametrize(
    ("prefix", "key", "copy"),
    [
        ("Folder1", "a.jpg", "Folder1/a.jpg"),
        ("Folder1/", "a.jpg", "Folder1/a.jpg"),
        ("a/b", "c/d", "a/b/c/d"),
        ("a//", "b", "a//b"),
        ("a", "/b", "a//b"),
    ],
)
def test_prefix_is_a_folder_joined_by_one_slash(prefix, key, copy):
    operation = parse(TargetKeyPrefix=prefix)
    assert first_call(operation, Target("photos", key), PLAIN).params["Key"] == copy
    assert operation.destination(key) == f"s3://archive/{copy}"


def test_newest_version_is_copied_where_none_is_named():
    call = first_call(parse(), Target("photos", "k"), PLAIN)
    assert (call.action, call.to.name) == ("CopyObject", "archive")
    assert call.params["CopySource"] == {"Bucket": "photos", "Key": "k"}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"TargetResource": None}, [("TargetResource", "Enter the destination bucket.")]),
        ({"TargetResource": 5}, [("TargetResource", "TargetResource must be a text.")]),
        (
            {"TargetResource": "archive"},
            [
                (
                    "TargetResource",
                    '"archive" is not the ARN of a bucket. Write it as arn:aws:s3:::name.',
                )
            ],
        ),
        (
            {"TargetResource": "arn:aws:s3express:us-west-2:123456789012:bucket/b--usw2-az1--x-s3"},
            [("TargetResource", "A directory bucket cannot be the destination yet.")],
        ),
        (
            {"TargetKeyPrefix": ""},
            [("TargetKeyPrefix", "TargetKeyPrefix must have 1 to 1,024 characters, not 0.")],
        ),
        (
            {"TargetKeyPrefix": "\ud800"},
            [("TargetKeyPrefix", "TargetKeyPrefix must not hold control characters.")],
        ),
        (
            {"RequesterPays": "true"},
            [("RequesterPays", "RequesterPays must be true or false.")],
        ),
        (
            {"ModifiedSinceConstraint": "yesterday"},
            [
                (
                    "ModifiedSinceConstraint",
                    "ModifiedSinceConstraint must be a moment such as 2030-01-02T03:04:05Z.",
                )
            ],
        ),
        (
            {"ModifiedSinceConstraint": "2026-01-02T03:04:05"},
            [
                (
                    "ModifiedSinceConstraint",
                    "ModifiedSinceConstraint must be a moment such as 2030-01-02T03:04:05Z.",
                )
            ],
        ),
        (
            {"ObjectLockMode": "GOVERNANCE"},
            [("ObjectLockMode", "Object Lock needs both a mode and a date.")],
        ),
        (
            {"CannedAccessControlList": "private", "AccessControlGrants": [GRANT]},
            [("AccessControlGrants", "Give either a canned ACL or grants, not both.")],
        ),
        (
            {"AccessControlGrants": []},
            [("AccessControlGrants", "Enter at least one grant, or take the grants out.")],
        ),
        (
            {"AccessControlGrants": [GRANT | {"Permission": "WRITE"}]},
            [
                (
                    "AccessControlGrants[0].Permission",
                    "AccessControlGrants[0].Permission must be one of FULL_CONTROL, READ, READ_ACP,"
                    " WRITE_ACP.",
                )
            ],
        ),
        (
            {
                "AccessControlGrants": [
                    {
                        "Grantee": {"TypeIdentifier": "id", "Identifier": 'a",uri="x'},
                        "Permission": "READ",
                    }
                ]
            },
            [
                (
                    "AccessControlGrants[0].Grantee.Identifier",
                    "An identifier holds no quotes, commas or backslashes.",
                )
            ],
        ),
        (
            {"RedirectLocation": "ftp://x"},
            [("RedirectLocation", "RedirectLocation must start with /, http:// or https://.")],
        ),
        (
            {"SSEAwsKmsKeyId": "alias/k"},
            [("SSEAwsKmsKeyId", "A KMS key needs KMS as NewObjectMetadata.SSEAlgorithm.")],
        ),
        (
            {"MetadataDirective": "REPLACE"},
            [("NewObjectMetadata", "Enter the new metadata, or keep the source's.")],
        ),
        (
            {"MetadataDirective": "COPY", "NewObjectMetadata": {"ContentType": "a/b"}},
            [("MetadataDirective", "New metadata needs the directive REPLACE.")],
        ),
        (
            {"NewObjectMetadata": {}},
            [
                (
                    "MetadataDirective",
                    "Write REPLACE to drop all metadata, or COPY to keep the source's.",
                )
            ],
        ),
        (
            {"NewObjectMetadata": {"ContentDisposition": "attachment; filename=ü"}},
            [
                (
                    "NewObjectMetadata.ContentDisposition",
                    "NewObjectMetadata.ContentDisposition must hold ASCII characters only; encode"
                    " others.",
                )
            ],
        ),
        (
            {"NewObjectMetadata": {"ContentType": "a/b\r\nx-amz-acl: public-read"}},
            [
                (
                    "NewObjectMetadata.ContentType",
                    "NewObjectMetadata.ContentType must not hold control characters.",
                )
            ],
        ),
        (
            {"NewObjectMetadata": {"UserMetadata": {"a": "1", "A": "2", "b c": "3"}}},
            [
                (
                    "NewObjectMetadata.UserMetadata[A]",
                    'The metadata name "A" is entered twice.',
                ),
                (
                    "NewObjectMetadata.UserMetadata[b c]",
                    "A metadata name holds letters, digits, hyphens, dots and _ only.",
                ),
            ],
        ),
        (
            {"NewObjectMetadata": {"UserMetadata": {f"k{n}": "v" * 1000 for n in range(3)}}},
            [
                (
                    "NewObjectMetadata.UserMetadata",
                    "All metadata together has at most 2,048 bytes.",
                )
            ],
        ),
        (
            {"NewObjectMetadata": {"ContentLength": 5, "ContentType": "a/b"}},
            [
                (
                    "NewObjectMetadata.ContentLength",
                    '"ContentLength" is not a parameter here. Take it out.',
                )
            ],
        ),
        (
            {"NewObjectTagging": [{"Key": ""}]},
            [
                (
                    "NewObjectTagging[0].Key",
                    "NewObjectTagging[0].Key must have 1 to 128 characters, not 0.",
                )
            ],
        ),
        (
            {"AnnotationDirective": "MOVE"},
            [("AnnotationDirective", "AnnotationDirective must be one of COPY, EXCLUDE.")],
        ),
        (
            {"ObjectLockEventHoldDuration": {"Days": 1}},
            [("ObjectLockEventHoldDuration", "A duration needs the event hold ON.")],
        ),
        (
            {"ObjectLockEventHold": "ON", "ObjectLockEventHoldDuration": {"Days": 1, "Years": 1}},
            [("ObjectLockEventHoldDuration", "Enter either days or years.")],
        ),
        (
            {"ObjectLockEventHold": "ON", "ObjectLockEventHoldDuration": {"Years": 101}},
            [
                (
                    "ObjectLockEventHoldDuration.Years",
                    "ObjectLockEventHoldDuration.Years must be a number from 1 to 100.",
                )
            ],
        ),
        (
            {"ObjectLockEventHold": "ON", "ObjectLockEventHoldDuration": {"Weeks": 1}},
            [
                (
                    "ObjectLockEventHoldDuration.Weeks",
                    '"Weeks" is not a parameter here. Take it out.',
                )
            ],
        ),
    ],
)
def test_wrong_member_gets_a_sentence_at_its_place(members, expected):
    assert problems(**members) == expected


def test_person_reads_what_will_happen_with_numbers_and_names():
    assert parse().consequence(12_000, ["photos"]) == (
        "Copies 12,000 objects from photos to archive."
        " Existing objects with the same name in archive are overwritten."
    )
    assert parse(TargetKeyPrefix="in").consequence(None, ["photos"]) == (
        "Copies every listed object from photos to archive/in/."
        " Existing objects with the same name in archive/in/ are overwritten."
    )
    assert (parse().risk, parse().target_buckets()) == (Risk.CAUTION, ["archive"])


def test_person_reads_every_setting():
    operation = parse(
        TargetKeyPrefix="in",
        StorageClass="STANDARD_IA",
        MetadataDirective="REPLACE",
        NewObjectMetadata={"ContentType": "a/b", "UserMetadata": {"k": "v"}, "SSEAlgorithm": "KMS"},
        NewObjectTagging=[],
        AccessControlGrants=[GRANT],
        BucketKeyEnabled=True,
    )
    assert operation.summary() == [
        ("Destination", "s3://archive/in/"),
        ("Storage class", "Standard-IA"),
        ("Metadata", "Replace by ContentType: a/b, k=v"),
        ("Encryption", "SSE-KMS"),
        ("Object tags", "None"),
        ("Bucket Key", "Yes"),
        ("Grants", "READ to abc"),
    ]


# --- storage that ignores tags on a copy


DONE = Answer(200, "", "", {})
KEPT = Outcome(True, 200, "", "Successful")


def steps(operation, endpoint, *answers):
    """Actions of the calls that one task makes, and its outcome."""
    calls, outcome = walk(operation.run(OBJECT, context_at(endpoint, None)), *answers)
    return [call.action for call in calls], outcome


@pytest.mark.parametrize(
    "members", [{}, {"NewObjectTagging": []}, {"NewObjectTagging": [{"Key": "a", "Value": "b"}]}]
)
def test_ordinary_storage_needs_one_call(members):
    assert steps(parse(**members), PLAIN, DONE) == (["CopyObject"], KEPT)


REPLACED = {"MetadataDirective": "REPLACE", "NewObjectMetadata": {}}


@pytest.mark.parametrize(
    ("members", "source_tags", "actions"),
    [
        ({}, None, ["CopyObject"]),
        ({"NewObjectTagging": []}, None, ["CopyObject", "PutObjectTagging"]),
        (
            {"NewObjectTagging": [{"Key": "a", "Value": "b"}]},
            None,
            ["CopyObject", "PutObjectTagging"],
        ),
        ({**REPLACED, "NewObjectTagging": []}, None, ["CopyObject"]),
        (
            {**REPLACED, "NewObjectTagging": [{"Key": "a", "Value": "b"}]},
            None,
            ["CopyObject", "PutObjectTagging"],
        ),
        (
            REPLACED,
            [{"Key": "old", "Value": "1"}],
            ["GetObjectTagging", "CopyObject", "PutObjectTagging"],
        ),
        (REPLACED, [], ["GetObjectTagging", "CopyObject"]),
    ],
)
def test_storage_that_ignores_tags_gets_them_after_the_copy(members, source_tags, actions):
    read = [] if source_tags is None else [Answer(200, "", "", {"TagSet": source_tags})]
    assert steps(parse(**members), CEPH, *read, DONE, DONE) == (actions, KEPT)


def test_tags_that_are_kept_are_those_of_the_copied_version():
    source_tags = [{"Key": "old", "Value": "1"}]
    answers = [
        Answer(200, "", "", data) for data in ({"TagSet": source_tags}, {"VersionId": "new"})
    ]
    task = parse(**REPLACED).run(OBJECT, context_at(CEPH, None))
    (read, _, tagging), _ = walk(task, *answers)
    assert (read.to.name, dict(read.params)) == ("photos", {"Key": "a b.jpg", "VersionId": "v1"})
    assert (tagging.to.name, dict(tagging.params)) == (
        "archive",
        {"Key": "a b.jpg", "VersionId": "new", "Tagging": {"TagSet": source_tags}},
    )


def test_failure_of_any_step_is_the_tasks():
    denied = Answer(403, "AccessDenied", "Access Denied")
    failed = Outcome(False, 403, "AccessDenied", "Access Denied")
    assert steps(parse(**REPLACED), CEPH, denied) == (["GetObjectTagging"], failed)
    assert steps(parse(NewObjectTagging=[]), CEPH, denied) == (["CopyObject"], failed)
    _, outcome = steps(parse(NewObjectTagging=[]), CEPH, DONE, denied)
    assert outcome == Outcome(
        False,
        403,
        "AccessDenied",
        "The object was copied, but its tags were not set: Access Denied",
    )


def test_retention_date_that_has_passed_is_refused_when_the_job_is_made():
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2030-01-01T00:00:00Z"}
    assert parse(**lock).too_late(datetime(2029, 1, 1, tzinfo=UTC)) == []
    (problem,) = parse(**lock).too_late(datetime(2031, 1, 1, tzinfo=UTC))
    assert problem.field == "ObjectLockRetainUntilDate" and "has passed" in problem.message
