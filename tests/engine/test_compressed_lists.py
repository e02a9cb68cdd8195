"""Jobs over lists that are compressed: read through, and gone on with where a turn ended."""

import gzip
import sys

import pytest

from jobs.choices import JobStatus
from jobs.errors import StoppedError
from jobs.manifests import csv_manifest
from jobs.models import Chunk

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BOTH = pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])


def text_of(place, rows):
    return "".join(f"{place.source},n{number}\n" for number in range(rows)).encode()


@BOTH
def test_job_over_a_compressed_list_reports_each_row_once(place, steps, pack, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 4
    keys = [f"n{number}" for number in range(10)]
    place.put_objects(keys)
    job = steps.all_the_way(place.make_job(pack(text_of(place, 10))))
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, 10)
    assert [row[1] for row in place.report_rows(job)] == keys


@BOTH
def test_turn_does_not_end_with_its_time(place, steps, pack, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    job = place.make_job(pack(text_of(place, 9)))
    job = steps.prepare(job)
    assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, 9)


@BOTH
def test_worker_that_stops_in_the_middle_leaves_the_rest_to_another_and_none_comes_twice(
    place, steps, pack, settings, monkeypatch
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    read_blocks = csv_manifest.read_blocks

    def read_some(*rest, **options):
        for number, block in enumerate(read_blocks(*rest, **options)):
            if number == 2:
                raise StoppedError
            yield block

    job = place.make_job(pack(text_of(place, 9)))
    with monkeypatch.context() as patch:
        patch.setattr(csv_manifest, "read_blocks", read_some)
        for rows in (4, 8):
            job = steps.prepare(job)
            assert (job.status, job.prepared_rows) == (JobStatus.PREPARING, rows)
            assert job.list_checkpoint["compressed"]
    job = steps.prepare(job)
    assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, 9)
    chunks = Chunk.objects.filter(job=job).order_by("position")
    assert [(chunk.position, chunk.rows) for chunk in chunks] == [
        (0, 2), (2, 2), (4, 2), (6, 2), (8, 1),
    ]  # fmt: skip


@BOTH
def test_list_that_ends_too_early_fails_the_job_with_what_to_do(place, steps, pack):
    job = steps.prepare(place.make_job(pack(text_of(place, 5_000))[:-20]))
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "InvalidManifestContent")
    assert "ends too early" in job.failure_reason
    assert "Upload it once more" in job.failure_reason


@BOTH
def test_fault_in_a_compressed_list_names_the_line_of_its_text(place, steps, pack):
    job = steps.prepare(place.make_job(pack(text_of(place, 3) + b"photos\n")))
    assert (job.failure_code, job.failure_line) == ("InvalidManifestContent", 4)


def test_list_that_grows_out_of_all_proportion_fails_the_job(place, steps):
    job = steps.prepare(place.make_job(gzip.compress(b"photos,a\n" * 8_000_000)))
    assert job.failure_code == "InvalidManifestContent"
    assert "grows to more than 250 times its size" in job.failure_reason
