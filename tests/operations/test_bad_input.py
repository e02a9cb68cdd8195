"""What bad input gets: a sentence at its field, on the wire and in the form, and never a job."""

import pytest
from django.utils import timezone

from jobs.choices import ManifestField
from jobs.console.forms.operations.table import FORMS
from jobs.lifecycle.creation import check_spec
from jobs.operations import registry
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.make import make_region, make_role

pytestmark = pytest.mark.django_db

PAST = "2020-01-02T03:04:05Z"
ELEVEN = [{"Key": f"k{n}", "Value": ""} for n in range(11)]
LONG_KEY = "k" * 129
GRANT = {
    "Grantee": {"TypeIdentifier": "id", "Identifier": "abc"},
    "Permission": "READ",
}
BOTH_ACLS = {
    "CannedAccessControlList": "private",
    "AccessControlList": {"Owner": {"ID": "abc"}, "Grants": [GRANT]},
}
ARN = "arn:aws:lambda:us-east-1:123456789012:function:nobody-made"
HERE = {"TargetResource": "arn:aws:s3:::photos"}

ON_THE_WIRE = [
    ("S3PutObjectTagging", {"TagSet": ELEVEN}, "TagSet", "at most 10 tags, not 11"),
    (
        "S3PutObjectTagging",
        {"TagSet": [{"Key": LONG_KEY, "Value": ""}]},
        "TagSet[0].Key",
        "must have 1 to 128 characters, not 129",
    ),
    ("S3MergeObjectTagging", {"TagSet": ELEVEN}, "TagSet", "at most 10 tags, not 11"),
    (
        "S3PutObjectCopy",
        {"TargetResource": "arn:aws:s3:::archive", "NewObjectTagging": ELEVEN},
        "NewObjectTagging",
        "at most 10 tags, not 11",
    ),
    (
        "S3PutObjectAcl",
        {"AccessControlPolicy": BOTH_ACLS},
        "AccessControlPolicy.AccessControlList",
        "not both",
    ),
    (
        "S3PutObjectCopy",
        {
            "TargetResource": "arn:aws:s3:::archive",
            "CannedAccessControlList": "private",
            "AccessControlGrants": [GRANT],
        },
        "AccessControlGrants",
        "not both",
    ),
    (
        "S3PutObjectRetention",
        {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": PAST}},
        "Retention.RetainUntilDate",
        "has passed. Enter a date in the future.",
    ),
    ("S3InitiateRestoreObject", {"ExpirationInDays": -1}, "ExpirationInDays", "whole number"),
    (
        "S3InitiateRestoreObject",
        {"WaitUntilReadable": True, "WaitAtMostDays": 99},
        "WaitAtMostDays",
        "from 1 to 30",
    ),
    ("S3ReplicateObject", {"Bucket": "archive"}, "Bucket", "not a parameter here"),
    ("LambdaInvoke", {"FunctionArn": ARN}, "FunctionArn", "connect"),
    ("LambdaInvoke", {"FunctionArn": "nobody"}, "FunctionArn", "Write the function as arn:"),
    ("WebhookInvoke", {"WebhookName": "nowhere"}, "WebhookName", "There is no webhook"),
]


@pytest.fixture
def spec():
    """Of a job that lacks nothing but right parameters."""
    region = make_region()
    role = make_role(region)

    def made(operation, parameters):
        fields = (ManifestField.BUCKET, ManifestField.KEY)
        return JobSpec(
            region=region.pk,
            operation=operation,
            parameters=parameters,
            manifest=ManifestSpec("photos", "list.csv", "etag", fields),
            report=ReportSpec(enabled=False),
            priority=10,
            role_arn=role.arn,
            client_request_token="once",
        )

    return made


@pytest.mark.parametrize(("operation", "parameters", "field", "words"), ON_THE_WIRE)
def test_bad_parameters_are_refused_on_the_wire_with_their_field(
    spec, operation, parameters, field, words
):
    problems = check_spec(spec(operation, parameters), timezone.now())
    found = {problem.field: problem.message for problem in problems}
    path = f"Operation.{operation}.{field}"
    assert path in found, found
    assert words in found[path]


def rows(name, keys):
    return {f"{name}-{n}-{part}": text for n, key in enumerate(keys) for part, text in key.items()}


IN_THE_FORM = [
    ("S3PutObjectTagging", rows("new_tags", [{"key": LONG_KEY, "value": ""}]), "new_tags-0-key"),
    (
        "S3PutObjectTagging",
        rows("new_tags", [{"key": "k" * (n + 1), "value": ""} for n in range(11)]),
        "new_tags-0-key",
    ),
    (
        "S3PutObjectRetention",
        {"mode": "COMPLIANCE", "retain_until": "2020-01-02T03:04"},
        "retain_until",
    ),
    ("S3InitiateRestoreObject", {"archived_in": "glacier", "days": "-1"}, "days"),
    ("S3InitiateRestoreObject", {"days": "1", "wait": "on", "wait_days": "99"}, "wait_days"),
    ("LambdaInvoke", {"function_arn": ARN}, "function_arn"),
    ("WebhookInvoke", {"webhook": "nowhere"}, "webhook"),
]


@pytest.mark.parametrize(("operation", "typed", "control"), IN_THE_FORM)
def test_bad_parameters_are_refused_in_the_form_at_their_field(operation, typed, control):
    form = FORMS[operation](typed)
    assert not form.is_valid()
    assert control in form.errors, form.errors
    assert all(text[-1] == "." for text in form.errors[control])


@pytest.mark.parametrize(
    "more", [{}, {"MetadataDirective": "COPY"}], ids=["nothing", "what it does anyway"]
)
def test_copy_to_the_listed_bucket_that_changes_nothing_is_refused_at_its_target(more):
    operation = registry.get("S3PutObjectCopy").parse(HERE | more)
    (problem,) = operation.unfit_for(["photos"], has_versions=False)
    assert problem.field == "TargetResource"
    assert not operation.unfit_for(["archive"], has_versions=False)
