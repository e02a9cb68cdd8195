"""The list of failed objects, streamed from a report's files into a manifest beside them."""

import threading
import tracemalloc
from urllib.parse import unquote

import pytest

from jobs.choices import ManifestField
from jobs.manifests import frozen_list
from jobs.manifests.csv_manifest import read_blocks
from jobs.manifests.source import Place
from jobs.reports import retry_list
from jobs.reports.retry_list import RetryListError, write_list
from jobs.s3 import uploading
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.storage import Storage
from tests.make import make_failures, make_job, make_report

pytestmark = pytest.mark.django_db
TWO = (ManifestField.BUCKET, ManifestField.KEY)


@pytest.fixture(autouse=True)
def _all_the_time(monkeypatch):
    """No storage is silent here, however slow the machine is."""
    monkeypatch.setattr(uploading, "ABORT_WAIT_S", 150)


@pytest.fixture
def storage(s3_server):
    endpoint = Endpoint(s3_server, "us-east-1", "path")
    return Storage(make_client(endpoint, Credentials("test", "test")))


@pytest.fixture
def make(s3, bucket):
    """make([[row, ...], ...]): a report with these failed files, and its job."""

    def make(files, **fields):
        count = sum(map(len, files))
        job = make_job("Complete", total=count, failed=count, report_bucket=bucket, **fields)
        make_failures(job, "NoSuchKey", 404, tasks=count)
        kept = []
        for number, rows in enumerate(files):
            key = f"out/job-{job.pk}/results/{number}.csv"
            body = b"".join(rows)
            md5 = s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"].strip('"')
            size = {"rows": len(rows), "size_bytes": len(body)}
            kept.append({"status": "failed", "key": key, "md5": md5, **size})
        return make_report(job, kept)

    return make


def rows_of(count, key="k{}", code="NoSuchKey"):
    return [f"photos,{key.format(n)},,failed,404,{code},Gone\n".encode() for n in range(count)]


def never(_):
    """Nothing stops it."""


def list_in(s3, report):
    bucket, key = retry_list.place_of(report, None)
    answer = s3.get_object(Bucket=bucket, Key=key)
    return answer["Body"].read(), answer["ETag"].strip('"')


def test_list_goes_on_over_files_and_batches_in_the_reports_order(make, storage, s3):
    report = make([rows_of(1500, "a{}"), rows_of(1, "b{}"), rows_of(1000, "c{}")])
    listed = write_list(report, None, storage=storage, alive=never)
    keys = [*(f"a{n}" for n in range(1500)), "b0", *(f"c{n}" for n in range(1000))]
    assert list_in(s3, report)[0].decode() == "".join(f"photos,{key}\n" for key in keys)
    assert (listed.rows, listed.read, listed.buckets) == (2501, 2501, {"photos": 2501})


def test_list_that_is_made_again_overwrites_itself_with_the_same_etag(make, storage, s3):
    report = make([rows_of(60_000, "x" * 200 + "{}")])
    etags = set()
    for _ in range(2):
        write_list(report, None, storage=storage, alive=never)
        etags.add(list_in(s3, report)[1])
    assert len(etags) == 1 and "-" in etags.pop()  # in parts
    found = s3.list_objects_v2(Bucket=report.bucket)["Contents"]
    assert sum("retry-of" in o["Key"] for o in found) == 1


def test_list_needs_no_more_memory_for_more_rows(make, storage):
    peaks = []
    for count in (40_000, 160_000):
        report = make([rows_of(count, "x" * 400 + "{}")])
        tracemalloc.start()
        write_list(report, None, storage=storage, alive=never)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The list grows by 50 MB; as many parts more may be under way as the storage lags behind.
    assert peaks[1] < peaks[0] + uploading.PARTS_UNDER_WAY * uploading.PART_BYTES
    assert peaks[1] < 40_000_000


def test_list_that_is_stopped_leaves_nothing_behind(make, storage, s3):
    report = make([rows_of(60_000, "x" * 200 + "{}")])

    def stop(listed):
        if listed.read > 50_000:
            raise RetryListError("Enough.")

    with pytest.raises(RetryListError, match="Enough"):
        write_list(report, None, storage=storage, alive=stop)
    found = s3.list_objects_v2(Bucket=report.bucket)["Contents"]
    assert not [o for o in found if "retry-of" in o["Key"]]
    assert not s3.list_multipart_uploads(Bucket=report.bucket).get("Uploads")


def test_list_that_is_stopped_while_its_upload_begins_leaves_nothing_behind(
    make, storage, s3, monkeypatch
):
    report = make([rows_of(60_000, "x" * 200 + "{}")])
    begun, stopped, created = (threading.Event() for _ in range(3))
    create = uploading.Upload._create

    def slow_create(upload):
        begun.set()
        assert stopped.wait(60)
        try:
            return create(upload)
        finally:
            created.set()

    def stop(_listed):
        if begun.is_set():
            stopped.set()
            raise RetryListError("Enough.")

    monkeypatch.setattr(uploading.Upload, "_create", slow_create)
    with pytest.raises(RetryListError, match="Enough"):
        write_list(report, None, storage=storage, alive=stop)
    assert created.wait(60)
    assert not s3.list_multipart_uploads(Bucket=report.bucket).get("Uploads")


def test_codes_that_differ_behind_what_is_counted_of_them_are_one(make, storage, s3):
    report = make([rows_of(2, code="X" * 128 + "yes"), rows_of(1, "other{}", code="NoSuchKey")])
    report.job.failure_causes.all().delete()
    make_failures(report.job, "X" * 128, tasks=2)
    assert write_list(report, "X" * 128, storage=storage, alive=never).rows == 2


def test_role_that_may_not_write_beside_the_report_is_told_where(make, storage):
    report = make([rows_of(1)])
    report.manifest_key = "out/manifest.json"
    report.bucket = "no-such-bucket-here"
    with pytest.raises(RetryListError, match=r"s3://no-such-bucket-here"):
        write_list(report, None, storage=storage, alive=never)


def test_whoever_looks_for_a_rare_code_is_seen_at_it_all_the_time(make, storage):
    report = make([rows_of(5_000), rows_of(1, code="AccessDenied")])
    report.job.failure_causes.all().delete()
    make_failures(report.job, "AccessDenied", tasks=1)
    seen = []
    listed = write_list(
        report, "AccessDenied", storage=storage, alive=lambda so_far: seen.append(so_far.read)
    )
    assert listed.rows == 1
    assert {1_000, 2_000, 3_000, 4_000, 5_000} <= set(seen)


@pytest.mark.parametrize("key", ["key", "Object", "-key", "\u212aey", "object%2Dkey"])
def test_list_of_nothing_but_a_row_that_reads_like_column_names_is_a_manifest(
    make, storage, s3, key
):
    row = f"bucket,{key},,failed,404,NoSuchKey,Gone\n".encode()
    report = make([[row]])
    assert write_list(report, None, storage=storage, alive=never).rows == 1
    (block,) = read_blocks([list_in(s3, report)[0]], TWO, rows_per_block=10)
    assert block.buckets == {"bucket": (1, Place(1))}
    assert frozen_list.decode(frozen_list.encode(block.rows)).keys == [unquote(key)]
