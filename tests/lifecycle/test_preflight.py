"""Live checks of a spec over a real S3 server."""

from dataclasses import replace

import pytest

from jobs.choices import ManifestField
from jobs.errors import Problem, StorageError
from jobs.lifecycle.preflight import check_role, preflight
from jobs.models import Bucket
from jobs.s3.storage import Storage
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.make import ROLE_ARN, make_region, make_role


@pytest.fixture
def region(db, s3_server):
    return make_region(endpoint_url=s3_server)


@pytest.fixture
def role(region):
    return make_role(region)


@pytest.fixture
def spec(region, role, s3, bucket):
    """Of a Copy whose everything is there."""
    etag = s3.put_object(Bucket=bucket, Key="list.csv", Body=b"photos,a.jpg\n")["ETag"].strip('"')
    fields = (ManifestField.BUCKET, ManifestField.KEY)
    return JobSpec(
        region=region.pk,
        operation="S3PutObjectCopy",
        parameters={"TargetResource": f"arn:aws:s3:::{bucket}"},
        manifest=ManifestSpec(bucket, "list.csv", etag, fields),
        report=ReportSpec(True, bucket, "reports"),
        priority=10,
        role_arn=ROLE_ARN,
        client_request_token="token",
    )


def problems(spec, *, write_test=True):
    return preflight(spec, write_test=write_test)


def test_spec_whose_everything_is_there_has_no_problem_and_leaves_no_trace(spec, s3, bucket):
    assert problems(spec) == []
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["list.csv"]


def test_without_write_test_nothing_is_written(spec, monkeypatch):
    def forbidden(self, *place):
        raise AssertionError("written")

    monkeypatch.setattr(Storage, "check_writable", forbidden)
    assert problems(spec, write_test=False) == []


def test_manifest_that_is_missing_is_named_with_its_path(spec, bucket):
    missing = replace(spec, manifest=replace(spec.manifest, key="gone.csv"))
    assert problems(missing) == [
        Problem(
            "Manifest.Location.ObjectArn", f"s3://{bucket}/gone.csv does not exist. Check the path."
        )
    ]


def test_manifest_with_another_etag_is_named(spec, s3, bucket):
    s3.put_object(Bucket=bucket, Key="list.csv", Body=b"photos,b.jpg\n")
    [problem] = problems(spec)
    assert problem.field == "Manifest.Location.ETag"
    assert "was changed after you checked it." in problem.message


def test_manifest_that_a_kms_key_encrypts_is_refused(spec, s3, bucket):
    answer = s3.put_object(
        Bucket=bucket, Key="list.csv", Body=b"photos,a.jpg\n", ServerSideEncryption="aws:kms"
    )
    same = replace(spec.manifest, etag=answer["ETag"].strip('"'))
    [problem] = problems(replace(spec, manifest=same))
    assert problem.field == "Manifest.Location.ObjectArn"
    assert "is encrypted with a KMS key (SSE-KMS)." in problem.message


def test_each_part_that_is_wrong_is_named_at_its_field(spec):
    broken = replace(
        spec,
        parameters={"TargetResource": "arn:aws:s3:::no-such-target"},
        report=ReportSpec(True, "no-such-report", "x"),
    )
    assert problems(broken) == [
        Problem(
            "Operation.S3PutObjectCopy.TargetResource",
            'The bucket "no-such-target" does not exist. Check its name and the Region.',
        ),
        Problem(
            "Report.Bucket",
            'The bucket "no-such-report" does not exist. Check its name and the Region.',
        ),
    ]


def test_report_bucket_that_lets_nobody_write_is_named(spec, monkeypatch):
    def deny(self, *place, **options):
        raise StorageError("AccessDenied", "Access Denied", http_status=403)

    monkeypatch.setattr(Storage, "check_writable", deny)  # the test server lets everybody write
    [problem] = problems(spec)
    assert problem.field == "Report.Bucket"
    assert "cannot write to" in problem.message


def test_no_report_is_not_looked_for(spec):
    assert problems(replace(spec, report=ReportSpec(enabled=False))) == []


def test_storage_that_does_not_answer_gets_sentences(spec, region):
    region.endpoint_url = "http://127.0.0.1:9"
    region.save()
    found = problems(spec)
    assert {problem.field for problem in found} == {
        "Manifest.Location.ObjectArn",
        "Operation.S3PutObjectCopy.TargetResource",
        "Report.Bucket",
    }
    assert all("does not answer" in problem.message for problem in found)


def test_role_without_credentials_where_a_bucket_lies_is_named(region, role):
    elsewhere = make_region("elsewhere")
    Bucket.objects.create(name="far", region=elsewhere)
    [problem] = check_role(region, role, ["near", "far"])
    assert problem.field == "RoleArn"
    assert "has no credentials in Region elsewhere." in problem.message
    make_role(elsewhere)
    assert check_role(region, role, ["near", "far"]) == []


def to_attic(spec, bucket):
    parameters = {"TargetResource": f"arn:aws:s3:::{bucket}", "TargetRegion": "attic"}
    return replace(spec, parameters=parameters)


def test_bucket_of_another_region_is_looked_for_there(spec, s3_server, bucket):
    make_role(make_region("attic", endpoint_url=s3_server))
    assert problems(to_attic(spec, bucket)) == []
    (problem,) = problems(to_attic(spec, "no-such-bucket"))
    assert problem.field == "Operation.S3PutObjectCopy.TargetResource"
    assert problem.message.startswith('The bucket "no-such-bucket" does not exist.')


def test_role_without_credentials_in_the_target_region_is_said_at_the_region(spec, bucket):
    make_region("attic")
    (problem,) = problems(to_attic(spec, bucket))
    assert problem.field == "Operation.S3PutObjectCopy.TargetRegion"
    assert problem.message == (
        f"The IAM role {ROLE_ARN} has no credentials in Region attic. Choose another."
    )
