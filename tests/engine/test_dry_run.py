"""A dry run from its manifest to its report, over a real S3 server: everything is looked at, nothing
is changed.
"""

import pytest

from jobs.choices import JobStatus
from jobs.models import FailureCause
from jobs.operations import registry
from jobs.operations.preconditions import OBJECT_LOCK
from jobs.queries import foreseen
from jobs.spec.job import LimitsSpec

pytestmark = pytest.mark.django_db(transaction=True)


def run(place, steps, rows, **changes):
    facts = {"dry_run": True, "confirmation_required": False} | changes
    job = place.make_job(rows, **facts)
    steps.prepare(job)
    assert steps.see(job).status == JobStatus.READY
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


@pytest.mark.parametrize("operation", registry.OPERATIONS, ids=lambda one: one.name)
def test_no_write_of_any_operation_leaves_but_the_report(place, steps, operation):
    """Whatever its parameters."""
    keys = [f"{n}.jpg" for n in range(3)]
    if OBJECT_LOCK in operation.preconditions:
        place.source = f"{place.source}-locked"
        place.s3.create_bucket(Bucket=place.source, ObjectLockEnabledForBucket=True)
    place.put_objects(keys)
    before = everything_in(place)
    for parameters in operation.examples:
        here = {"TargetResource": f"arn:aws:s3:::{place.source}"}
        own = parameters | {name: here[name] for name in here if name in parameters}
        if operation.parse(own).unfit_for([place.source], has_versions=False):
            own |= {"TargetResource": f"arn:aws:s3:::{place.reports}"}
        rows = place.list_of(keys)
        job = run(place, steps, rows, operation=operation.name, parameters=own)
        assert job.status == JobStatus.COMPLETE
        assert everything_in(place) == before
        assert len(place.report_rows(job)) == 3


def test_dry_run_in_which_all_would_fail_goes_on_to_its_end(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    limits = LimitsSpec(failure_floor=1, failure_percent=1, canary_tasks=2, canary_percent=1)
    job = run(place, steps, place.list_of([f"{n}" for n in range(9)]), limits=limits)
    assert (job.status, job.tasks_failed) == (JobStatus.COMPLETE, 9)
