"""Generated lists that are filtered by SQL: over what their listing tells."""

import pytest

from jobs.errors import ManifestError
from jobs.manifests.source import ListAnewError
from jobs.manifests.sources import source_of
from jobs.manifests.sql import listed
from jobs.spec.generator import GeneratorSpec
from tests.listing_storage import Entry, ListingStorage, entries
from tests.manifests.listings import rows_of
from tests.manifests.sql.test_hostile_sql import REFUSED

AWKWARD = ["a b", "a+b", "50%", "é/ü", 'quo"te', "com,ma", "new\nline", "日本"]
OWN_NAMES = {
    "FROM list WHERE size > 5": "page by page",
    "SELECT bucket, key FROM list WHERE key LIKE 'a%'": "page by page",
    "SELECT l.key AS Key, l.bucket, 7 AS x FROM list l": "page by page",
    "SELECT * EXCLUDE (size) FROM list": "page by page",
    "SELECT bucket, lower(key) AS key FROM list": "at once",
    "SELECT bucket, etag AS key FROM list": "at once",
    "SELECT * REPLACE (key || 'x' AS key) FROM list": "at once",
    "SELECT * FROM list AS l(key, bucket)": "at once",
    "SELECT bucket, CAST(key AS VARCHAR) AS key FROM list": "at once",
    "FROM list ORDER BY key": "at once",
    "FROM list LIMIT 3": "at once",
}


def spec_of(sql, **more):
    inner = {"SourceBucket": "arn:aws:s3:::photos", "EnableManifestOutput": False}
    wire = {"ManifestGenerator": {"S3JobManifestGenerator": inner}}
    return GeneratorSpec.from_wire(wire | {"BatchConsole": more | {"Filter": {"SQL": sql}}})


def storage_of(rows, **facts):
    return ListingStorage({"photos": rows}, **facts)


def blocks_of(sql, rows, checkpoint=None, rows_per_block=100, more=None, **facts):
    spec = spec_of(sql, **(more or {}))
    storage = storage_of(rows, **facts)
    reading = storage.reading(rows_per_block, takes_delete_markers=False)
    return list(source_of(spec).blocks(spec, reading, checkpoint))


def keys_of(blocks):
    return sorted(key for _, key, _ in rows_of(block for block in blocks if block.rows.rows))


def test_sql_stands_on_the_wire_where_that_of_a_manifest_does():
    spec = spec_of("FROM list", Versions="All")
    assert GeneratorSpec.from_wire(spec.to_wire()) == spec
    assert spec.to_wire()["BatchConsole"]["Filter"] == {"SQL": "FROM list"}
    assert spec.filter_sql == "FROM list"


@pytest.mark.parametrize("tail", ["", " ORDER BY key DESC"])
def test_keys_are_compared_as_they_are_and_come_back_byte_for_byte(tail):
    names = "'a b', 'a+b', '50%', 'é/ü', 'quo\"te', 'com,ma', 'new\nline', '日本'"
    sql = f"FROM list WHERE key IN ({names}){tail}"
    assert keys_of(blocks_of(sql, entries([*AWKWARD, "other"]))) == sorted(AWKWARD)


@pytest.mark.parametrize("tail", ["", " ORDER BY key"])
def test_sizes_are_numbers_moments_are_moments_and_the_rest_is_text(tail):
    rows = [Entry(f"k{n}", size=n) for n in range(10)]
    sql = (
        "SELECT * FROM list WHERE Size > 7 AND StorageClass = 'STANDARD' AND Bucket = 'photos'"
        " AND LastModifiedDate = TIMESTAMP '2026-01-02 03:04:05' AND length(ETag) > 0"
    )
    assert keys_of(blocks_of(sql + tail, rows)) == ["k8", "k9"]


@pytest.mark.parametrize("tail", ["", " ORDER BY size"])
def test_versions_are_told_apart_and_delete_markers_are_counted(tail):
    rows = [
        Entry("a", "v2", True, True),
        Entry("a", "v1", False),
        Entry("b", "v4", True),
        Entry("b", "v3", False),
    ]
    blocks = blocks_of(f"FROM list WHERE NOT IsLatest{tail}", rows, more={"Versions": "All"})
    found = rows_of(block for block in blocks if block.rows.rows)
    assert sorted(found) == [("photos", "a", "v1"), ("photos", "b", "v3")]
    assert sum(block.skipped.get("delete markers", 0) for block in blocks) == 1


@pytest.mark.parametrize("sql", OWN_NAMES)
def test_rows_are_chosen_page_by_page_where_each_is_kept_for_its_own_sake_and_as_it_is(sql):
    spec = spec_of(sql)
    with listed.choosing(spec, storage_of([]).reading(), listed.limits()) as pages:
        assert (pages is not None) == (OWN_NAMES[sql] == "page by page")


def test_names_that_the_sql_makes_are_those_of_the_job():
    sql = "SELECT bucket, 'small/' || lower(key) AS key FROM list WHERE size = 5"
    assert keys_of(blocks_of(sql, entries(["A b", "B"]))) == ["small/a b", "small/b"]


@pytest.mark.parametrize(
    "sql", ["FROM list WHERE key LIKE '%7'", "FROM list ORDER BY key LIMIT 40"]
)
def test_every_checkpoint_goes_on_with_the_next_row(sql):
    rows = entries([f"k{n:04d}" for n in range(400)])
    blocks = blocks_of(sql, rows, rows_per_block=7, most_rows=50)
    whole = keys_of(blocks)
    assert len(whole) == 40
    for number in range(len(blocks)):
        begun = blocks[: number + 1]
        rest = blocks_of(sql, rows, begun[-1].checkpoint, rows_per_block=7, most_rows=50)
        assert sorted(keys_of(begun) + keys_of(rest)) == whole


def test_list_is_made_anew_where_another_machine_finds_other_objects():
    sql, rows = "FROM list ORDER BY key", entries([f"k{n:04d}" for n in range(30)])
    blocks = blocks_of(sql, rows, rows_per_block=10)
    begun = next(block.checkpoint for block in blocks if block.rows.rows)
    with pytest.raises(ListAnewError) as caught:
        blocks_of(sql, rows[1:], begun, rows_per_block=10)
    assert caught.value.checkpoint is None


def test_two_lists_of_the_same_words_are_listed_each_for_itself():
    sql = "FROM list ORDER BY key"
    spec, old = spec_of(sql), storage_of(entries(["a", "b"]))
    halfway = source_of(spec).blocks(spec, old.reading(1), None)
    next(halfway), next(halfway)
    assert keys_of(blocks_of(sql, entries(["c"]))) == ["c"]
    halfway.close()


def test_process_is_a_new_one_after_so_many_pages(monkeypatch):
    monkeypatch.setattr(listed, "PAGES_OF_PROCESS", 2)
    rows = entries([f"k{n:04d}" for n in range(50)])
    assert len(keys_of(blocks_of("FROM list WHERE key LIKE '%3'", rows, most_rows=10))) == 5


@pytest.mark.parametrize("sql", REFUSED)
def test_hostile_sql_is_refused_before_anything_is_listed(sql, folder, canary, listener):
    filled = sql.format(canary=canary, folder=folder, port=listener.getsockname()[1])
    if not filled:
        return
    spec, storage = spec_of(filled), storage_of(entries(["a"]))
    with pytest.raises(ManifestError) as caught:
        list(source_of(spec).blocks(spec, storage.reading(), None))
    assert REFUSED[sql].replace("size", "Size") in caught.value.message.replace("size", "Size")
    assert caught.value.message.startswith("The SQL filter")
    assert not storage.asked


def test_nothing_kept_and_nothing_listed_are_said():
    with pytest.raises(ManifestError, match="keeps no row of the list"):
        blocks_of("FROM list WHERE size > 9 ORDER BY key", entries(["a"]))
    with pytest.raises(ManifestError, match="no keys matching"):
        blocks_of("FROM list ORDER BY key", [])
