"""Move, and every version of each key, from the list to the report: also where everything is killed in
the middle, which leaves the source of each object, or its copy, or both.
"""

from urllib.parse import unquote

import pytest
from django.utils import timezone

from jobs import conf
from jobs.choices import JobStatus, ManifestField
from jobs.engine.task_states import states_left
from jobs.errors import ValidationFailedError
from jobs.lifecycle import commands
from jobs.lifecycle.limits import change_ceilings
from jobs.spec.job import LimitsSpec
from jobs.workstore.store import FolderStore
from tests.allowed import allowed
from tests.engine.houses import Parts, see
from tests.faults import kill
from tests.servers import eventually

MOVE, DELETE = "S3MoveObject", "S3DeleteObject"
EVERY = {"Mode": "EVERY_VERSION"}


def to(bucket, **more):
    return {"TargetResource": f"arn:aws:s3:::{bucket}", **more}


def keys_in(place, bucket):
    return {item["Key"] for item in place.s3.list_objects_v2(Bucket=bucket).get("Contents", ())}


def left_in(place, bucket):
    found = place.s3.list_object_versions(Bucket=bucket)
    return {item["Key"] for item in [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]}


def test_objects_are_moved_and_nothing_of_what_tasks_kept_is_left(place, steps, make_bucket):
    archive, keys = make_bucket(), ["a b", "ü", "c/d"]
    place.put_objects([*keys, "stays"])
    rows = place.list_of([*keys, "was never there"])
    job = place.make_job(rows, operation=MOVE, parameters=to(archive, TargetKeyPrefix="old"))
    steps.prepare(job)
    steps.confirm(job)
    steps.run()
    work = FolderStore(conf.work_dir())
    eventually(lambda: not [*states_left(work, job.pk)])
    job = steps.finish(job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 3, 1)
    assert keys_in(place, archive) == {f"old/{key}" for key in keys}
    assert keys_in(place, place.source) == {"stays", "manifest.csv"}
    (failed,) = [row for row in place.report_rows(job) if row[3] == "failed"]
    assert failed[5] == "NoSuchKey"


def test_key_that_lies_below_the_destination_fails_preparing_with_its_line(place, steps):
    place.put_objects(["a", "old/b"])
    rows = place.list_of(["a", "old/b"])
    facts = {"operation": MOVE, "parameters": to(place.source, TargetKeyPrefix="old")}
    job = steps.prepare(place.make_job(rows, **facts))
    assert (job.status, job.failure_line) == (JobStatus.FAILING, 2) or (
        job.status == JobStatus.FAILED and job.failure_line == 2
    )
    assert 'the key "old/b"' in job.failure_reason and "below the destination" in job.failure_reason
    job = steps.prepare(place.make_job(rows[:1], manifest_key="second.csv", **facts))
    assert job.status == JobStatus.SUSPENDED


def test_list_of_two_buckets_and_one_with_versions_are_refused(place, steps, make_bucket):
    facts = {"operation": MOVE, "parameters": to(make_bucket())}
    rows = [*place.list_of(["a"]), [place.reports, "b"]]
    job = steps.prepare(place.make_job(rows, **facts))
    assert "needs all objects in one bucket" in job.failure_reason
    fields = (ManifestField.BUCKET, ManifestField.KEY, ManifestField.VERSION_ID)
    with pytest.raises(ValidationFailedError) as caught:
        place.make_job([[place.source, "a", "v"]], fields=fields, **facts)
    assert [problem.field for problem in caught.value.problems] == ["Manifest.Spec.Fields"]


@pytest.mark.parametrize("mode", ["VERSIONS", "DELETE_MARKERS", "NONCURRENT_VERSIONS"])
def test_bucket_without_versions_fails_a_job_that_is_about_them(place, steps, mode):
    fields = (ManifestField.BUCKET, ManifestField.KEY)
    row, more = [place.source, "a"], {"NoncurrentVersionsToKeep": 1}
    if mode == "VERSIONS":
        fields, row = (*fields, ManifestField.VERSION_ID), [*row, "v1"]
    wire = {"Mode": mode, **(more if mode == "NONCURRENT_VERSIONS" else {})}
    job = place.make_job([row], operation=DELETE, parameters=wire, fields=fields)
    job = steps.prepare(job)
    assert job.failure_code == "InvalidBucketState"
    assert job.failure_reason.startswith(f"Bucket {place.source} keeps no versions")


# --- Everything is killed in the middle


@pytest.fixture
def parts(redis, process_environment, tmp_path):
    parts = Parts(folder=tmp_path, environment=process_environment)
    parts.start()
    yield parts
    parts.end()


KEYS = [f"k {n:03d}" for n in range(120)]


def killed_in_the_middle(parts, job):
    """The job at its end, after all processes were killed once while tasks were under way."""
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    eventually(lambda: see(job).tasks_done > len(KEYS) // 10)
    kill(*parts.family.everyone())
    assert not see(job).is_terminal
    parts.start()
    change_ceilings(job.pk, requests_per_s=None, in_flight=None, by=allowed(), now=timezone.now())
    eventually(lambda: see(job).is_terminal, within_s=120)
    assert see(job).status == JobStatus.COMPLETE, see(job).failure_reason
    return see(job)


def test_every_object_is_at_its_source_or_at_its_destination_wherever_a_move_is_killed(
    place, parts, make_bucket
):
    archive = make_bucket()
    for key in KEYS:
        place.s3.put_object(Bucket=place.source, Key=key, Body=key.encode())
    slowly = LimitsSpec(requests_per_s=60)
    rows = place.list_of(KEYS)
    job = place.make_job(rows, operation=MOVE, parameters=to(archive), limits=slowly)
    job = killed_in_the_middle(parts, job)
    reported = {unquote(row[1]): row for row in place.report_rows(job)}
    assert len(reported) == job.tasks_done == len(KEYS)
    assert {row[3] for row in reported.values()} == {"succeeded"}, [
        row for row in reported.values() if row[3] != "succeeded"
    ]
    assert keys_in(place, archive) == set(KEYS)
    assert keys_in(place, place.source) == {"manifest.csv"}
    for key in KEYS[::10]:
        assert place.s3.get_object(Bucket=archive, Key=key)["Body"].read() == key.encode()


def test_nothing_is_left_of_any_key_wherever_the_deletion_of_every_version_is_killed(
    place, parts, make_bucket
):
    place.source = make_bucket(versioned=True)
    for key in KEYS:
        for body in (b"1", b"2"):
            place.s3.put_object(Bucket=place.source, Key=key, Body=body)
    place.s3.put_object(Bucket=place.source, Key=f"{KEYS[0]}0", Body=b"another key")
    slowly = LimitsSpec(requests_per_s=60)
    job = place.make_job(place.list_of(KEYS), operation=DELETE, parameters=EVERY, limits=slowly)
    job = killed_in_the_middle(parts, job)
    messages = [row[6] for row in place.report_rows(job)]
    assert len(messages) == job.tasks_succeeded == len(KEYS)
    assert all(
        message.endswith("Counted afterwards: nothing is left.")
        or message.endswith("There is no version of this key.")
        for message in messages
    )
    assert left_in(place, place.source) == {f"{KEYS[0]}0", "manifest.csv"}
