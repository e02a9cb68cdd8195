"""Jobs over inventories that lie in a real S3 server, from manifest.json to the report."""

import gzip
import threading
from functools import partial
from urllib.parse import unquote

import pytest
from django.utils import timezone

from jobs.choices import JobStatus, ManifestFormat
from jobs.engine.preparing import planner
from jobs.models import Bucket, Chunk, Job, RoleCredentials
from jobs.reports.retry_list import fields_of
from jobs.spec.manifest import ManifestSpec
from tests.engine.crashes import MortalStore, Steps
from tests.inventories import (
    FILE_NAMES,
    MANIFEST,
    csv_file,
    file_of,
    key_of_part,
    manifest_json,
)
from tests.make import make_region

AWKWARD = [
    "a b.jpg",
    "a+b.jpg",
    "50%.jpg",
    "é/ü.jpg",
    'quo"te.jpg',
    "com,ma.jpg",
    "日本.jpg",
    "/x//y",
]
FORMATS = tuple(FILE_NAMES)
VERSIONED = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker")


def put(place, bucket, parts, columns=("Bucket", "Key"), file_format="CSV"):
    """`parts` are rows, or bytes. Returns the manifest's spec."""
    named = []
    for number, part in enumerate(parts, 1):
        key = key_of_part(number, file_format)
        data = part if isinstance(part, bytes) else file_of(file_format, part, columns)
        place.s3.put_object(Bucket=bucket, Key=key, Body=data)
        named.append((key, data))
    body = manifest_json(named, columns, file_format, bucket=bucket)
    etag = place.s3.put_object(Bucket=bucket, Key=MANIFEST, Body=body)["ETag"].strip('"')
    return ManifestSpec(bucket, MANIFEST, etag, (), format=ManifestFormat.INVENTORY)


def job_over(place, spec, **facts):
    return place.make_job([], manifest=spec, **facts)


def rows_of(place, keys):
    return [[place.source, key] for key in keys]


def told(place, job):
    return [(row[0], unquote(row[1]), row[3]) for row in place.report_rows(job)]


@pytest.mark.parametrize("file_format", FORMATS)
def test_job_over_an_inventory_reports_each_row_once_and_its_key_byte_for_byte(
    place, steps, make_bucket, settings, file_format
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 3
    place.put_objects(AWKWARD)
    parts = [rows_of(place, AWKWARD[:5]), rows_of(place, AWKWARD[5:])]
    spec = put(place, make_bucket(), parts, file_format=file_format)
    job = steps.all_the_way(job_over(place, spec))
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 8, 0)
    assert told(place, job) == [(place.source, key, "succeeded") for key in AWKWARD]


def test_saved_list_is_read_as_an_inventory_is(place, steps):
    place.put_objects(["a"])
    spec = put(place, place.source, [rows_of(place, ["a"])])
    saved = ManifestSpec(
        spec.bucket,
        spec.key,
        spec.etag,
        (),
        format=ManifestFormat("S3InventoryReport_CSV_20211130"),
    )
    assert steps.all_the_way(job_over(place, saved)).tasks_succeeded == 1


def versions(place):
    """Of two keys, one of them deleted since: (key, version, whether it is a delete marker)."""
    place.s3.put_bucket_versioning(
        Bucket=place.source, VersioningConfiguration={"Status": "Enabled"}
    )
    made = [
        (key, place.s3.put_object(Bucket=place.source, Key=key, Body=b"x")["VersionId"], "false")
        for key in ("a", "a", "b")
    ]
    marker = place.s3.delete_object(Bucket=place.source, Key="b")["VersionId"]
    return [[place.source, *one[:2], "false", one[2]] for one in [*made, ("b", marker, "true")]]


@pytest.mark.parametrize("file_format", FORMATS)
def test_listed_versions_are_tagged_and_delete_markers_are_counted_apart(place, steps, file_format):
    rows = versions(place)
    spec = put(place, place.source, [rows[-1:], rows[:3], rows[-1:]], VERSIONED, file_format)
    job = steps.all_the_way(job_over(place, spec))
    assert (job.total_tasks, job.tasks_succeeded) == (3, 3)
    assert job.skipped_rows == {"delete markers": 2}
    assert [row[1:3] for row in place.report_rows(job)] == [row[1:3] for row in rows[:3]]
    for _, key, version, *_ in rows[:3]:
        found = place.s3.get_object_tagging(Bucket=place.source, Key=key, VersionId=version)
        assert found["TagSet"] == [{"Key": "team", "Value": "blue"}]
    assert "VersionId" in fields_of(job)


def test_operation_that_deletes_is_given_the_delete_markers(place, steps):
    spec = put(place, place.source, [versions(place)], VERSIONED)
    facts = {"operation": "S3DeleteObject", "parameters": {"Mode": "VERSIONS"}}
    job = steps.all_the_way(job_over(place, spec, **facts))
    assert (job.total_tasks, job.tasks_succeeded, job.skipped_rows) == (4, 4, {})
    left = place.s3.list_object_versions(Bucket=place.source)
    assert not [one for one in left.get("DeleteMarkers", []) if one["Key"] == "b"]
    assert not [one for one in left.get("Versions", []) if one["Key"] in "ab"]


@pytest.mark.parametrize(
    ("mode", "columns", "words"),
    [
        ("VERSIONS", ("Bucket", "Key"), "needs a Version ID column"),
        ("EVERY_VERSION", VERSIONED, "count for nothing"),
    ],
)
def test_inventory_whose_columns_the_operation_cannot_use_fails_while_it_is_prepared(
    place, steps, mode, columns, words
):
    row = [place.source, "a", "v", "true", "false"][: len(columns)]
    spec = put(place, place.source, [[row]], columns)
    facts = {"operation": "S3DeleteObject", "parameters": {"Mode": mode}}
    job = steps.prepare(job_over(place, spec, **facts))
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "InvalidManifestContent")
    assert words in job.failure_reason


def test_version_that_is_empty_fails_its_own_task_only(place, steps):
    place.put_objects(["a", "b"])
    rows = [[place.source, "a", "", "true", "false"], [place.source, "b", "null", "true", "false"]]
    job = steps.all_the_way(job_over(place, put(place, place.source, [rows], VERSIONED)))
    assert (job.tasks_succeeded, job.tasks_failed) == (1, 1)
    (failed,) = [row for row in place.report_rows(job) if row[3] == "failed"]
    assert failed[1] == "a"
    assert "Task failed due to missing VersionId" in failed[6]


# --- What is wrong with a file fails the job before anything runs


def failed(place, steps, spec):
    job = steps.prepare(job_over(place, spec))
    assert job.status == JobStatus.FAILING
    assert job.tasks_done == 0
    return job


def test_second_file_that_was_altered_fails_the_job_with_its_name(place, steps):
    spec = put(place, place.source, [rows_of(place, ["a"]), rows_of(place, ["b"])])
    altered = csv_file(rows_of(place, ["c"]))
    place.s3.put_object(Bucket=place.source, Key=key_of_part(2), Body=altered)
    job = failed(place, steps, spec)
    assert (job.failure_code, job.failure_file) == ("InvalidManifestContent", key_of_part(2))
    assert "was altered: its MD5 is" in job.failure_reason


def test_missing_file_fails_the_job_with_its_name_and_the_doubled_slash_that_it_lies_at(
    place, steps
):
    spec = put(place, place.source, [rows_of(place, ["a"])])
    other = key_of_part(1).replace("inv/", "inv//", 1)
    place.s3.copy_object(
        Bucket=place.source, Key=other, CopySource={"Bucket": place.source, "Key": key_of_part(1)}
    )
    place.s3.delete_object(Bucket=place.source, Key=key_of_part(1))
    job = failed(place, steps, spec)
    assert job.failure_file == key_of_part(1)
    assert f"file {key_of_part(1)} is missing" in job.failure_reason
    assert f"An object {other} is there" in job.failure_reason


def test_bad_row_fails_the_job_with_its_line_and_its_file(place, steps):
    text = f'"{place.source}","a"\n"{place.source}","b c"\n'.encode()
    job = failed(place, steps, put(place, place.source, [gzip.compress(text)]))
    assert (job.failure_line, job.failure_file) == (2, key_of_part(1))
    assert job.failure_reason.startswith(f"Line 2 of {key_of_part(1)} has a space in its key")


def test_bucket_that_is_not_there_is_named_with_the_line_and_file_of_its_first_row(place, steps):
    rows = [[place.source, "a"], ["not-there-at-all", "b"]]
    job = failed(place, steps, put(place, place.source, [rows]))
    assert (job.failure_line, job.failure_file) == (2, key_of_part(1))


# --- Other buckets and Regions


@pytest.fixture
def away(place, make_bucket):
    """A bucket of another Region, for which the role has no credentials yet."""
    region = make_region("away", endpoint_url=place.region.endpoint_url)
    bucket = make_bucket()
    Bucket.objects.create(name=bucket, region=region)
    return bucket


def test_data_files_are_read_in_the_region_that_their_bucket_lies_in(place, steps, away):
    place.put_objects(["a"])
    spec = put(place, away, [rows_of(place, ["a"])])
    body = place.s3.get_object(Bucket=away, Key=MANIFEST)["Body"].read()
    place.s3.put_object(Bucket=place.source, Key=MANIFEST, Body=body)
    here = ManifestSpec(place.source, MANIFEST, spec.etag, (), format=ManifestFormat.INVENTORY)
    job = steps.prepare(job_over(place, here))
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "NoCredentials")
    RoleCredentials.objects.create(
        role=place.role,
        region=Bucket.objects.get(name=away).region,
        access_key_id="other",
        secret_access_key="other",
    )
    assert steps.all_the_way(job_over(place, here)).tasks_succeeded == 1


# --- Turns that end, and workers that die


@pytest.mark.parametrize("file_format", FORMATS)
def test_list_is_prepared_whole_in_turns_of_one_block(
    place, steps, settings, monkeypatch, file_format
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 3
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    settings.BATCHCONSOLE_TIME_BOX_S = 1e-9
    keys = [f"k {n}" for n in range(14)]
    parts = [rows_of(place, keys[:8]), rows_of(place, keys[8:])]
    job = job_over(place, put(place, place.source, parts, file_format=file_format))
    turns = 0
    while steps.prepare(job).status == JobStatus.PREPARING:
        turns += 1
        assert turns < 20
    job = steps.see(job)
    assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, 14)
    positions = Chunk.objects.filter(job=job).order_by("position").values_list("position", "rows")
    assert list(positions) == [(0, 3), (3, 3), (6, 2), (8, 3), (11, 3)]
    steps.confirm(job)
    while not steps.see(job).is_terminal:
        steps.run()
        steps.finish(job)
    assert [row[1] for row in told(place, job)] == keys


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("file_format", FORMATS)
def test_list_has_each_row_once_wherever_the_worker_that_prepares_it_dies(
    place, redis, settings, monkeypatch, file_format
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    keys = [f"k{n}" for n in range(7)]
    rows = [[place.source, key, f"v{key}", "true", "false"] for key in keys]
    marker = [place.source, "gone", "v", "true", "true"]
    parts = [[marker, *rows[:3]], [*rows[3:], marker]]
    spec = put(place, place.source, parts, VERSIONED, file_format)
    deaths = Steps(monkeypatch)

    def prepare(job):
        """Until it is prepared; the first worker dies where it is to."""
        store = MortalStore(settings.BATCHCONSOLE_WORK_DIR, deaths.mortal)
        stop = threading.Event()
        turn = partial(planner.prepare_job, job.pk, work=store, clock=timezone.now, stop=stop)
        for _ in range(4):
            deaths.try_to(turn)
            job = Job.objects.get(pk=job.pk)
            if job.status != JobStatus.PREPARING:
                return job
        raise AssertionError(job.waiting_for)

    prepare(job_over(place, spec))
    points = deaths.mortal.points
    assert points > 30
    # To start what decodes Parquet and ORC takes longer than all else.
    for dies_at in range(1, points, 3 if file_format == "CSV" else 17):
        deaths.mortal.points, deaths.mortal.dies_at = 0, dies_at
        job = prepare(job_over(place, spec))
        died_at = f"{deaths.mortal.died_at}, point {dies_at} of {points}"
        if job.status == JobStatus.NEW:
            continue
        assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, 7), died_at
        assert job.skipped_rows == {"delete markers": 2}, died_at
        chunks = Chunk.objects.filter(job=job).order_by("position")
        spans = [(chunk.position, chunk.rows) for chunk in chunks]
        assert spans == [(0, 2), (2, 1), (3, 2), (5, 2)], died_at
