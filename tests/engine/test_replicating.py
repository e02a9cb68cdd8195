"""A Replicate job from its manifest to its report: its rules are read once, while it is prepared."""

import pytest

from jobs.choices import JobStatus
from jobs.models import Bucket, Region
from jobs.s3 import storage
from jobs.s3.answers import Answer

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "S3ReplicateObject"


def rule_to(bucket, **members):
    return {
        "ID": f"to-{bucket}",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"},
        **members,
    }


@pytest.fixture
def archive(s3, place):
    name = f"{place.source}-archive"
    s3.create_bucket(Bucket=name)
    return name


def configure(s3, place, *rules):
    role = "arn:aws:iam::123456789012:role/replicating"
    s3.put_bucket_versioning(Bucket=place.source, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(
        Bucket=place.source, ReplicationConfiguration={"Role": role, "Rules": list(rules)}
    )


def make_job(place, keys, **changes):
    rows = place.list_of(keys)
    return place.make_job(rows, operation=NAME, parameters={}, **changes)


def test_objects_are_copied_to_where_the_rules_said_when_the_job_was_prepared(
    place, steps, s3, archive
):
    configure(s3, place, rule_to(archive))
    place.put_objects(["a", "b"])
    job = steps.prepare(make_job(place, ["a", "b", "gone"]))
    assert (job.status, list(job.found)) == (JobStatus.SUSPENDED, [place.source])
    s3.delete_bucket_replication(Bucket=place.source)
    steps.confirm(job)
    steps.run()
    job = steps.finish(job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 2, 1)
    told = {row[1]: row[3:] for row in place.report_rows(job)}
    assert told == {
        "a": ["succeeded", "200", "", "success"],
        "b": ["succeeded", "200", "", "success"],
        "gone": ["failed", "404", "NoSuchKey", "The object does not exist."],
    }
    listed = s3.list_objects_v2(Bucket=archive)["Contents"]
    assert [one["Key"] for one in listed] == ["a", "b"]


def failing(steps, job):
    job = steps.prepare(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "InvalidBucketState")
    return job.failure_reason


def test_bucket_without_rules_fails_the_job_before_anything_is_touched(place, steps):
    assert failing(steps, make_job(place, ["a"])) == (
        f"Bucket {place.source} has no replication configuration with an enabled rule."
        " Replicate needs it: line 1 names it."
    )


def test_bucket_whose_rules_are_all_disabled_fails_the_job(place, steps, s3, archive):
    configure(s3, place, rule_to(archive, Status="Disabled"))
    assert "with an enabled rule" in failing(steps, make_job(place, ["a"]))


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (501, "NotImplemented")])
def test_rules_that_cannot_be_read_fail_the_job(place, steps, monkeypatch, status, code):
    answer = Answer(status, code, "")
    monkeypatch.setattr(storage, "look_at_bucket", lambda client, bucket, action: answer)
    assert failing(steps, make_job(place, ["a"])) == (
        "The storage does not say what the replication configuration is on the buckets of the list"
        f" ({status} {code}). Replicate needs it: line 1 names it."
    )


def test_rule_that_a_copy_cannot_follow_fails_the_job_by_its_name(place, steps, s3, archive):
    there = {
        "Bucket": f"arn:aws:s3:::{archive}",
        "Account": "123456789012",
        "AccessControlTranslation": {"Owner": "Destination"},
    }
    configure(s3, place, rule_to(archive, Destination=there))
    reason = failing(steps, make_job(place, ["a"]))
    assert reason.startswith(f'Replication rule "to-{archive}" gives replicas to another owner')
    assert reason.endswith(f"It is of bucket {place.source}, which line 1 names.")


def test_destination_in_another_region_fails_the_job(place, steps, s3, archive):
    configure(s3, place, rule_to(archive))
    there = Region.objects.create(
        name="There",
        slug="there",
        endpoint_url="http://127.0.0.1:1",
        created_at=place.region.created_at,
    )
    Bucket.objects.create(name=archive, region=there)
    job = steps.prepare(make_job(place, ["a"]))
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "CrossRegionNotSupported")
    assert f'names bucket "{place.source}" of another Region than "{archive}"' in job.failure_reason


def test_dry_run_goes_by_the_same_rules_and_copies_nothing(place, steps, s3, archive):
    configure(s3, place, rule_to(archive))
    place.put_objects(["a"])
    job = make_job(place, ["a"], dry_run=True, confirmation_required=False)
    steps.prepare(job)
    steps.run()
    job = steps.finish(job)
    (row,) = place.report_rows(job)
    assert row[3:6] == ["succeeded", "200", "WouldChange"]
    assert row[6] == f"s3://{archive}/a would be made: 1 byte, {row[6].partition('1 byte, ')[2]}"
    assert "Contents" not in s3.list_objects_v2(Bucket=archive)
