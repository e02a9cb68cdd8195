"""What a `+` in a list stands for: nothing is done to an object that nobody meant."""

from dataclasses import replace

import pytest

from jobs.choices import JobStatus, ManifestField
from jobs.engine.preparing import plus_checks, row_keeping
from jobs.errors import StorageError, StorageUnavailableError, ValidationFailedError
from jobs.manifests.source import Place
from jobs.s3.storage import Storage
from jobs.spec.manifest import ManifestSpec

DELETE = {"operation": "S3DeleteObject", "parameters": {}}
BUCKET, KEY, VERSION = ManifestField.BUCKET, ManifestField.KEY, ManifestField.VERSION_ID


def job_of(place, rows, plus_is_space=None, fields=(BUCKET, KEY), **changes):
    key, etag = place.put_manifest(rows)
    spec = ManifestSpec(place.source, key, etag, fields, plus_is_space=plus_is_space)
    return place.make_job(rows, manifest=spec, **changes)


def keys_of(place):
    listed = place.s3.list_objects_v2(Bucket=place.source).get("Contents", [])
    return {one["Key"] for one in listed} - {"manifest.csv"}


def assert_refused(job, line, *words):
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "InvalidManifestContent")
    assert job.failure_line == line
    for word in (f"Line {line} names the key", '"+ is a space"', "PlusIsSpace", *words):
        assert word in job.failure_reason


def test_key_that_exists_only_with_the_switch_on_fails_the_job_with_line_and_switch(place, steps):
    place.put_objects(["c.txt", "a b.txt"])
    job = steps.prepare(job_of(place, [[place.source, "c.txt"], [place.source, "a+b.txt"]]))
    assert_refused(job, 2, '"a+b.txt", which does not exist', '"a b.txt", which exists')


@pytest.mark.parametrize("keys", [["a+b.txt"], []])
def test_key_that_does_not_exist_with_the_switch_on_is_run_as_it_stands(place, steps, keys):
    place.put_objects(keys)
    job = steps.all_the_way(job_of(place, [[place.source, "a+b.txt"]], **DELETE))
    assert job.status == JobStatus.COMPLETE
    assert keys_of(place) == set()


def test_destructive_job_does_not_run_where_both_exist_and_nobody_said_which(place, steps):
    place.put_objects(["a+b.txt", "a b.txt"])
    job = steps.prepare(job_of(place, [[place.source, "a+b.txt"]], **DELETE))
    assert_refused(job, 1, "which exists; with it on")


def test_harmless_job_runs_where_both_exist(place, steps):
    place.put_objects(["a+b.txt", "a b.txt"])
    facts = {
        "operation": "S3ComputeObjectChecksum",
        "parameters": {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"},
    }
    job = steps.prepare(job_of(place, [[place.source, "a+b.txt"]], **facts))
    assert job.status == JobStatus.SUSPENDED


@pytest.mark.parametrize(("switch", "left"), [(True, "a+b.txt"), (False, "a b.txt")])
def test_job_acts_on_the_object_that_the_switch_names_and_reports_its_key(
    place, steps, switch, left
):
    place.put_objects(["a+b.txt", "a b.txt"])
    rows = [[place.source, "a+b.txt"], [place.source, "1%2B1+2"]]
    job = steps.all_the_way(job_of(place, rows, switch, **DELETE))
    assert keys_of(place) == {left}
    # With the switch on the report has the key as anybody decodes it.
    echoed = ["a%20b.txt", "1%2B1%202"] if switch else ["a+b.txt", "1%2B1+2"]
    assert [row[1] for row in place.report_rows(job)] == echoed


def test_storage_that_hides_what_exists_stops_destructive_jobs_only(place, steps, monkeypatch):
    def deny(self, *place):
        raise StorageError("AccessDenied", "Access Denied", http_status=403)

    destructive = job_of(place, [[place.source, "a+b.txt"]], **DELETE)
    harmless = place.make_job(
        [[place.source, "a+b.txt"]],
        operation="S3InitiateRestoreObject",
        parameters={"ExpirationInDays": 1, "GlacierJobTier": "BULK"},
    )
    head_object = Storage.head_object

    def head(self, bucket, key, version_id=None):
        return (head_object if key == "manifest.csv" else deny)(self, bucket, key, version_id)

    monkeypatch.setattr(Storage, "head_object", head)
    assert_refused(steps.prepare(destructive), 1, "which cannot be seen")
    assert steps.prepare(harmless).status == JobStatus.SUSPENDED


def test_storage_that_is_away_is_waited_for(place, steps, monkeypatch):
    place.put_objects(["a b.txt"])
    job = job_of(place, [[place.source, "a+b.txt"]])

    def away(*readings):
        raise StorageUnavailableError("SlowDown", "Slow down.")

    with monkeypatch.context() as patch:
        patch.setattr(plus_checks.plus_signs, "look", away)
        assert steps.prepare(job).waiting_for == "Preparing waits: Slow down."
    job.waiting_until_s = 0
    job.save(update_fields=["waiting_until_s"])
    assert_refused(steps.prepare(job), 1)


def test_few_are_asked_about_however_many_there_are_and_whatever_ends_between(
    place, steps, settings, monkeypatch
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 10
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 3
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    asked = []
    look = plus_checks.plus_signs.look

    def note(row, storage):
        asked.append(row.raw_key)
        return look(row, storage)

    monkeypatch.setattr(plus_checks.plus_signs, "look", note)
    rows = [[place.source, f"n+{number}"] for number in range(1, 301)]
    job = job_of(place, rows)
    turns = 0
    while steps.prepare(job).status == JobStatus.PREPARING or not turns:
        turns += 1
    assert asked == ["n+1", "n+3", "n+9", "n+27", "n+81", "n+243"]
    assert steps.see(job).plus_signs == 300


def test_plus_in_a_version_id_is_no_question(place, steps):
    rows = [[place.source, "a.txt", "3/L4kqt+J="], [place.source, "b%20c", "v+1"]]
    job = steps.prepare(job_of(place, rows, fields=(BUCKET, KEY, VERSION), **DELETE))
    assert (job.status, job.plus_signs) == (JobStatus.SUSPENDED, 0)


def test_list_whose_rows_have_no_lines_is_refused_without_one(place, steps, monkeypatch):
    place.put_objects(["a b.txt"])
    check = row_keeping.check_plus_signs

    def without_lines(job, operation, blocks, storage):
        check(job, operation, [replace(block, place=Place(0)) for block in blocks], storage)

    monkeypatch.setattr(row_keeping, "check_plus_signs", without_lines)
    job = steps.prepare(job_of(place, [[place.source, "a+b.txt"]]))
    assert (job.failure_code, job.failure_line) == ("InvalidManifestContent", None)
    assert job.failure_reason.startswith('The list names the key "a+b.txt": ')


def test_switch_that_is_neither_true_nor_false_is_refused_with_its_field(place):
    with pytest.raises(ValidationFailedError) as caught:
        job_of(place, [[place.source, "a"]], plus_is_space="yes")
    assert [problem.field for problem in caught.value.problems] == ["BatchConsole.PlusIsSpace"]


def test_dry_run_is_asked_as_the_job_would_be(place, steps):
    place.put_objects(["a+b.txt", "a b.txt"])
    job = steps.prepare(job_of(place, [[place.source, "a+b.txt"]], dry_run=True, **DELETE))
    assert_refused(job, 1)
