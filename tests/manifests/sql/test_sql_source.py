"""Lists that are filtered by SQL: which rows are kept, in which order, and where they stand."""

import gzip

import pytest

from jobs.errors import ManifestError, StoppedError
from jobs.manifests.frozen_list import taken_apart
from jobs.manifests.source import Place
from jobs.manifests.sql import at_once as at_once_module
from jobs.manifests.sql import source
from tests.manifests.sql.filtering import (
    blocks_of,
    csv_spec,
    csv_storage,
    kept,
    reading,
    rows_of,
)

FOUR = ("Bucket", "Key", "VersionId", "Ignore")
TEXT = "bk1,a%20b,v1,5\nbk1,c/d,,50\nbk2,e+f,null,500\n"
MANY = "".join(f"bkt,k{n:05d}\n" for n in range(5000))
BY_KEY = "SELECT bucket, key FROM list ORDER BY key DESC"


def refusal(sql, text=TEXT, fields=FOUR, **facts):
    with pytest.raises(ManifestError) as caught:
        blocks_of(sql, text, fields, **facts)
    assert caught.value.code == "InvalidManifestContent"
    return caught.value


def test_rows_are_kept_byte_for_byte_in_the_order_of_the_list():
    assert kept("SELECT * FROM list WHERE ignore_1::INT < 400", TEXT, FOUR) == [
        ("bk1", "a%20b", "v1"),
        ("bk1", "c/d", ""),
    ]


def test_columns_are_the_fields_in_small_or_capital_letters_with_or_without_underscore():
    sql = "SELECT BUCKET, Key, VersionId AS version_id FROM list WHERE versionid = 'null'"
    assert kept(sql, TEXT, FOUR) == [("bk2", "e+f", "null")]


def test_result_without_versions_is_a_list_without_versions():
    assert kept("SELECT bucket, key FROM list", TEXT, FOUR)[0] == ("bk1", "a%20b")


def test_other_columns_of_the_result_are_passed_over():
    assert kept("SELECT ignore_1, key, 7 AS x, bucket FROM list LIMIT 1", TEXT, FOUR) == [
        ("bk1", "a%20b")
    ]


def test_order_by_is_the_order_of_the_tasks():
    assert [key for _, key in kept(BY_KEY, TEXT, FOUR)] == ["e+f", "c/d", "a%20b"]


def test_limit_subquery_group_and_window_see_the_whole_list():
    newest = "SELECT bucket, max(key) AS key FROM list GROUP BY bucket ORDER BY bucket"
    assert kept(newest, TEXT, FOUR) == [("bk1", "c/d"), ("bk2", "e+f")]
    largest = "SELECT * FROM list WHERE ignore_1::INT = (SELECT max(ignore_1::INT) FROM list)"
    assert kept(largest, TEXT, FOUR) == [("bk2", "e+f", "null")]
    first = "SELECT * FROM list QUALIFY row_number() OVER (PARTITION BY bucket ORDER BY key) = 1"
    assert sorted(kept(first, TEXT, FOUR)) == [("bk1", "a%20b", "v1"), ("bk2", "e+f", "null")]


def test_plus_is_read_as_the_manifest_says():
    spec = csv_spec("SELECT * FROM list WHERE bucket = 'bk2'", FOUR, plus_is_space=True)
    assert kept("", TEXT, spec=spec) == [("bk2", "e%20f", "null")]


def test_compressed_list_is_filtered_as_its_text_is():
    storage = csv_storage(gzip.compress(MANY.encode()))
    sql = "SELECT * FROM list WHERE key < 'k00003'"
    assert [key for _, key in kept(sql, "", storage=storage)] == ["k00000", "k00001", "k00002"]


def test_carriage_returns_and_quotes_are_those_of_any_csv_list():
    text = 'bk1,"a,""b",v1,5\r\nbk1,plain,v2,6'
    assert kept("SELECT * FROM list", text, FOUR) == [("bk1", 'a,"b', "v1"), ("bk1", "plain", "v2")]


def test_place_of_a_row_is_its_line_in_the_list():
    blocks = blocks_of("SELECT * FROM list WHERE ignore_1 = '500'", TEXT, FOUR)
    filled = [block for block in blocks if block.rows.rows]
    assert filled[0].place == Place(3)
    assert filled[0].buckets == {"bk2": (1, Place(3))}


def test_row_that_no_list_may_have_is_refused_with_its_line():
    text = "bkt,good\n" * 3 + "bkt,not%zz\n"
    error = refusal("SELECT * FROM list", text, ("Bucket", "Key"))
    assert error.line == 4
    assert error.message.startswith('Line 4 has "%zz" in its key, which is no URL-encoding.')


def test_row_that_no_list_may_have_is_no_matter_where_the_filter_drops_it():
    text = "bkt,good\nbkt,not%zz\n"
    assert kept("SELECT * FROM list WHERE key LIKE 'g%'", text) == [("bkt", "good")]


def test_line_with_too_few_columns_is_refused_in_the_words_of_any_list():
    error = refusal("SELECT * FROM list", "bkt,k,v,1\nbkt,k\n")
    assert (error.line, error.message.partition(".")[0]) == (
        2,
        "Line 2 has 2 columns, 4 are expected (Bucket,Key,VersionId,Ignore)",
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [("bkt,k\n\nbkt,k\n", 2), ("\nbkt,k\n", 1), ("bkt,k\n" * 600 + "\r\n\r\nbkt,k\n", 601)],
)
def test_blank_line_between_rows_is_refused_with_its_line(text, line):
    assert refusal("SELECT * FROM list", text, ("Bucket", "Key")).line == line


def test_blank_lines_at_the_end_mean_nothing():
    assert kept("SELECT * FROM list", "bkt,k\n\n\r\n") == [("bkt", "k")]


def test_filter_that_keeps_nothing_says_so():
    assert "keeps no row" in refusal("SELECT * FROM list WHERE key = 'x'").message
    assert "keeps no row" in refusal("SELECT * FROM list WHERE key = 'x' ORDER BY key").message


def test_mistake_in_the_sql_is_said_with_its_line_and_column_before_the_list_is_fetched():
    storage = csv_storage(TEXT)
    error = refusal("SELECT bucket,\n  kee FROM list", storage=storage)
    assert error.message.startswith("The SQL filter, line 2, column 3: ")
    assert "kee" in error.message
    assert storage.pieces == 0


def test_list_is_fetched_in_parts_of_which_none_stays(monkeypatch, tmp_path):
    monkeypatch.setattr(source, "PART_BYTES", 2048)
    found = []
    blocks = source.SOURCE.blocks(
        csv_spec("SELECT * FROM list WHERE key >= 'k01000'"), reading(csv_storage(MANY), 100), None
    )
    for block in blocks:
        found.append(block)
        files = [file.stat().st_size for file in tmp_path.glob("sql/*/*.csv")]
        assert sum(files) < 3 * 2048
    assert len(rows_of(found)) == 4000
    assert list((tmp_path / "sql").iterdir()) == []


@pytest.mark.parametrize("sql", ["SELECT * FROM list WHERE key LIKE '%7'", BY_KEY])
def test_every_checkpoint_goes_on_with_the_next_row(monkeypatch, sql):
    monkeypatch.setattr(source, "PART_BYTES", 10_000)
    blocks = blocks_of(sql, MANY, rows_per_block=70)
    whole = rows_of(blocks)
    assert len(whole) == (500 if "LIKE" in sql else 5000)
    done = 0
    for block in blocks:
        done += block.rows.rows
        rest = blocks_of(sql, MANY, rows_per_block=70, checkpoint=block.checkpoint)
        assert rows_of(rest) == whole[done:]
        if done > 700:
            break


def test_rows_are_kept_once_although_the_sql_says_something_else_each_time(monkeypatch):
    monkeypatch.setattr(source, "PART_BYTES", 10_000)
    sql = "SELECT * FROM list WHERE random() < 0.5"
    first = blocks_of(sql, MANY, rows_per_block=50)[3]
    later = rows_of(blocks_of(sql, MANY, rows_per_block=50, checkpoint=first.checkpoint))
    last = taken_apart(first.rows).raw_keys[-1]
    assert min(key for _, key in later) > last
    assert len(set(later)) == len(later)


def test_whole_result_is_used_again_on_the_machine_that_made_it():
    storage = csv_storage(MANY)
    sql = "SELECT * FROM list ORDER BY random()"
    stream = source.SOURCE.blocks(csv_spec(sql), reading(storage, 100), None)
    begun = [next(stream), next(stream)]
    stream.close()
    pieces = storage.pieces
    rest = blocks_of(sql, "", storage=storage, rows_per_block=100, checkpoint=begun[-1].checkpoint)
    assert storage.pieces == pieces
    rows = rows_of(begun) + rows_of(rest)
    assert (len(rows), len(set(rows))) == (5000, 5000)


def test_other_rows_on_another_machine_fail_the_job_instead_of_losing_some(settings, tmp_path):
    sql = "SELECT * FROM list ORDER BY random()"
    stream = source.SOURCE.blocks(csv_spec(sql), reading(csv_storage(MANY), 100), None)
    checkpoint = next(stream).checkpoint
    stream.close()
    settings.BATCHCONSOLE_SQL_DIR = str(tmp_path / "other")
    error = refusal(sql, MANY, ("Bucket", "Key"), checkpoint=checkpoint, rows_per_block=100)
    assert "gave other rows" in error.message


def test_the_same_rows_on_another_machine_go_on(settings, tmp_path):
    stream = source.SOURCE.blocks(csv_spec(BY_KEY), reading(csv_storage(MANY), 100), None)
    begun = [next(stream), next(stream)]
    stream.close()
    settings.BATCHCONSOLE_SQL_DIR = str(tmp_path / "other")
    rest = blocks_of(BY_KEY, MANY, rows_per_block=100, checkpoint=begun[-1].checkpoint)
    assert rows_of(begun) + rows_of(rest) == kept(BY_KEY, MANY)


def test_long_list_of_which_little_is_kept_gives_checkpoints_without_rows(monkeypatch):
    monkeypatch.setattr(source, "PART_BYTES", 10_000)
    blocks = blocks_of("SELECT * FROM list WHERE key = 'k04999'", MANY, is_slow=lambda: True)
    assert [block.rows.rows for block in blocks].count(0) > 3
    empty = next(block for block in blocks[2:] if not block.rows.rows)
    rest = blocks_of("SELECT * FROM list WHERE key = 'k04999'", MANY, checkpoint=empty.checkpoint)
    assert rows_of(rest) == [("bkt", "k04999")]


def test_stop_ends_it(tmp_path):
    facts = reading(csv_storage(MANY))
    facts.stop.set()
    with pytest.raises(StoppedError):
        list(source.SOURCE.blocks(csv_spec("SELECT * FROM list"), facts, None))
    assert list((tmp_path / "sql").iterdir()) == []


def test_line_longer_than_any_is_refused_in_bounded_memory():
    error = refusal("SELECT * FROM list", "bkt,k\nbkt," + "x" * 3_000_000, ("Bucket", "Key"))
    assert error.line == 2


def test_list_that_was_fetched_is_not_fetched_again_when_its_select_was_stopped(monkeypatch):
    storage, made = csv_storage(MANY), at_once_module.SqlProcess
    stopped = reading(storage)

    def stop_second(*arguments):
        """The first process looks at the SQL before anything is fetched."""
        if storage.pieces:
            stopped.stop.set()
        return made(*arguments)

    monkeypatch.setattr(at_once_module, "SqlProcess", stop_second)
    with pytest.raises(StoppedError):
        list(source.SOURCE.blocks(csv_spec(BY_KEY), stopped, None))
    pieces = storage.pieces
    monkeypatch.setattr(at_once_module, "SqlProcess", made)
    assert len(kept(BY_KEY, "", storage=storage)) == 5000
    assert storage.pieces == pieces


def test_select_that_fails_leaves_nothing_on_the_disk(tmp_path):
    refusal("SELECT bucket, key FROM list WHERE error(key) IS NULL ORDER BY key")
    assert list((tmp_path / "sql").iterdir()) == []
