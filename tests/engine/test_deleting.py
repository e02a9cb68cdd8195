"""Delete objects from the list to the report, over both transports, on a storage that really does."""

from collections import Counter
from urllib.parse import quote

import pytest

from jobs.choices import JobStatus, ManifestField
from tests.operations.places import AWKWARD_KEYS

pytestmark = pytest.mark.parametrize("data_plane", [1, 0])


@pytest.fixture(autouse=True)
def transport(settings, data_plane):
    settings.BATCHCONSOLE_DATA_PLANE = data_plane


def left_in(place, bucket):
    found = place.s3.list_object_versions(Bucket=bucket)
    versions = [(item["Key"], item["VersionId"]) for item in found.get("Versions", [])]
    return versions, [item["Key"] for item in found.get("DeleteMarkers", [])]


def delete(place, steps, rows, **facts):
    job = place.make_job(rows, operation="S3DeleteObject", parameters={}, **facts)
    steps.prepare(job)
    steps.confirm(job)
    steps.run()
    return steps.finish(job)


def test_listed_objects_are_gone_and_no_other_and_each_is_in_the_report(place, steps):
    keys = [*AWKWARD_KEYS, "control\x01", " led by a space", "a\rb"]
    place.put_objects([*keys, "stays", "led by a space"])
    rows = place.list_of([*keys, "was never there", keys[0]])
    job = delete(place, steps, rows)
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, len(keys) + 2)
    versions, _ = left_in(place, place.source)
    assert {key for key, _ in versions} == {"stays", "led by a space", "manifest.csv"}
    reported = Counter(row[1] for row in place.report_rows(job))
    assert reported == Counter(quote(key) for key in [*keys, "was never there", keys[0]])
    assert {tuple(row[3:]) for row in place.report_rows(job)} == {
        ("succeeded", "200", "", "Successful")
    }


def test_named_versions_are_gone_and_newest_ones_get_a_marker(place, steps, make_bucket):
    place.source = make_bucket(versioned=True)
    old = place.s3.put_object(Bucket=place.source, Key="a", Body=b"1")["VersionId"]
    new = place.s3.put_object(Bucket=place.source, Key="a", Body=b"2")["VersionId"]
    kept = place.s3.put_object(Bucket=place.source, Key="b", Body=b"3")["VersionId"]
    fields = (ManifestField.BUCKET, ManifestField.KEY, ManifestField.VERSION_ID)
    job = delete(place, steps, [[place.source, "a", old]], fields=fields)
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, 1)
    job = delete(place, steps, place.list_of(["b"]), manifest_key="second.csv")
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, 1)
    versions, markers = left_in(place, place.source)
    assert {("a", new), ("b", kept)} <= set(versions)
    assert ("a", old) not in versions
    assert markers == ["b"]


def test_chunk_of_deletes_has_the_rows_of_one_request(place, steps):
    rows = place.list_of(f"k{n}" for n in range(1200))
    job = steps.prepare(place.make_job(rows, operation="S3DeleteObject", parameters={}))
    assert list(job.chunks.values_list("rows", flat=True)) == [1000, 200]
