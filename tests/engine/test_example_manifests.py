"""The example manifests of AWS's guide, as they stand there, over a bucket of that name."""

import contextlib
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from jobs.choices import JobStatus
from jobs.manifests.preview import preview

EXAMPLES = Path(__file__).parents[1] / "manifests" / "examples"
KEYS = [
    "objectkey1", "objectkey2", "objectkey3", "photos/jpgs/objectkey4",
    "photos/jpgs/newjersey/objectkey5", "object key with spaces",
]  # fmt: skip


@pytest.fixture
def example_bucket(s3):
    """On this server names may have capitals, as old buckets have them."""
    with contextlib.suppress(ClientError):
        s3.create_bucket(Bucket="Examplebucket")
    s3.put_bucket_versioning(Bucket="Examplebucket", VersioningConfiguration={"Status": "Enabled"})
    for key in KEYS:
        s3.put_object(Bucket="Examplebucket", Key=key, Body=b"x")
    return "Examplebucket"


def rows_of(name):
    return (EXAMPLES / name).read_text().splitlines()


@pytest.mark.parametrize("name", ["without-versions.csv", "with-versions.csv"])
def test_example_is_shown_with_decoded_keys_and_nothing_is_wrong_with_it(name):
    content = (EXAMPLES / name).read_bytes()
    seen = preview(content, complete=True, size_bytes=len(content), fields=None)
    assert (seen.rows_exact, seen.buckets, seen.problems) == (6, {"Examplebucket": 6}, [])
    assert [row.key for row in seen.rows] == KEYS
    versions = [row.version_id for row in seen.rows]
    assert versions == [line.split(",")[2] if "with-" in name else None for line in rows_of(name)]


def test_job_over_the_example_without_versions_reports_each_row_as_it_stands(
    place, steps, example_bucket
):
    content = (EXAMPLES / "without-versions.csv").read_bytes()
    job = steps.all_the_way(place.make_job(content))
    assert (job.status, job.tasks_succeeded, job.buckets) == (
        JobStatus.COMPLETE, 6, {"Examplebucket": [6, 1, ""]},
    )  # fmt: skip
    told = [",".join(row[:2]) for row in place.report_rows(job)]
    assert told == rows_of("without-versions.csv")


def test_job_over_the_example_with_versions_asks_for_these_and_reports_each_row(
    place, steps, example_bucket
):
    """The versions are those of another bucket, so that each task fails, and for that reason alone."""
    content = (EXAMPLES / "with-versions.csv").read_bytes()
    job = steps.all_the_way(place.make_job(content, fields=("Bucket", "Key", "VersionId")))
    assert (job.status, job.tasks_failed) == (JobStatus.COMPLETE, 6)
    rows = place.report_rows(job)
    assert [",".join(row[:3]) for row in rows] == rows_of("with-versions.csv")
    assert all(row[3] == "failed" and "ersion" in row[5] + row[6] for row in rows)


def test_example_with_versions_that_are_there_changes_exactly_these(place, steps, example_bucket):
    listed = place.s3.list_object_versions(Bucket=example_bucket)["Versions"]
    version_of = {one["Key"]: one["VersionId"] for one in listed if one["IsLatest"]}
    for key in KEYS:
        place.s3.put_object(Bucket=example_bucket, Key=key, Body=b"newer")
    lines = rows_of("with-versions.csv")
    content = "\n".join(
        ",".join([*line.split(",")[:2], version_of[key]])
        for line, key in zip(lines, KEYS, strict=True)
    )  # without a line end behind the last row
    job = place.make_job(content.encode(), fields=("Bucket", "Key", "VersionId"))
    job = steps.all_the_way(job)
    assert (job.tasks_succeeded, job.tasks_failed) == (6, 0)
    for key in KEYS:
        where = {"Bucket": example_bucket, "Key": key}
        assert place.s3.get_object_tagging(**where)["TagSet"] == []
        old = place.s3.get_object_tagging(**where, VersionId=version_of[key])
        assert old["TagSet"] == [{"Key": "team", "Value": "blue"}]
