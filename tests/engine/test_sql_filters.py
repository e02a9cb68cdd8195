"""Whole jobs over lists that are filtered by SQL, and what becomes of them when its process ends."""

from urllib.parse import unquote

import pytest

from jobs.choices import JobStatus, ManifestField, ManifestFormat
from jobs.manifests.sql import process, source
from jobs.models import Job
from jobs.s3 import storage
from jobs.spec.manifest import ManifestSpec
from tests import inventories
from tests.engine.places import TAGS

KEYS = ["a b.jpg", "a+b.jpg", "50%.jpg", "é/ü.jpg", 'quo"te.jpg', "com,ma.jpg", "x/日本.jpg"]


@pytest.fixture(autouse=True)
def _own_sql_folder(tmp_path, settings):
    settings.BATCHCONSOLE_SQL_DIR = str(tmp_path / "sql")


@pytest.fixture
def filtered(place):
    """A job over the keys that are there, with a column of numbers, of which SQL keeps some."""

    def make(sql, keys=KEYS):
        place.put_objects(keys)
        rows = [[*row, str(n)] for n, row in enumerate(place.list_of(keys))]
        key, etag = place.put_manifest(rows)
        fields = (ManifestField.BUCKET, ManifestField.KEY, ManifestField.IGNORE)
        spec = ManifestSpec(place.source, key, etag, fields, filter_sql=sql)
        return place.make_job(rows, manifest=spec)

    return make


@pytest.mark.parametrize(
    ("sql", "numbers"),
    [
        ("SELECT bucket, key FROM list WHERE ignore_1::INT % 2 = 0", [0, 2, 4, 6]),
        ("SELECT * FROM list ORDER BY ignore_1 DESC LIMIT 3", [6, 5, 4]),
        ("FROM list", range(7)),
    ],
)
def test_job_runs_the_rows_that_the_sql_keeps_and_reports_each_once(
    place, steps, settings, filtered, sql, numbers
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    job = steps.all_the_way(filtered(sql))
    assert (job.total_tasks, job.tasks_succeeded) == (len(numbers), len(numbers))
    rows = place.list_of([KEYS[n] for n in numbers])
    assert [row[:2] for row in place.report_rows(job)] == rows
    assert job.listed_by["BatchConsole"] == {"Filter": {"SQL": sql}}


def test_job_whose_sql_is_refused_fails_with_the_sentence_before_anything_runs(steps, filtered):
    job = steps.prepare(filtered("COPY list TO '/tmp/x'"))
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "InvalidManifestContent")
    assert job.failure_reason.startswith("The SQL filter: COPY is not possible here.")


def test_job_of_which_the_sql_keeps_nothing_fails_and_says_so(steps, filtered):
    job = steps.prepare(filtered("SELECT * FROM list WHERE key = 'none'"))
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "InvalidManifestContent")
    assert "keeps no row" in job.failure_reason


def test_long_list_of_which_rows_are_kept_at_its_end_only_goes_on_from_turn_to_turn(
    steps, settings, filtered, monkeypatch
):
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    monkeypatch.setattr("jobs.engine.preparing.row_keeping.CHECKPOINT_S", 0.0)
    monkeypatch.setattr(source, "PART_BYTES", 64)
    monkeypatch.setattr(storage, "PIECE_BYTES", 64)
    monkeypatch.setattr(storage, "_READ_BYTES", 64)
    job = filtered("SELECT * FROM list WHERE ignore_1 = '6'")
    checkpoints = []
    for _ in range(20):
        job = steps.prepare(job)
        if job.status != JobStatus.PREPARING:
            break
        checkpoints.append(job.list_checkpoint["at"]["line"])
    assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, 1)
    assert checkpoints == sorted(set(checkpoints))
    assert len(checkpoints) > 2


def test_process_that_ends_by_itself_makes_the_job_wait_and_try_again(steps, filtered, monkeypatch):
    job = filtered("SELECT * FROM list WHERE ignore_1 < '3'")
    with monkeypatch.context() as broken:
        broken.setattr(process, "_START", "import os; os.kill(os.getpid(), 9)")
        job = steps.prepare(job)
    assert job.status == JobStatus.PREPARING
    assert "The process that runs the SQL filter was ended by signal 9" in job.waiting_for
    Job.objects.update(waiting_until_s=0)
    job = steps.prepare(job)
    assert (job.status, job.total_tasks, job.waiting_for) == (JobStatus.SUSPENDED, 3, "")


@pytest.mark.parametrize("file_format", ["CSV", "Parquet", "ORC"])
def test_job_over_an_inventory_runs_what_the_sql_keeps_of_its_columns(place, steps, file_format):
    place.put_objects(KEYS)
    columns = ("Bucket", "Key", "Size")
    rows = [[place.source, key, str(n)] for n, key in enumerate(KEYS)]
    parts = []
    for number, some in enumerate((rows[:3], rows[3:])):
        data = inventories.file_of(file_format, some, columns)
        parts.append((place.put_manifest(data, key=f"data/{number}")[0], data))
    listed = inventories.manifest_json(parts, columns, file_format, bucket=place.source)
    key, etag = place.put_manifest(listed, key="inventory/manifest.json")
    spec = ManifestSpec(
        place.source,
        key,
        etag,
        (),
        format=ManifestFormat.INVENTORY,
        filter_sql="SELECT * FROM list WHERE size BETWEEN 1 AND 5",
    )
    job = steps.all_the_way(place.make_job(rows, manifest=spec))
    assert (job.total_tasks, job.tasks_succeeded) == (5, 5)
    assert [unquote(row[1]) for row in place.report_rows(job)] == KEYS[1:6]


@pytest.mark.parametrize(
    ("operation", "parameters", "tasks", "skipped"),
    [
        ("S3DeleteObject", {"Mode": "VERSIONS"}, 2, {}),
        ("S3PutObjectTagging", TAGS, 1, {"delete markers": 1}),
    ],
)
def test_delete_markers_are_tasks_of_deletions_alone(
    place, steps, operation, parameters, tasks, skipped
):
    place.s3.put_bucket_versioning(
        Bucket=place.source, VersioningConfiguration={"Status": "Enabled"}
    )
    rows = [
        [place.source, "there", "v1", "true", "false", "5"],
        [place.source, "gone", "v2", "true", "true", ""],
    ]
    data = inventories.csv_file(rows)
    place.put_manifest(data, key="data/1")
    listed = inventories.manifest_json(
        [("data/1", data)], inventories.WITH_VERSIONS, bucket=place.source
    )
    key, etag = place.put_manifest(listed, key="inventory/manifest.json")
    spec = ManifestSpec(
        place.source,
        key,
        etag,
        (),
        format=ManifestFormat.INVENTORY,
        filter_sql="SELECT * FROM list WHERE IsLatest",
    )
    job = steps.prepare(
        place.make_job(rows, manifest=spec, operation=operation, parameters=parameters)
    )
    assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, tasks)
    assert job.skipped_rows == skipped
