"""A job that copies to a bucket which only other credentials reach: its bytes flow through the worker."""

import pytest

from jobs.choices import JobStatus
from jobs.engine import quick_look
from jobs.models import Job, RoleCredentials
from tests.make import make_region

pytestmark = pytest.mark.usefixtures("transactional_db", "redis")
LONG = 8 * 1024**2 + 5
"""In bytes: more than goes in one request."""


@pytest.fixture
def away(place):
    """A Region at the same server whose keys are others, so no storage can copy by itself."""
    region = make_region("away", endpoint_url=place.region.endpoint_url)
    RoleCredentials.objects.create(
        role=place.role, region=region, access_key_id="other", secret_access_key="other"
    )
    return region


def copying(place, steps, keys, bucket, **changes):
    parameters = {"TargetResource": f"arn:aws:s3:::{bucket}", "TargetRegion": "away"}
    facts = {"operation": "S3PutObjectCopy", "parameters": parameters | changes}
    return steps.all_the_way(place.make_job(place.list_of(keys), **facts))


@pytest.mark.parametrize("data_plane", [1, 0], ids=["data plane", "boto3"])
def test_objects_of_any_size_arrive_with_what_they_have_and_each_has_its_row(
    place, steps, away, make_bucket, settings, data_plane
):
    settings.BATCHCONSOLE_DATA_PLANE = data_plane
    bucket = make_bucket()
    bodies = {"empty": b"", "a b/ü.txt": b"short", "long": bytes(range(256)) * (LONG // 256 + 1)}
    for key, body in bodies.items():
        place.s3.put_object(
            Bucket=place.source,
            Key=key,
            Body=body,
            ContentType="text/x-own",
            Metadata={"owner": "me"},
            Tagging="team=blue",
        )
    job = copying(place, steps, [*bodies, "gone"], bucket, TargetKeyPrefix="copies")
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 3, 1)
    for key, body in bodies.items():
        there = {"Bucket": bucket, "Key": f"copies/{key}"}
        found = place.s3.get_object(**there)
        assert found["Body"].read() == body
        assert (found["ContentType"], found["Metadata"]) == ("text/x-own", {"owner": "me"})
        tags = place.s3.get_object_tagging(**there)["TagSet"]
        assert tags == [{"Key": "team", "Value": "blue"}]
    assert not place.s3.list_multipart_uploads(Bucket=bucket).get("Uploads")
    told = {row[1]: row[3:6] for row in place.report_rows(job)}
    assert told["gone"] == ["failed", "404", "NoSuchKey"]
    assert {tuple(row) for key, row in told.items() if key != "gone"} == {("succeeded", "200", "")}


def test_look_ahead_sees_what_lies_in_the_other_region(place, steps, away, make_bucket):
    place.put_objects(["a", "b"])
    bucket = make_bucket()
    place.s3.put_object(Bucket=bucket, Key="b", Body=b"other")
    parameters = {"TargetResource": f"arn:aws:s3:::{bucket}", "TargetRegion": "away"}
    job = place.make_job(
        place.list_of(["a", "b"]), operation="S3PutObjectCopy", parameters=parameters
    )
    job = steps.prepare(job)
    look = quick_look.look_ahead(job, quick_look.rows_of(job, steps.work))
    assert [outcome.code for outcome in look.outcomes] == ["WouldChange", "WouldChange"]
    first, second = [outcome.message for outcome in look.outcomes]
    assert f"s3://{bucket}/a in away would be made" in first
    assert f"s3://{bucket}/b in away would be overwritten" in second


def test_job_whose_role_lost_its_keys_there_waits_and_says_so_and_goes_on_with_new_ones(
    place, steps, away, make_bucket
):
    place.put_objects(["a"])
    bucket = make_bucket()
    parameters = {"TargetResource": f"arn:aws:s3:::{bucket}", "TargetRegion": "away"}
    kind = {"operation": "S3PutObjectCopy", "parameters": parameters}
    job = place.make_job(place.list_of(["a"]), **kind)
    keys = RoleCredentials.objects.get(region=away)
    keys.delete()
    steps.prepare(job)
    steps.confirm(job)
    steps.run()
    assert "has no credentials in Region away" in steps.see(job).waiting_for
    keys.save(force_insert=True)
    Job.objects.update(waiting_until_s=0)
    steps.run()
    assert steps.finish(job).status == JobStatus.COMPLETE
    assert place.s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"
