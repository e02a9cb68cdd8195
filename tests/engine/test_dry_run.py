"""A dry run from its manifest to its report, over a real S3 server: everything is looked at, nothing
is changed.
"""

import pytest

from jobs.choices import JobStatus, ManifestField
from jobs.models import FailureCause
from jobs.operations import registry
from jobs.operations.preconditions import OBJECT_LOCK, REPLICATION, VERSIONING
from jobs.queries import foreseen
from jobs.spec.job import LimitsSpec
from tests.connected import connect_all
from tests.examples import written_to
from tests.make import make_region, make_role

pytestmark = pytest.mark.django_db(transaction=True)


def run(place, steps, rows, **changes):
    facts = {"dry_run": True, "confirmation_required": False} | changes
    job = place.make_job(rows, **facts)
    steps.prepare(job)
    ready = steps.see(job)
    assert ready.status == JobStatus.READY, ready.failure_reason
    steps.run()
    return steps.finish(job)


def tagged(place, key, **pairs):
    tag_set = [{"Key": name, "Value": value} for name, value in pairs.items()]
    place.s3.put_object_tagging(Bucket=place.source, Key=key, Tagging={"TagSet": tag_set})


def everything_in(place):
    """All that the bucket holds but manifests: keys, ETags, last changes and tags."""
    found = []
    for one in place.s3.list_object_versions(Bucket=place.source).get("Versions", []):
        if one["Key"] != "manifest.csv":
            tag_set = place.s3.get_object_tagging(Bucket=place.source, Key=one["Key"])["TagSet"]
            found.append((one["Key"], one["ETag"], one["LastModified"], tag_set))
    return found


def test_dry_run_says_of_each_object_what_would_happen_and_changes_nothing(place, steps):
    place.put_objects(["new.jpg", "same.jpg"])
    tagged(place, "new.jpg", team="red")
    tagged(place, "same.jpg", team="blue")
    rows = place.list_of(["new.jpg", "same.jpg", "gone.jpg"])
    before = everything_in(place)
    job = run(place, steps, rows)
    assert everything_in(place) == before
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 2, 1)
    told = {row[1]: row[3:6] + row[6:] for row in place.report_rows(job)}
    assert told["new.jpg"] == ["succeeded", "200", "WouldChange",
                               "Tags would change from team=red to team=blue."]  # fmt: skip
    assert told["same.jpg"][2] == "AlreadySo"
    assert told["gone.jpg"][:3] == ["failed", "404", "NoSuchKey"]
    assert foreseen.sentence(job) == (
        "Looked at 3 objects: 1 would change, 1 already so, 1 would fail."
    )
    assert [cause.code for cause in FailureCause.objects.filter(job=job)] == ["NoSuchKey"]


def replicates(place):
    """To the bucket of the reports, under keys that no report has."""
    rule = {"Status": "Enabled", "Destination": {"Bucket": f"arn:aws:s3:::{place.reports}"}}
    versions = {"Status": "Enabled"}
    place.s3.put_bucket_versioning(Bucket=place.source, VersioningConfiguration=versions)
    configuration = {"Role": "arn:aws:iam::123456789012:role/r", "Rules": [rule]}
    place.s3.put_bucket_replication(Bucket=place.source, ReplicationConfiguration=configuration)


@pytest.mark.parametrize("operation", registry.OPERATIONS, ids=lambda one: one.name)
def test_no_write_of_any_operation_leaves_but_the_report(place, steps, operation):
    """Whatever its parameters."""
    connect_all()
    away = make_region("elsewhere", endpoint_url=place.region.endpoint_url)
    make_role(away, arn=place.role.arn)
    keys = [f"{n}.jpg" for n in range(3)]
    if OBJECT_LOCK in operation.preconditions:
        place.source = f"{place.source}-locked"
        place.s3.create_bucket(Bucket=place.source, ObjectLockEnabledForBucket=True)
    if REPLICATION in operation.preconditions:
        replicates(place)
    place.put_objects(keys)
    before = everything_in(place)
    archive = f"{place.reports}-archive"
    place.s3.create_bucket(Bucket=archive)
    for parameters in operation.examples:
        own = written_to(parameters, archive)
        if VERSIONING in operation.parse(own).conditions():
            versions = {"Status": "Enabled"}
            place.s3.put_bucket_versioning(Bucket=place.source, VersioningConfiguration=versions)
        rows, fields = place.list_of(keys), ("Bucket", "Key")
        if operation.parse(own).unfit_columns([ManifestField(name) for name in fields]):
            rows, fields = [[*row, "null"] for row in rows], (*fields, "VersionId")
        job = run(place, steps, rows, fields=fields, operation=operation.name, parameters=own)
        assert job.status == JobStatus.COMPLETE
        assert everything_in(place) == before
        assert "Contents" not in place.s3.list_objects_v2(Bucket=archive)
        assert len(place.report_rows(job)) == 3


def test_dry_run_in_which_all_would_fail_goes_on_to_its_end(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    limits = LimitsSpec(failure_floor=1, failure_percent=1, canary_tasks=2, canary_percent=1)
    job = run(place, steps, place.list_of([f"{n}" for n in range(9)]), limits=limits)
    assert (job.status, job.tasks_failed) == (JobStatus.COMPLETE, 9)
