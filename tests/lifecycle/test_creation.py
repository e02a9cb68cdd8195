"""What the one door for new jobs refuses, whoever knocks."""

from dataclasses import replace

import pytest
from django.utils import timezone

from jobs.choices import ManifestField, ReportScope
from jobs.errors import ValidationFailedError
from jobs.lifecycle.creation import IdempotencyError, create_job
from jobs.models import Job
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.allowed import allowed
from tests.make import make_region, make_role

pytestmark = pytest.mark.django_db


def deleting_in(region):
    fields = (ManifestField.BUCKET, ManifestField.KEY)
    return JobSpec(
        region=region.pk,
        operation="S3DeleteObject",
        parameters={},
        manifest=ManifestSpec("lists", "all.csv", "0" * 32, fields),
        report=ReportSpec(enabled=False),
        priority=10,
        role_arn=make_role(region).arn,
        client_request_token="once",
    )


def test_deleting_is_refused_in_a_region_that_does_not_allow_it():
    spec = deleting_in(make_region("vault"))
    with pytest.raises(ValidationFailedError) as refused:
        create_job(spec, by=allowed(), now=timezone.now())
    problem = refused.value.problems[0]
    assert problem.field == "Operation"
    assert problem.message.startswith("Delete objects is turned off in the Region vault.")
    assert not Job.objects.exists()


def test_deleting_is_taken_in_a_region_that_allows_it():
    spec = deleting_in(make_region("attic", allowed_operations=["S3DeleteObject"]))
    assert create_job(spec, by=allowed(), now=timezone.now()).operation == "S3DeleteObject"


def test_operation_whose_findings_stand_in_the_report_alone_is_refused_without_one():
    spec = replace(
        deleting_in(make_region("vault")), operation="S3ComputeObjectChecksum", parameters={}
    )
    with pytest.raises(ValidationFailedError) as refused:
        create_job(spec, by=allowed(), now=timezone.now())
    (problem,) = refused.value.problems
    assert problem.field == "Report.Enabled"
    assert problem.message == (
        "Compute checksum needs a completion report: what it finds stands there alone."
    )
    reported = replace(spec, report=ReportSpec(True, "reports", "out", ReportScope.ALL_TASKS))
    assert create_job(reported, by=allowed(), now=timezone.now()).report_enabled


def copying_to(region_slug, spec):
    parameters = {"TargetResource": "arn:aws:s3:::archive", "TargetRegion": region_slug}
    return replace(spec, operation="S3PutObjectCopy", parameters=parameters)


def test_target_region_that_does_not_exist_is_refused_with_its_field():
    spec = copying_to("nowhere", deleting_in(make_region("vault")))
    with pytest.raises(ValidationFailedError) as refused:
        create_job(spec, by=allowed(), now=timezone.now())
    assert [(p.field, p.message) for p in refused.value.problems] == [
        (
            "Operation.S3PutObjectCopy.TargetRegion",
            'There is no Region "nowhere" here. Choose another.',
        )
    ]


def test_target_region_where_the_role_has_no_credentials_is_refused_with_its_field():
    spec = copying_to(make_region("attic").slug, deleting_in(make_region("vault")))
    with pytest.raises(ValidationFailedError) as refused:
        create_job(spec, by=allowed(), now=timezone.now())
    (problem,) = refused.value.problems
    assert problem.field == "Operation.S3PutObjectCopy.TargetRegion"
    assert problem.message == (
        f"The IAM role {spec.role_arn} has no credentials in Region attic. Choose another."
    )


def test_target_region_where_the_role_has_credentials_is_taken():
    spec = copying_to("attic", deleting_in(make_region("vault")))
    make_role(make_region("attic"))
    job = create_job(spec, by=allowed(), now=timezone.now())
    assert job.parameters["TargetRegion"] == "attic"


# --- Twice the same token


@pytest.fixture
def deleting():
    return deleting_in(make_region("attic", allowed_operations=["S3DeleteObject"]))


def made(spec, request):
    return create_job(spec, by=allowed(), now=timezone.now(), request=request)


def test_same_token_with_the_same_request_is_the_same_job(deleting):
    assert made(deleting, {"a": 1, "b": [2]}).pk == made(deleting, {"b": [2], "a": 1}).pk


def test_same_token_with_another_request_is_refused(deleting):
    made(deleting, {"a": 1})
    with pytest.raises(IdempotencyError):
        made(deleting, {"a": 2})
    assert Job.objects.count() == 1


def test_what_a_job_has_beyond_its_request_plays_no_part(deleting):
    """As when a new version knows more of a job than the one that got the first request."""
    first = made(deleting, {"a": 1})
    assert made(replace(deleting, description="more is known of it"), {"a": 1}).pk == first.pk


def test_token_of_a_job_that_an_older_version_made_stands_for_its_request(deleting):
    first = made(deleting, {"a": 1})
    Job.objects.update(request_fingerprint="0f" * 32)
    assert made(deleting, {"a": 1}).pk == first.pk
