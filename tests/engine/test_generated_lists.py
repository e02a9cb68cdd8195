"""Jobs over generated lists, from listing to report, each step made by hand over a real S3 server."""

import contextlib
import csv
import gzip
import hashlib
import io
import json
import threading
from urllib.parse import quote, unquote

import pytest

from jobs.choices import JobStatus
from jobs.engine.preparing import row_keeping, saved_list
from jobs.lifecycle.generated_lists import saved_list as saved_list_of
from jobs.manifests.generated import source
from jobs.manifests.source import ListAnewError
from jobs.models import Chunk, Job
from jobs.spec.generator import GeneratorSpec
from tests.bent_storage import Answered, refused

AWKWARD = ["a b.jpg", "a+b.jpg", "50%.jpg", "é/ü.jpg", 'quo"te.jpg', "com,ma.jpg", "日本.jpg"]
ODD = ["a//double", "dir/", "a?b#c", "%2F"]


def generator(place, *, filter=None, more=None, bucket="", **members):
    """Of the place's own bucket; `filter` is AWS's, `more` ours."""
    inner = {
        "SourceBucket": f"arn:aws:s3:::{bucket or place.source}",
        "EnableManifestOutput": False,
    }
    if filter:
        inner["Filter"] = filter
    wire = {"ManifestGenerator": {"S3JobManifestGenerator": inner | members}}
    if more:
        wire["BatchConsole"] = more
    return GeneratorSpec.from_wire(wire)


def make_job(place, spec, **changes):
    """No manifest lies in the bucket beside what a test put there."""
    job = place.make_job([], manifest=spec, **changes)
    place.s3.delete_object(Bucket=place.source, Key="manifest.csv")
    return job


def keys_of(place, job):
    return sorted(unquote(row[1]) for row in place.report_rows(job))


def test_job_over_a_whole_bucket_reports_every_object_once_and_keys_byte_for_byte(
    place, steps, settings
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 3
    place.put_objects([*AWKWARD, *ODD])
    job = steps.all_the_way(make_job(place, generator(place)))
    assert job.status == JobStatus.COMPLETE
    assert keys_of(place, job) == sorted([*AWKWARD, *ODD])
    assert {row[3] for row in place.report_rows(job)} == {"succeeded"}


def test_filters_of_a_generator_make_the_list(place, steps):
    place.put_objects(["logs/a.log", "logs/b.log", "logs/a.txt", "photos/a.log"])
    place.s3.put_object(Bucket=place.source, Key="logs/large.log", Body=b"x" * 100)
    names = {"MatchAnyPrefix": ["logs/"], "MatchAnySuffix": [".log"]}
    spec = generator(place, filter={"KeyNameConstraint": names, "ObjectSizeLessThanBytes": 50})
    job = steps.all_the_way(make_job(place, spec))
    assert keys_of(place, job) == ["logs/a.log", "logs/b.log"]
    assert job.listed_bytes == 2  # each has one


@pytest.mark.parametrize(
    ("sql", "kept"),
    [
        ("SELECT * FROM list WHERE size > 3 AND StorageClass = 'STANDARD'", AWKWARD[4:]),
        ("SELECT * FROM list ORDER BY size DESC LIMIT 2", AWKWARD[-2:]),
    ],
)
def test_sql_keeps_what_the_listing_tells_of(place, steps, settings, tmp_path, sql, kept):
    settings.BATCHCONSOLE_SQL_DIR = str(tmp_path / "sql")
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    for size, key in enumerate(AWKWARD):
        place.s3.put_object(Bucket=place.source, Key=key, Body=b"x" * size)
    spec = generator(place, more={"Filter": {"SQL": sql}})
    job = steps.all_the_way(make_job(place, spec))
    assert (job.status, job.total_tasks) == (JobStatus.COMPLETE, len(kept))
    assert keys_of(place, job) == sorted(kept)


def test_sql_comes_before_objects_are_asked_for_what_no_listing_tells(
    place, steps, settings, tmp_path
):
    settings.BATCHCONSOLE_SQL_DIR = str(tmp_path / "sql")
    place.put_objects(["a/1", "a/2", "b/3", "b/4", "b/5"])
    place.s3.put_object_tagging(
        Bucket=place.source, Key="a/2", Tagging={"TagSet": [{"Key": "team", "Value": "blue"}]}
    )
    more = {
        "Tags": [{"Key": "team", "Value": "blue"}],
        "Filter": {"SQL": "FROM list WHERE key LIKE 'a/%'"},
    }
    job = steps.all_the_way(make_job(place, generator(place, more=more)))
    assert keys_of(place, job) == ["a/2"]
    assert job.looked_up_objects == 2


def test_several_buckets_and_overlapping_prefixes_list_no_object_twice(place, steps, make_bucket):
    other = make_bucket()
    place.put_objects(["a/1", "a/b/2", "c/3"])
    place.s3.put_object(Bucket=other, Key="a/4", Body=b"x")
    arn = "arn:aws:s3:::"
    sources = [
        {"Bucket": f"{arn}{place.source}", "Prefixes": ["a/", "a/b/", "a/b/2"]},
        {"Bucket": f"{arn}{other}"},
    ]
    job = steps.all_the_way(make_job(place, generator(place, more={"Sources": sources})))
    rows = sorted((row[0], row[1]) for row in place.report_rows(job))
    assert rows == sorted([(place.source, "a/1"), (place.source, "a/b/2"), (other, "a/4")])


def test_globs_and_an_expression_select_keys(place, steps):
    place.put_objects(["x/1.log", "x/22.log", "x/a.log", "y/1.log"])
    more = {"Globs": ["x/*.log"], "RegularExpression": "/[0-9]+\\."}
    job = steps.all_the_way(make_job(place, generator(place, more=more)))
    assert keys_of(place, job) == ["x/1.log", "x/22.log"]


@pytest.fixture
def versions(place, make_bucket):
    """A bucket with versions: "old" was overwritten, "gone" deleted."""
    bucket = make_bucket(versioned=True)
    ids = {}
    for key, body in [("old", b"1"), ("old", b"22"), ("gone", b"1")]:
        put = place.s3.put_object(Bucket=bucket, Key=key, Body=body)
        ids[key, body] = put["VersionId"]
    ids["marker"] = place.s3.delete_object(Bucket=bucket, Key="gone")["VersionId"]
    return bucket, ids


@pytest.mark.parametrize(
    ("which", "listed"),
    [
        ("All", [("old", b"1"), ("old", b"22"), ("gone", b"1")]),
        ("Noncurrent", [("old", b"1"), ("gone", b"1")]),
    ],
)
def test_versions_are_listed_as_asked(place, steps, versions, which, listed):
    bucket, ids = versions
    spec = generator(place, bucket=bucket, more={"Versions": which})
    job = steps.all_the_way(make_job(place, spec))
    assert sorted(row[2] for row in place.report_rows(job)) == sorted(ids[one] for one in listed)
    assert job.skipped_rows == ({"delete markers": 1} if which == "All" else {})


def test_delete_markers_alone_are_deleted(place, steps, versions):
    bucket, ids = versions
    place.region.allowed_operations = ["S3DeleteObject"]
    place.region.save()
    spec = generator(place, bucket=bucket, more={"Versions": "DeleteMarkers"})
    job = make_job(place, spec, operation="S3DeleteObject", parameters={})
    job = steps.all_the_way(job)
    assert [row[2] for row in place.report_rows(job)] == [ids["marker"]]
    assert not place.s3.list_object_versions(Bucket=bucket).get("DeleteMarkers")


def test_empty_result_fails_the_job_and_names_the_leading_slash(place, steps):
    place.put_objects(["logs/a"])
    names = {"KeyNameConstraint": {"MatchAnyPrefix": ["/logs/"]}}
    job = steps.prepare(make_job(place, generator(place, filter=names)))
    assert job.status == JobStatus.FAILING
    assert job.failure_reason.startswith(
        "Manifest generation found no keys matching the filter criteria. No objects of"
    )
    assert '"/logs/" begins with a slash' in job.failure_reason


# --- Look-ups


def test_tags_and_metadata_are_looked_up_by_value_and_by_glob(place, steps):
    for key, tagging, metadata in [
        ("1", "team=blue", {"kind": "photo-1"}),
        ("2", "team=blue", {"kind": "text"}),
        ("3", "team=red", {"kind": "photo-2"}),
        ("4", "", {}),
    ]:
        place.s3.put_object(
            Bucket=place.source, Key=key, Body=b"x", Tagging=tagging, Metadata=metadata
        )
    more = {
        "Tags": [{"Key": "team", "Value": "blue"}],
        "Metadata": [{"Key": "Kind", "Glob": "photo-*"}],
    }
    job = steps.all_the_way(make_job(place, generator(place, more=more)))
    assert keys_of(place, job) == ["1"]
    assert job.looked_up_objects == 4


def test_cheap_filters_come_before_look_ups(place, steps):
    place.put_objects(["in/1", "in/2", "out/1", "out/2", "out/3"])
    more = {"Tags": [{"Key": "team"}], "Globs": ["in/*"]}
    place.s3.put_object_tagging(
        Bucket=place.source, Key="in/2", Tagging={"TagSet": [{"Key": "team", "Value": ""}]}
    )
    job = steps.all_the_way(make_job(place, generator(place, more=more)))
    assert keys_of(place, job) == ["in/2"]
    assert job.looked_up_objects == 2


@pytest.mark.parametrize(
    ("alternative", "keys"),
    [({"SSE-S3": {}}, ["aes"]), ({"SSE-KMS": {}}, ["kms"])],
)
def test_encryption_is_looked_up(place, steps, alternative, keys):
    place.s3.put_object(Bucket=place.source, Key="aes", Body=b"x", ServerSideEncryption="AES256")
    place.s3.put_object(Bucket=place.source, Key="kms", Body=b"x", ServerSideEncryption="aws:kms")
    spec = generator(
        place,
        filter={
            "MatchAnyObjectEncryption": [alternative],
            "KeyNameConstraint": {"MatchAnySuffix": ["s"]},
        },
        more={"KeyNameConstraint": {"MatchAnySuffix": ["ms"]}},
    )
    job = steps.all_the_way(make_job(place, spec))
    assert keys_of(place, job) == keys


RULES = b"""<ReplicationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Role>r</Role><Rule>
<ID>logs</ID><Status>Enabled</Status><Priority>1</Priority><Filter><And><Prefix>logs/</Prefix><Tag><Key>copy</Key>
<Value>yes</Value></Tag></And></Filter><Destination><Bucket>arn:aws:s3:::elsewhere</Bucket></Destination></Rule>
</ReplicationConfiguration>"""


def test_list_for_replication_has_the_versions_that_an_enabled_rule_covers(
    place, steps, make_bucket, between
):
    bucket = make_bucket(versioned=True)
    between.answer = lambda sent: Answered(200, RULES) if sent.is_about("replication") else None
    tags = [("logs/1", "yes"), ("logs/1", "yes"), ("logs/2", "no"), ("other/1", "yes")]
    ids = [
        place.s3.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging=f"copy={tag}")["VersionId"]
        for key, tag in tags
    ]
    spec = generator(place, bucket=bucket, filter={"EligibleForReplication": True})
    job = steps.all_the_way(make_job(place, spec))
    assert sorted(row[2] for row in place.report_rows(job)) == sorted(ids[:2])
    asked = [sent.target for sent in between.seen if sent.is_about("tagging")]
    assert not any("other/1" in target for target in asked)


def test_bucket_without_replication_rules_fails_a_replication_list_and_names_the_permission(
    place, steps
):
    spec = generator(place, filter={"EligibleForReplication": True})
    place.put_objects(["a"])
    job = steps.prepare(make_job(place, spec))
    assert job.failure_code == "InvalidBucketState"
    assert "s3:GetReplicationConfiguration" in job.failure_reason


TEAM = {"Tags": [{"Key": "team", "Glob": "b*"}]}


def put_tagged(place, count):
    keys = [f"k{n:03}" for n in range(count)]
    for key in keys:
        place.s3.put_object(Bucket=place.source, Key=key, Body=b"x", Tagging="team=blue")
    return keys


def test_throttled_look_ups_wait_and_no_row_is_dropped(place, steps, between):
    keys = put_tagged(place, 30)
    left = dict.fromkeys(keys[::2], 3)

    def throttle(sent):
        key = next((key for key in left if f"/{key}?tagging" in sent.target), None)
        if key and sent.method == "GET" and left[key]:
            left[key] -= 1
            return refused(503, "SlowDown")
        return None

    between.answer = throttle
    job = steps.prepare(make_job(place, generator(place, more=TEAM)))
    assert set(left.values()) == {0}
    assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, 30)


def test_look_up_that_is_refused_fails_the_job_with_permission_and_object(place, steps, between):
    put_tagged(place, 3)
    between.answer = lambda sent: (
        refused(403, "AccessDenied") if "/k001?tagging" in sent.target else None
    )
    job = steps.prepare(make_job(place, generator(place, more=TEAM)))
    assert job.failure_code == "AccessDenied"
    assert f"s3://{place.source}/k001" in job.failure_reason
    assert "Allow the IAM role s3:GetObjectTagging" in job.failure_reason


def test_object_that_is_gone_when_it_is_looked_up_is_not_listed(place, steps, between):
    put_tagged(place, 3)
    between.answer = lambda sent: (
        refused(404, "NoSuchKey") if "/k001?tagging" in sent.target else None
    )
    job = steps.prepare(make_job(place, generator(place, more=TEAM)))
    assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, 2)


def test_bucket_that_may_not_be_listed_fails_the_job_with_the_permission(place, steps, between):
    between.answer = lambda sent: (
        refused(403, "AccessDenied") if "list-type=2" in sent.target else None
    )
    job = steps.prepare(make_job(place, generator(place)))
    assert job.failure_code == "AccessDenied"
    assert "s3:ListBucket" in job.failure_reason


def test_storage_that_is_silent_while_objects_are_looked_up_is_waited_for(
    place, steps, between, settings
):
    settings.BATCHCONSOLE_STORAGE_PATIENCE_S = 0.2
    put_tagged(place, 3)
    between.answer = lambda sent: (
        refused(500, "InternalError") if "tagging" in sent.target else None
    )
    settings.BATCHCONSOLE_TASK_DEADLINE_S = 0.5
    job = steps.prepare(make_job(place, generator(place, more=TEAM)))
    assert job.status == JobStatus.PREPARING
    assert "Preparing waits" in job.waiting_for
    between.answer = lambda sent: None
    job.waiting_until_s = 0
    job.save()
    assert steps.prepare(job).total_tasks == 3


# --- Kills, and the saved list


def saved(place, prefix="lists"):
    return {
        "EnableManifestOutput": True,
        "ManifestOutputLocation": {
            "Bucket": f"arn:aws:s3:::{place.reports}",
            "ManifestPrefix": prefix,
            "ManifestEncryption": {"SSE-S3": {}},
            "ManifestFormat": "S3InventoryReport_CSV_20211130",
        },
    }


def read_saved(place, job):
    """manifest.json, and all rows of its data files, which are what it says."""
    arn = job.generated_manifest["Location"]["ObjectArn"]
    key = arn.removeprefix(f"arn:aws:s3:::{place.reports}/")
    content = place.read(key)
    assert place.read(key.replace("manifest.json", "manifest.checksum")).decode() == (
        hashlib.md5(content).hexdigest()
    )
    manifest = json.loads(content)
    rows = []
    for file in manifest["files"]:
        data = place.read(file["key"])
        assert len(data) == file["size"]
        assert hashlib.md5(data).hexdigest() == file["MD5checksum"]
        text = gzip.decompress(data).decode()
        rows += list(csv.reader(io.StringIO(text, newline="")))
    return manifest, rows


def test_list_is_saved_as_an_inventory_with_every_row_once(place, steps, settings, monkeypatch):
    monkeypatch.setattr(saved_list.saving, "rows_of_file", lambda number: 3)
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    place.put_objects([*AWKWARD, *ODD])
    spec = generator(place, filter={"ObjectSizeGreaterThanBytes": 0}, **saved(place))
    job = steps.prepare(make_job(place, spec))
    assert job.status == JobStatus.SUSPENDED
    manifest, rows = read_saved(place, job)
    assert len(manifest["files"]) == 3
    assert manifest["fileSchema"] == "Bucket, Key"
    assert manifest["destinationBucket"] == f"arn:aws:s3:::{place.reports}"
    assert sorted(rows) == sorted([place.source, quote(key)] for key in [*AWKWARD, *ODD])
    etag = job.generated_manifest["Location"]["ETag"]
    head = place.s3.head_object(
        Bucket=place.reports,
        Key=job.generated_manifest["Location"]["ObjectArn"].partition("/")[2],
    )
    assert head["ETag"].strip('"') == etag
    assert head["ServerSideEncryption"] == "AES256"


def test_saving_goes_on_behind_the_last_whole_file_after_a_stop(
    place, steps, settings, monkeypatch
):
    monkeypatch.setattr(saved_list.saving, "rows_of_file", lambda number: 1)
    settings.BATCHCONSOLE_CHUNK_ROWS = 1
    place.put_objects(["a", "b", "c"])
    job = make_job(
        place, generator(place, filter={"ObjectSizeGreaterThanBytes": 0}, **saved(place))
    )
    written = []
    write = saved_list._Saving._write_file

    def stop_after_two(self, number, position):
        if len(written) == 2:
            self.stop.set()
            self._alive()
        written.append(number)
        return write(self, number, position)

    monkeypatch.setattr(saved_list._Saving, "_write_file", stop_after_two)
    assert steps.prepare(job).status == JobStatus.PREPARING
    written.append(None)
    job = steps.prepare(job)
    assert written == [0, 1, None, 2]
    assert sorted(row[1] for row in read_saved(place, job)[1]) == ["a", "b", "c"]


def test_list_that_cannot_be_saved_fails_the_job_in_the_words_of_aws(place, steps):
    place.put_objects(["a"])
    members = saved(place)
    members["ManifestOutputLocation"]["Bucket"] = "arn:aws:s3:::there-is-no-such-bucket"
    job = steps.prepare(make_job(place, generator(place, **members)))
    assert job.failure_code == "NoSuchBucket"
    assert "Failed to write manifest" in job.failure_reason


def test_preparing_that_is_stopped_between_blocks_goes_on_and_lists_no_object_twice(
    place, steps, settings, monkeypatch
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    keys = put_tagged(place, 9)
    job = make_job(place, generator(place, more=TEAM))
    turns = 0
    settings.BATCHCONSOLE_TIME_BOX_S = 0
    while (job := steps.prepare(job)).status == JobStatus.PREPARING:
        turns += 1
        assert turns < 20
    assert turns > 1
    assert job.total_tasks == len(keys)
    assert sum(Chunk.objects.filter(job=job).values_list("rows", flat=True)) == len(keys)
    steps.confirm(job)
    settings.BATCHCONSOLE_TIME_BOX_S = 30
    steps.run()
    assert keys_of(place, steps.finish(job)) == keys


def test_stop_is_heard_amid_look_ups_that_are_throttled(place, steps, between):
    put_tagged(place, 3)
    asked = threading.Event()

    def throttle(sent):
        if "tagging" in sent.target and sent.method == "GET":
            asked.set()
            return refused(503, "SlowDown")
        return None

    between.answer = throttle
    job = make_job(place, generator(place, more=TEAM))
    threading.Thread(target=lambda: asked.wait(60) and steps.stop.set(), daemon=True).start()
    assert steps.prepare(job).status == JobStatus.PREPARING


class Killed(BaseException):
    """The worker dies at this line."""


def test_list_goes_on_after_kills_at_every_checkpoint_and_has_no_object_twice(
    place, steps, settings, monkeypatch
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    settings.BATCHCONSOLE_SEGMENT_CHUNKS = 1
    monkeypatch.setattr(source, "ROWS_LOOKED_UP", 3)
    keys = put_tagged(place, 8)
    members = saved(place)
    job = make_job(place, generator(place, more=TEAM, **members))
    checkpoint = row_keeping.RowKeeping._checkpoint
    kills = []

    def killed_before(self, *args):
        if len(kills) < 3:
            kills.append(args)
            raise Killed
        kills.clear()
        checkpoint(self, *args)

    monkeypatch.setattr(row_keeping.RowKeeping, "_checkpoint", killed_before)
    for _ in range(60):
        with contextlib.suppress(Killed):
            steps.prepare(job)
        job = steps.see(job)
        if job.status != JobStatus.PREPARING:
            break
        Job.objects.filter(pk=job.pk).update(control_lease_expires_s=0, waiting_until_s=0)
    assert job.total_tasks == len(keys)
    assert sorted(row[1] for row in read_saved(place, job)[1]) == keys
    steps.confirm(job)
    steps.run()
    assert keys_of(place, steps.finish(job)) == keys


def test_list_that_is_read_anew_has_every_row_once(place, steps, settings, monkeypatch):
    settings.BATCHCONSOLE_CHUNK_ROWS = 3
    place.put_objects(AWKWARD)
    blocks, checkpoints = source.GeneratedList.blocks, []

    def out_of_order_at_first(self, manifest, reading, checkpoint):
        checkpoints.append(checkpoint)
        found = blocks(self, manifest, reading, checkpoint)
        if checkpoint is not None:
            yield from found
            return
        yield next(found)
        anew = {"place": 0, "within": None, "unordered": [0]}
        raise ListAnewError("ListingNotUsable", "Out of order.", anew)

    monkeypatch.setattr(source.GeneratedList, "blocks", out_of_order_at_first)
    monkeypatch.setattr(row_keeping, "CHECKPOINT_S", 0.0)
    job = make_job(place, generator(place))
    steps.prepare(job)
    assert Chunk.objects.filter(job=job).count() == 0
    assert steps.see(job).prepared_rows == 0
    job = steps.all_the_way(job)
    assert checkpoints[1]["unordered"] == [0]
    assert keys_of(place, job) == sorted(AWKWARD)
    assert job.buckets[place.source][0] == len(AWKWARD)


@pytest.mark.parametrize("which", ["Current", "All"])
def test_saved_list_is_the_manifest_of_a_second_job_which_reports_the_same_rows(
    place, steps, make_bucket, which
):
    bucket = make_bucket(versioned=True)
    for key in ["a b", "a+b", "50%", "é/ü", 'quo"te,', "a b"]:
        place.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    more = {"Versions": which}
    first = make_job(place, generator(place, bucket=bucket, more=more, **saved(place)))
    first = steps.all_the_way(first)
    second = steps.all_the_way(make_job(place, saved_list_of(first)))
    assert second.status == JobStatus.COMPLETE
    rows = [row[:3] for row in place.report_rows(second)]
    assert sorted(rows) == sorted(row[:3] for row in place.report_rows(first))
    assert len(rows) == (5 if which == "Current" else 6)


def test_job_whose_list_was_not_saved_gives_no_manifest_to_another(place):
    assert saved_list_of(make_job(place, generator(place))) is None
