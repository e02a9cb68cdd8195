"""What the one door for new jobs refuses, whoever knocks."""

from dataclasses import replace

import pytest
from django.utils import timezone

from jobs.choices import ManifestField, ReportScope
from jobs.errors import ValidationFailedError
from jobs.lifecycle.creation import create_job
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
    assert problem.field == "operation"
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
    assert problem.field == "report_enabled"
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
        ("TargetRegion", 'There is no Region "nowhere" here. Choose another.')
    ]


def test_target_region_where_the_role_has_no_credentials_is_refused_with_its_field():
    spec = copying_to(make_region("attic").slug, deleting_in(make_region("vault")))
    with pytest.raises(ValidationFailedError) as refused:
        create_job(spec, by=allowed(), now=timezone.now())
    (problem,) = refused.value.problems
    assert problem.field == "TargetRegion"
    assert problem.message == (
        f"The IAM role {spec.role_arn} has no credentials in Region attic. Choose another."
    )


def test_target_region_where_the_role_has_credentials_is_taken():
    spec = copying_to("attic", deleting_in(make_region("vault")))
    make_role(make_region("attic"))
    job = create_job(spec, by=allowed(), now=timezone.now())
    assert job.parameters["TargetRegion"] == "attic"
