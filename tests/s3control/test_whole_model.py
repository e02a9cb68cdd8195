"""Every member of AWS's own model of CreateJob is acted upon, stored and given back, or refused by its
name. A member that a new model brings fails here until one of that is so.
"""

from datetime import datetime

import boto3
import pytest

from jobs.models import Job
from jobs.operations.registry import OPERATIONS
from jobs.s3control import shapes
from tests.connected import connect_all
from tests.s3control.client import ACCOUNT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]

MODEL = boto3.client(
    "s3control", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
).meta.service_model
CREATE = MODEL.operation_model("CreateJob").input_shape
DESCRIBED = MODEL.shape_for("JobDescriptor")
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

REFUSED = {
    "Operation.S3PutObjectCopy.NewObjectMetadata.ContentLength",
    "Operation.S3PutObjectCopy.NewObjectMetadata.ContentMD5",
    "Operation.S3PutObjectCopy.NewObjectMetadata.RequesterCharged",
}
"""AWS calls them meaningless in its own documentation."""


def generator(**filters):
    return {
        "S3JobManifestGenerator": {
            "SourceBucket": "arn:aws:s3:::photos",
            "EnableManifestOutput": False,
            "Filter": filters,
        }
    }


SAVED = {
    "ExpectedBucketOwner": ACCOUNT,
    "SourceBucket": "arn:aws:s3:::photos",
    "EnableManifestOutput": True,
    "ManifestOutputLocation": {
        "ExpectedManifestBucketOwner": ACCOUNT,
        "Bucket": "arn:aws:s3:::lists",
        "ManifestPrefix": "made/here",
        "ManifestEncryption": {"SSEKMS": {"KeyId": KEY}},
        "ManifestFormat": "S3InventoryReport_CSV_20211130",
    },
}
EVERY_FILTER = {
    "EligibleForReplication": True,
    "CreatedAfter": "2030-01-02T03:04:05Z",
    "CreatedBefore": "2031-01-02T03:04:05.678000Z",
    "ObjectReplicationStatuses": ["NONE", "FAILED"],
    "KeyNameConstraint": {
        "MatchAnyPrefix": ["a/"],
        "MatchAnySuffix": [".jpg"],
        "MatchAnySubstring": ["<&>"],
    },
    "ObjectSizeGreaterThanBytes": 100,
    "ObjectSizeLessThanBytes": 5_000_000_000,
    "MatchAnyStorageClass": ["STANDARD", "GLACIER_IR"],
}
LISTS = [
    {"ManifestGenerator": {"S3JobManifestGenerator": SAVED}},
    {
        "ManifestGenerator": {
            "S3JobManifestGenerator": SAVED
            | {
                "ManifestOutputLocation": SAVED["ManifestOutputLocation"]
                | {"ManifestEncryption": {"SSES3": {}}}
            }
        }
    },
    {"ManifestGenerator": generator(**EVERY_FILTER)},
    *(
        {"ManifestGenerator": generator(MatchAnyObjectEncryption=[kind])}
        for kind in (
            {"SSES3": {}},
            {"SSEKMS": {"KmsKeyArn": KEY, "BucketKeyEnabled": False}},
            {"DSSEKMS": {"KmsKeyArn": KEY}},
            {"SSEC": {}},
            {"NOTSSE": {}},
        )
    ),
    {
        "Manifest": {
            "Spec": {
                "Format": "S3BatchOperations_CSV_20180820",
                "Fields": ["Bucket", "Key", "VersionId", "Ignore"],
            },
            "Location": {
                "ObjectArn": "arn:aws:s3:::lists/a b&c<d>/manifest.csv",
                "ObjectVersionId": "3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY",
                "ETag": "60e460c9d1046e73f7dde5043ac3ae85",
            },
        }
    },
    {
        "Manifest": {
            "Spec": {"Format": "S3InventoryReport_CSV_20161130"},
            "Location": {"ObjectArn": "arn:aws:s3:::lists/manifest.json", "ETag": "0f" * 16},
        }
    },
]
OTHERS = [
    {"ConfirmationRequired": True},
    {"ConfirmationRequired": False, "Tags": [{"Key": "department", "Value": "Finance"}]},
    {
        "Report": {
            "Bucket": "arn:aws:s3:::reports",
            "Format": "Report_CSV_20180820",
            "Enabled": True,
            "Prefix": "final-reports",
            "ReportScope": "FailedTasksOnly",
            "ExpectedBucketOwner": ACCOUNT,
        }
    },
]
REQUESTS = [*LISTS, *OTHERS]


def of_the_model(wire, shape):
    """Without members beyond the model."""
    if shape.type_name == "structure":
        return {k: of_the_model(v, shape.members[k]) for k, v in wire.items() if k in shape.members}
    if shape.type_name == "list":
        return [of_the_model(item, shape.member) for item in wire]
    return wire


def operations():
    known = MODEL.shape_for("JobOperation").members
    for operation in OPERATIONS:
        if operation.name in known:
            for example in operation.examples:
                yield {operation.name: of_the_model(example, known[operation.name])}


def plain(value):
    """Moments as one text, however they were written."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, str) and value[:2] == "20" and "T" in value:
        return datetime.fromisoformat(value).timestamp()
    return value


def paths_in(value, shape, above=""):
    """Of the members of the model that a request has."""
    if shape.type_name == "structure":
        for name, inner in value.items():
            path = f"{above}.{name}" if above else name
            yield path
            yield from paths_in(inner, shape.members[name], path)
    elif shape.type_name == "list":
        for item in value:
            yield from paths_in(item, shape.member, above)


def all_paths(shape, above=""):
    if shape.type_name == "structure":
        for name, inner in shape.members.items():
            path = f"{above}.{name}" if above else name
            yield path
            yield from all_paths(inner, path)
    elif shape.type_name == "list":
        yield from all_paths(shape.member, above)


def test_every_member_of_the_model_is_asked_for_here_or_refused_by_name():
    seen = {
        path
        for request in [*REQUESTS, *({"Operation": one} for one in operations())]
        for path in paths_in(request, CREATE)
    }
    seen |= {"AccountId", "Priority", "RoleArn", "ClientRequestToken", "Description"}
    assert set(all_paths(CREATE)) - seen == REFUSED
    assert not REFUSED & seen


@pytest.mark.parametrize("request_", [*REQUESTS, *({"Operation": one} for one in operations())])
def test_what_is_asked_for_is_stored_and_given_back(api, facts, request_):
    connect_all()
    sent = facts | request_
    if "ManifestGenerator" in sent:
        del sent["Manifest"]
    job_id = api.create_job(**sent)["JobId"]
    told = api.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]
    told["Tags"] = api.get_job_tagging(AccountId=ACCOUNT, JobId=job_id)["Tags"]
    kept = {
        name: told.get(name) for name in sent if name not in ("AccountId", "ClientRequestToken")
    }
    wanted = {name: sent[name] for name in kept}
    assert plain(kept) == plain(wanted)
    assert not Job.objects.get(pk=job_id).events.exists()


@pytest.mark.parametrize("path", sorted(REFUSED))
def test_what_is_refused_is_refused_by_its_name(api, facts, path):
    *_, name = path.split(".")
    value = {"ContentLength": 1, "ContentMD5": "x", "RequesterCharged": True}[name]
    copy = {"TargetResource": "arn:aws:s3:::archive", "NewObjectMetadata": {name: value}}
    with pytest.raises(api.exceptions.BadRequestException, match=path):
        api.create_job(**facts | {"Operation": {"S3PutObjectCopy": copy}})


# --- Our shapes


def wire_name(shape, name):
    return shape.members[name].serialization.get("name", name)


def same_shape(ours, theirs, path):
    """Raises AssertionError with the path where they part."""
    if isinstance(ours, shapes.Renamed):
        ours = ours.shape
    kinds = {"structure": dict, "list": shapes.Many, "map": shapes.Entries}
    assert isinstance(ours, kinds.get(theirs.type_name, shapes.Leaf)), path
    if theirs.type_name == "structure":
        named = {wire_name(theirs, name): member for name, member in theirs.members.items()}
        assert set(ours) == set(named), path
        for name, member in named.items():
            same_shape(ours[name], member, f"{path}.{name}")
    elif theirs.type_name == "list":
        assert ours.written == theirs.member.serialization.get("name", "member"), path
        assert ours.named == theirs.member.name, path
        same_shape(ours.item, theirs.member, path)
    elif theirs.type_name != "map":
        leaf = {"boolean": shapes.FLAG, "integer": shapes.NUMBER, "long": shapes.NUMBER}
        assert ours is leaf.get(theirs.type_name, shapes.TEXT), path


def test_shapes_of_requests_and_answers_are_those_of_the_model():
    ours = {name: one for name, one in shapes.CREATE_JOB.items() if name != shapes.EXTENSION}
    in_header = {"x-amz-account-id": shapes.TEXT}
    same_shape(ours | in_header, CREATE, "CreateJob")
    job = {name: one for name, one in shapes.JOB.items() if name != shapes.EXTENSION}
    same_shape(job, DESCRIBED, "Job")
    for name in ("ListJobs", "UpdateJobPriority", "UpdateJobStatus", "GetJobTagging"):
        output = MODEL.operation_model(name).output_shape
        same_shape(shapes.RESULTS[f"{name}Result"], output, name)
