"""The completion report: files of so many rows, streamed, and taken up where they were left."""

import csv
import hashlib
import io
import json

import pytest
from django.utils import timezone

from jobs.choices import ChunkState, JobStatus
from jobs.errors import WorkStoreError
from jobs.models import Report
from jobs.reports.assemble import write_report
from jobs.reports.rows import report_row
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.storage import Storage
from jobs.workstore import results
from jobs.workstore.store import FolderStore
from tests.make import make_chunk, make_job
from tests.s3.scripted import KEYS


def line(number, succeeded, message):
    return report_row(
        bucket="photos",
        raw_key=f"{number:07d}.jpg",
        version_id=None,
        succeeded=succeeded,
        http_status=200 if succeeded else 404,
        code="" if succeeded else "NoSuchKey",
        message=message,
    )


class Desk:
    """A completing job, its chunks, and where the report goes."""

    def __init__(self, storage, bucket, folder):
        self.storage, self.bucket = storage, bucket
        self.work = FolderStore(folder)
        self.job = make_job(
            JobStatus.COMPLETING, report_bucket=bucket, report_scope="AllTasks", report_prefix=""
        )
        self.position = 0

    def chunk(self, succeeded, failed=0, *, message='He said "no",\nand went.'):
        numbers = range(self.position, self.position + succeeded + failed)
        good = [line(n, True, "Successful") for n in numbers[:succeeded]]
        bad = [line(n, False, message) for n in numbers[succeeded:]]
        name = f"{self.job.pk}/results/{self.position}.bin"
        self.work.put(name, results.encode(b"".join(good), b"".join(bad)))
        make_chunk(
            self.job,
            position=self.position,
            rows=succeeded + failed,
            state=ChunkState.DONE,
            succeeded=succeeded,
            failed=failed,
            result=name,
        )
        self.position += succeeded + failed

    def write(self, *, keep=None, alive=lambda: None, may_go_on=lambda: True):
        def kept(files):
            self.job.report_files = list(files)
            self.job.save(update_fields=["report_files"])

        return write_report(
            self.job,
            storage=self.storage,
            work=self.work,
            now=timezone.now(),
            alive=alive,
            keep=keep or kept,
            may_go_on=may_go_on,
        )

    def read(self, key):
        with self.storage.open_object(self.bucket, key) as pieces:
            return b"".join(pieces)

    def files(self):
        """(status, rows) of each file that manifest.json names, whose MD5 must be right."""
        found = []
        for file in json.loads(self.read(f"job-{self.job.pk}/manifest.json"))["Results"]:
            data = self.read(file["Key"])
            assert file["MD5Checksum"] == hashlib.md5(data).hexdigest()
            rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
            assert {row[3] for row in rows} == {file["TaskExecutionStatus"]}
            found.append((file["TaskExecutionStatus"], [int(row[1][:7]) for row in rows]))
        return found


@pytest.fixture
def desk(transactional_db, s3_server, bucket, tmp_path):
    storage = Storage(make_client(Endpoint(s3_server, "us-east-1", "path"), KEYS))
    return Desk(storage, bucket, tmp_path / "work")


def test_files_have_so_many_rows_at_most_and_a_chunk_stays_together(desk, settings):
    settings.BATCHCONSOLE_REPORT_FILE_ROWS = 5
    for succeeded, failed in [(3, 1), (2, 0), (1, 0), (0, 6), (4, 0), (2, 2)]:
        desk.chunk(succeeded, failed)
    report = desk.write()
    assert desk.files() == [
        ("succeeded", [0, 1, 2, 4, 5]),
        ("succeeded", [6, 13, 14, 15, 16]),
        ("succeeded", [17, 18]),
        ("failed", [3]),
        ("failed", [7, 8, 9, 10, 11, 12]),  # a chunk of its own that is larger than a file
        ("failed", [19, 20]),
    ]
    assert (report.rows_succeeded, report.rows_failed) == (12, 9)
    assert [file["rows"] for file in report.files] == [5, 5, 2, 1, 6, 2]
    assert set(report.files[0]) == {"status", "key", "md5", "rows", "size_bytes"}


def test_report_that_is_written_file_by_file_is_the_same(desk, settings):
    settings.BATCHCONSOLE_REPORT_FILE_ROWS = 4
    for _ in range(5):
        desk.chunk(3, 1)
    at_once = desk.write().files
    desk.job.report_files = []
    Report.objects.all().delete()
    written = []
    upload = desk.storage.upload
    desk.storage.upload = lambda bucket, key, *a, **m: (
        written.append(key) or upload(bucket, key, *a, **m)
    )
    calls = 1
    while not (report := desk.write(may_go_on=lambda: False)):
        calls += 1
    assert report.files == at_once
    assert written == [file["key"] for file in at_once]
    assert calls == len(at_once) + 1


def test_file_that_was_broken_off_is_written_again_under_its_name(desk, settings):
    settings.BATCHCONSOLE_REPORT_FILE_ROWS = 4
    for _ in range(3):
        desk.chunk(4)
    damaged = f"{desk.job.pk}/results/4.bin"
    whole = desk.work.read(damaged)
    desk.work.put(damaged, whole[:-1])
    with pytest.raises(WorkStoreError, match="damaged"):
        desk.write()
    assert [file["rows"] for file in desk.job.report_files] == [4]
    desk.work.put(damaged, whole)
    desk.write()
    assert [rows for _, rows in desk.files()] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_worker_that_lost_its_lease_writes_no_further_file(desk, settings):
    settings.BATCHCONSOLE_REPORT_FILE_ROWS = 1
    for _ in range(3):
        desk.chunk(1)

    def keep(files):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        desk.write(keep=keep)
    assert len(desk.storage.list_page(desk.bucket, f"job-{desk.job.pk}/results/").objects) == 1


def test_result_with_other_rows_than_were_counted_is_not_reported(desk):
    desk.chunk(3)
    desk.work.put(f"{desk.job.pk}/results/0.bin", results.encode(line(0, True, "Successful"), b""))
    with pytest.raises(WorkStoreError, match="damaged"):
        desk.write()
    assert desk.storage.list_page(desk.bucket).folders == []


def test_report_of_failed_tasks_reads_only_chunks_that_have_some(desk, monkeypatch):
    desk.job.report_scope = "FailedTasksOnly"
    for failed in (0, 1, 0, 2):
        desk.chunk(2, failed)
    asked = []
    read = desk.work.read
    monkeypatch.setattr(desk.work, "read", lambda name: asked.append(name) or read(name))
    desk.write()
    assert desk.files() == [("failed", [4, 9, 10])]
    assert sorted(asked) == [f"{desk.job.pk}/results/{n}.bin" for n in (2, 7)]


def test_large_file_goes_up_in_parts(desk, s3, settings):
    settings.BATCHCONSOLE_REPORT_PART_BYTES = 5 * 1024 * 1024
    for _ in range(6):
        desk.chunk(100, 500, message="x" * 5_000)
    report = desk.write()
    large = report.files[1]
    assert large["size_bytes"] > 15_000_000 and large["rows"] == 3000
    assert s3.head_object(Bucket=desk.bucket, Key=large["key"])["ETag"].strip('"').endswith("-3")
    assert [len(rows) for _, rows in desk.files()] == [600, 3000]
