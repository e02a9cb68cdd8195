"""A job from its manifest to its report, each step made by hand over a real S3 server."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from django.utils import timezone

from jobs.choices import ChunkState, JobStatus, ReportScope
from jobs.errors import JobStatusError
from jobs.lifecycle import commands
from jobs.lifecycle.expiry import expire_suspended, expires_at
from jobs.models import Chunk, Job, Region, Report, StatusChange
from jobs.spec.job import LimitsSpec
from jobs.spec.report import ReportSpec
from tests.allowed import allowed
from tests.hints import turns_asked_for

AWKWARD = ["a b.jpg", "a+b.jpg", "50%.jpg", "é/ü.jpg", 'quo"te.jpg', "com,ma.jpg", "日本.jpg"]


def tags_of(place, key):
    tag_set = place.s3.get_object_tagging(Bucket=place.source, Key=key)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in tag_set}


def statuses_of(job):
    return list(StatusChange.objects.filter(job=job).values_list("to_status", flat=True))


def test_job_tags_every_object_of_its_list_and_reports_each_row_once(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 3
    place.put_objects(AWKWARD)
    rows = place.list_of(AWKWARD)
    job = steps.all_the_way(place.make_job(rows))
    assert statuses_of(job) == [
        "New", "Preparing", "Suspended", "Ready", "Active", "Completing", "Complete",
    ]  # fmt: skip
    assert (job.total_tasks, job.tasks_succeeded, job.tasks_failed) == (7, 7, 0)
    assert all(tags_of(place, key) == {"team": "blue"} for key in AWKWARD)
    assert place.report_rows(job) == [
        [bucket, key, "", "succeeded", "200", "", "Successful"] for bucket, key in rows
    ]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("S3MergeObjectMetadata", {"ObjectMetadata": {"CacheControl": "max-age=60"}}),
        ("S3PutObjectStorageClass", {"StorageClass": "STANDARD_IA"}),
    ],
)
def test_job_copies_every_object_onto_itself_and_keeps_what_it_does_not_name(
    place, steps, operation, parameters
):
    for key in AWKWARD:
        place.s3.put_object(
            Bucket=place.source, Key=key, Body=b"content", Metadata={"a": "1"}, Tagging="t=1"
        )
    rows = place.list_of([*AWKWARD, "gone"])
    job = steps.all_the_way(place.make_job(rows, operation=operation, parameters=parameters))
    assert (job.tasks_succeeded, job.tasks_failed) == (len(AWKWARD), 1)
    told = {unquote(row[1]): row[3:6] for row in place.report_rows(job)}
    assert told["gone"] == ["failed", "404", "NoSuchKey"]
    for key in AWKWARD:
        found = place.s3.head_object(Bucket=place.source, Key=key)
        is_named = operation == "S3MergeObjectMetadata"
        assert found.get("CacheControl") == ("max-age=60" if is_named else None)
        assert found.get("StorageClass") == (None if is_named else "STANDARD_IA")
        assert found["Metadata"] == {"a": "1"}
        assert tags_of(place, key) == {"t": "1"}


def test_report_has_awss_layout_with_succeeded_and_failed_rows_apart(place, steps):
    place.put_objects(["there.jpg"])
    rows = [*place.list_of(["there.jpg", "gone.jpg"])]
    job = steps.all_the_way(place.make_job(rows))
    folder = f"out/job-{job.pk}"
    manifest_data = place.read(f"{folder}/manifest.json")
    manifest = json.loads(manifest_data)
    md5 = hashlib.md5(manifest_data).hexdigest()
    assert place.read(f"{folder}/manifest.json.md5").decode() == f"{md5}\n"
    assert manifest["Format"] == "Report_CSV_20180820"
    assert manifest["ReportSchema"] == (
        "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"
    )
    datetime.strptime(manifest["ReportCreationDate"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert [file["TaskExecutionStatus"] for file in manifest["Results"]] == ["succeeded", "failed"]
    for file in manifest["Results"]:
        data = place.read(file["Key"])
        assert file["Bucket"] == place.reports
        assert hashlib.md5(data).hexdigest() == file["MD5Checksum"]
    failed = place.read(manifest["Results"][1]["Key"]).decode()
    assert failed.startswith(f"{place.source},gone.jpg,,failed,404,NoSuchKey,")
    assert len(place.report_keys()) == 4


def test_report_of_computed_checksums_has_awss_rows(place, steps):
    place.put_objects(["f.bin"])
    place.s3.put_object(Bucket=place.source, Key="f.bin", Body=b"hello")
    rows = place.list_of(["f.bin", "gone.bin"])
    parameters = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    job = place.make_job(rows, operation="S3ComputeObjectChecksum", parameters=parameters)
    job = steps.all_the_way(job)
    assert (job.tasks_succeeded, job.tasks_failed) == (1, 1)
    done, failed = (place.read(key).decode() for key in place.result_keys(job))
    assert done == (
        f'{place.source},f.bin,,succeeded,200,,"{{""checksum_base64"":""NhCmhg\\u003d\\u003d"",'
        '""etag"":""5d41402abc4b2a76b9719d911017c592"",""checksumAlgorithm"":""CRC32"",'
        '""checksumType"":""FULL_OBJECT"",""checksum_hex"":""3610A686""}"\n'
    )
    assert failed.startswith(
        f"{place.source},gone.bin,,failed,200,PermanentFailure,"
        '"error details: {""failureMessage"":""NoSuchKey: '
    )
    assert failed.endswith('""errorCode"": ""404""}"\n')


def test_report_of_failed_tasks_only_leaves_out_what_succeeded(place, steps):
    place.put_objects(["there.jpg"])
    rows = place.list_of(["there.jpg", "gone.jpg"])
    report = ReportSpec(True, place.reports, "out", ReportScope.FAILED_TASKS_ONLY)
    job = steps.all_the_way(place.make_job(rows, report=report))
    assert [row[1] for row in place.report_rows(job)] == ["gone.jpg"]


def test_report_rows_beyond_the_limit_go_to_a_second_file(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_REPORT_FILE_ROWS = 4
    keys = [f"{n}.jpg" for n in range(10)]
    place.put_objects(keys)
    job = steps.all_the_way(place.make_job(place.list_of(keys)))
    assert [file["rows"] for file in Report.objects.get(job=job).files] == [4, 4, 2]
    assert [row[1] for row in place.report_rows(job)] == keys


def test_job_without_a_report_writes_none(place, steps):
    place.put_objects(["a"])
    job = steps.all_the_way(place.make_job(place.list_of(["a"]), report=ReportSpec(False)))
    assert (job.status, place.report_keys()) == (JobStatus.COMPLETE, [])


def test_empty_version_id_fails_that_task_alone_without_a_call(place, steps):
    place.s3.put_bucket_versioning(
        Bucket=place.source, VersioningConfiguration={"Status": "Enabled"}
    )
    version = place.s3.put_object(Bucket=place.source, Key="a", Body=b"1")["VersionId"]
    rows = [[place.source, "a", version], [place.source, "a", ""]]
    job = steps.all_the_way(place.make_job(rows, fields=("Bucket", "Key", "VersionId")))
    assert place.report_rows(job) == [
        [place.source, "a", version, "succeeded", "200", "", "Successful"],
        [place.source, "a", "", "failed", "400", "InvalidRequest",
         "Task failed due to missing VersionId"],
    ]  # fmt: skip
    assert job.status == JobStatus.COMPLETE


def test_prepared_job_waits_with_its_exact_count_and_nothing_is_touched(place, steps):
    place.put_objects(["a", "b"])
    job = steps.prepare(place.make_job(place.list_of(["a", "b"])))
    assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, 2)
    assert job.suspended_cause == "AWAITING_CONFIRMATION"
    assert steps.run() == 0
    assert tags_of(place, "a") == {}


def test_job_that_needs_no_confirmation_becomes_ready_by_itself(place, steps):
    place.put_objects(["a"])
    job = steps.prepare(place.make_job(place.list_of(["a"]), confirmation_required=False))
    assert job.status == JobStatus.READY


@pytest.mark.parametrize(
    ("body", "code", "line", "words"),
    [
        (b"", "InvalidManifestContent", None, "empty"),
        (b"BUCKET,a\nBUCKET,b,c\n", "InvalidManifestContent", 2, "column"),
        (b"\xef\xbb\xbfBUCKET,a\n", "InvalidManifestContent", 1, "BOM"),
        (b"Bucket,Key\nBUCKET,a\n", "InvalidManifestContent", 1, "header"),
        (b"BUCKET,a\nBUCKET,\xff\n", "InvalidManifestContent", 2, "UTF-8"),
        (b"BUCKET,a\nBUCKET,%ff\n", "InvalidManifestContent", 2, "UTF-8"),
        (b"BUCKET,a\nno-such-bucket-here,b\n", "InvalidManifestContent", 2, "not exist"),
    ],
)
def test_bad_manifest_fails_the_job_with_line_and_reason_and_touches_nothing(
    place, steps, body, code, line, words
):
    place.put_objects(["a"])
    job = steps.prepare(place.make_job(body.replace(b"BUCKET", place.source.encode())))
    assert job.status == JobStatus.FAILING
    assert (job.failure_code, job.failure_line) == (code, line)
    assert words in job.failure_reason
    job = steps.finish(job)
    assert (job.status, place.report_keys(), tags_of(place, "a")) == (JobStatus.FAILED, [], {})


def test_manifest_that_changed_since_the_job_was_made_fails_it(place, steps):
    job = place.make_job(place.list_of(["a"]))
    place.put_manifest(place.list_of(["other"]))
    job = steps.prepare(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "ManifestChanged")


def test_manifest_that_is_gone_fails_the_job(place, steps):
    job = place.make_job(place.list_of(["a"]))
    place.s3.delete_object(Bucket=place.source, Key="manifest.csv")
    job = steps.prepare(job)
    assert job.status == JobStatus.FAILING
    assert f"s3://{place.source}/manifest.csv" in job.failure_reason


def test_preparing_that_was_cut_off_goes_on_where_it_was(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    keys = [f"{n}.jpg" for n in range(7)]
    place.put_objects(keys)
    job = place.make_job(place.list_of(keys))
    counts = [steps.prepare(job).prepared_rows for _ in range(4)]
    assert counts == [2, 4, 6, 7]
    assert steps.prepare(job).status == JobStatus.SUSPENDED
    chunks = Chunk.objects.filter(job=job).values_list("position", "rows")
    assert list(chunks) == [(0, 2), (2, 2), (4, 2), (6, 1)]
    settings.BATCHCONSOLE_TIME_BOX_S = 20
    steps.confirm(job)
    steps.run()
    assert sorted(row[1] for row in place.report_rows(steps.finish(job))) == keys


def test_cancel_in_the_middle_keeps_what_was_done_and_reports_it(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    keys = [f"{n}.jpg" for n in range(6)]
    place.put_objects(keys)
    job = place.make_job(place.list_of(keys))
    for _ in range(4):
        steps.prepare(job)
    steps.confirm(job)
    settings.BATCHCONSOLE_TIME_BOX_S = 0.0001
    steps.run()
    done = steps.see(job).tasks_done
    assert 0 < done < 6
    job = commands.cancel(job.pk, by=allowed(), now=timezone.now(), reason="wrong tag")
    assert job.status == JobStatus.CANCELLING
    assert steps.run() == 0
    job = steps.finish(job)
    assert (job.status, job.status_update_reason) == (JobStatus.CANCELLED, "wrong tag")
    assert len(place.report_rows(job)) == done


@pytest.mark.parametrize("prepared", [False, True])
def test_cancel_before_the_first_task_ends_at_once_without_a_report(place, steps, prepared):
    job = place.make_job(place.list_of(["a"]))
    if prepared:
        steps.prepare(job)
    job = commands.cancel(job.pk, by=allowed(), now=timezone.now())
    steps.finish(job)
    assert (job.status, place.report_keys()) == (JobStatus.CANCELLED, [])
    assert steps.prepare(job).status == JobStatus.CANCELLED


def test_suspended_job_fails_only_after_more_than_30_days(place, steps):
    job = steps.prepare(place.make_job(place.list_of(["a"])))
    last = expires_at(job)
    assert last == job.suspended_at + timedelta(days=30)
    assert expire_suspended(last) == []
    assert expire_suspended(last + timedelta(microseconds=1)) == [job.pk]
    job = steps.finish(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILED, "SuspendedTooLong")


def test_job_can_be_confirmed_at_the_last_moment_and_not_after(place, steps):
    job = steps.prepare(place.make_job(place.list_of(["a"])))
    late = expires_at(job) + timedelta(microseconds=1)
    with pytest.raises(JobStatusError, match="30 days"):
        commands.confirm(job.pk, by=allowed(), now=late)
    assert commands.confirm(job.pk, by=allowed(), now=expires_at(job)).status == JobStatus.READY


def test_more_than_half_failed_after_1000_tasks_fails_the_job_with_its_report(
    place, steps, settings
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    place.put_objects(["there.jpg"])
    rows = place.list_of(["there.jpg", *(f"gone{n}.jpg" for n in range(9))])
    job = place.make_job(rows, limits=LimitsSpec(failure_floor=4))
    steps.prepare(job)
    steps.confirm(job)
    steps.run()
    job = steps.finish(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILED, "FailureThresholdExceeded")
    # Besides the chunks of the first four rows one more may have been under way.
    assert len(place.report_rows(job)) == job.tasks_done <= 6


def test_report_bucket_that_refuses_fails_the_job_after_its_tasks_were_done(place, steps):
    place.put_objects(["a"])
    report = ReportSpec(True, "no-such-bucket-here", "out", ReportScope.ALL_TASKS)
    job = steps.all_the_way(place.make_job(place.list_of(["a"]), report=report))
    assert job.status == JobStatus.FAILING
    job = steps.finish(job)
    assert (job.status, job.failure_code) == (JobStatus.FAILED, "ReportNotWritten")
    assert job.failure_reason.startswith("The job report could not be written")
    assert tags_of(place, "a") == {"team": "blue"}


def test_storage_that_is_down_makes_the_job_wait_and_say_why_and_loses_nothing(
    place, steps, settings
):
    settings.BATCHCONSOLE_STORAGE_PATIENCE_S = 0.2
    place.put_objects(["a", "b"])
    job = steps.prepare(place.make_job(place.list_of(["a", "b"])))
    steps.confirm(job)
    url = place.region.endpoint_url
    Region.objects.update(endpoint_url="http://127.0.0.1:9")
    steps.run()
    job = steps.see(job)
    assert (job.status, job.tasks_done) == (JobStatus.ACTIVE, 0)
    assert "http://127.0.0.1:9" in job.waiting_for and job.waiting_since
    assert set(Chunk.objects.values_list("state", flat=True)) == {ChunkState.PENDING}
    assert steps.run() == 0  # not yet: it waits
    Region.objects.update(endpoint_url=url)
    Job.objects.update(waiting_until_s=0)
    steps.run()
    job = steps.finish(job)
    assert (job.status, job.waiting_for, job.tasks_succeeded) == (JobStatus.COMPLETE, "", 2)


def test_wrong_number_of_lost_hints_changes_nothing_since_the_sweep_repeats_them(
    place, steps, redis
):
    place.put_objects(["a"])
    job = place.make_job(place.list_of(["a"]))
    redis.flushall()
    steps.sweep()
    steps.prepare(job)
    steps.confirm(job)
    redis.flushall()
    assert not redis.exists("rq:queue:run")
    steps.sweep()
    assert redis.llen("rq:queue:run") == 1
    redis.flushall()
    steps.run()
    redis.flushall()
    steps.sweep()
    assert turns_asked_for() == 1
    assert steps.finish(job).status == JobStatus.COMPLETE


def test_chunk_whose_worker_died_is_run_by_another_and_reported_once(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    keys = ["a", "b", "c", "d"]
    place.put_objects(keys)
    job = place.make_job(place.list_of(keys))
    steps.prepare(job)
    steps.confirm(job)
    Job.objects.update(status=JobStatus.ACTIVE)
    first = Chunk.objects.order_by("position").first()
    Chunk.objects.filter(pk=first.pk).update(
        state=ChunkState.RUNNING, owner="dead", fence=7, lease_expires_s=1
    )
    steps.run()
    assert Chunk.objects.get(pk=first.pk).fence == 8
    job = steps.finish(job)
    assert job.status == JobStatus.COMPLETE
    assert [row[1] for row in place.report_rows(job)] == keys


def test_work_storage_is_emptied_when_a_job_has_ended(place, steps):
    place.put_objects(["a"])
    job = steps.all_the_way(place.make_job(place.list_of(["a"])))
    assert list(steps.work.list(f"{job.pk}/")) == []
