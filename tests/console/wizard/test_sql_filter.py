"""Step 1 filters a list by SQL: what is kept of its beginning, and what is wrong with the SQL."""

import re
from html import unescape

import pytest

from jobs.console.wizard import clone
from jobs.console.wizard.assemble import Reading
from jobs.spec.manifest import ManifestSpec
from tests.inventories import WITH_VERSIONS, csv_file, manifest_json
from tests.make import make_job

CATS = "SELECT * FROM list WHERE key LIKE 'cats/%'"


@pytest.fixture(autouse=True)
def _own_sql_folder(tmp_path, settings, monkeypatch):
    """And no haste, however busy the machine is."""
    settings.BATCHCONSOLE_SQL_DIR = str(tmp_path / "sql")
    monkeypatch.setattr("jobs.manifests.sql.trial._RUN_S", 120.0)
    monkeypatch.setattr("jobs.manifests.sql.trial._START_S", 120.0)


def test_filter_that_takes_too_long_for_a_page_stops_nobody(
    wizard, region, role, manifest, monkeypatch
):
    monkeypatch.setattr("jobs.manifests.sql.trial._RUN_S", 1.0)
    endless = "SELECT l.* FROM list l, range(1000000000000) r WHERE hash(r.range) = 1"
    assert wizard.press("manifest", manifest_object=manifest, filter_sql=endless).status_code == 303
    assert "The SQL filter was not tried." in shown(wizard.open("manifest"))


def shown(wizard):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", wizard.html)))


def test_check_shows_how_many_rows_are_kept_and_the_first_of_them(wizard, region, role, manifest):
    wizard.press("manifest", "check", manifest_object=manifest, filter_sql=CATS)
    said = shown(wizard.open("manifest"))
    assert "The SQL filter keeps 1 of all 2 rows." in said
    assert "First rows that the SQL filter keeps Bucket Key photos cats/a%20cat.jpg" in said
    assert wizard.values["filter_sql"] == CATS
    assert wizard.press("manifest").status_code == 303
    form = Reading(wizard.draft).manifest
    assert form.is_valid()
    assert form.spec("e").filter_sql == CATS


def test_part_of_a_long_list_is_called_a_sample(wizard, region, role, put, photos, monkeypatch):
    monkeypatch.setattr("jobs.manifests.sql.trial.SAMPLE_BYTES", 10_000)
    monkeypatch.setattr("jobs.s3.storage.PIECE_BYTES", 10_000)
    monkeypatch.setattr("jobs.s3.storage._READ_BYTES", 10_000)
    rows = "".join(f"photos,cats/{n:06d}\n" for n in range(5000))
    path = put("long.csv", rows)
    wizard.press("manifest", "check", manifest_object=path, filter_sql=CATS)
    said = shown(wizard.open("manifest"))
    assert re.search(r"keeps ([\d,]+) of the first \1 rows\. This is a sample", said)
    wizard.press("manifest", "check", filter_sql="SELECT * FROM list ORDER BY key LIMIT 3")
    said = shown(wizard.open("manifest"))
    assert "over the whole list it may keep others" in said


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT bucket,\n  kee FROM list", "Line 2, column 3: Referenced column"),
        ("SELECT bucket, key FRM list", "Line 1, column 24: syntax error"),
        ("COPY list TO '/tmp/x'", "COPY is not possible here."),
        ("SELECT * FROM read_csv('/etc/passwd')", "Line 1, column 15: Rows cannot come from"),
        ("SELECT count(*) FROM list", "The result has no column bucket."),
    ],
)
def test_wrong_sql_is_a_problem_with_its_place_that_next_does_not_pass(
    wizard, region, role, manifest, sql, said
):
    response = wizard.press("manifest", manifest_object=manifest, filter_sql=sql)
    assert response.status_code == 200
    assert said in shown(wizard)
    assert wizard.press("manifest", filter_sql=CATS).status_code == 303


def test_filter_that_was_changed_is_checked_before_going_on(wizard, region, role, manifest):
    wizard.press("manifest", "check", manifest_object=manifest)
    place = wizard.draft.data["found"]["place"]
    assert wizard.press("manifest", filter_sql="garbage").status_code == 200
    assert wizard.draft.data["found"]["place"] != place
    assert wizard.press("manifest", filter_sql=CATS).status_code == 303


def test_filter_keeps_the_columns_that_somebody_chose(wizard, region, role, put, photos):
    path = put("swapped.csv", "cats/a.jpg,photos\ndogs/b.jpg,photos\n")
    wizard.press("manifest", "check", manifest_object=path)
    columns = {"column-0": "Key", "column-1": "Bucket"}
    wizard.press("manifest", "check", **columns)
    wizard.press("manifest", "check", filter_sql=CATS)
    said = shown(wizard.open("manifest"))
    assert "The SQL filter keeps 1 of all 2 rows." in said
    assert wizard.values["column-0"] == "Key"


def test_sql_of_more_than_20000_characters_is_refused_at_its_field(wizard, region, role, manifest):
    sql = "SELECT '" + "x" * 20_000 + "'"
    assert wizard.press("manifest", manifest_object=manifest, filter_sql=sql).status_code == 200
    assert "at most 20,000 characters" in shown(wizard)
    assert '<a href="#filter_sql">' in wizard.html


def test_clone_has_the_filter(region, role):
    spec = ManifestSpec("b", "list.csv", "e", (), filter_sql=CATS)
    job = make_job("Complete", region=region, role=role, listed_by=spec.to_wire())
    assert clone.data_of(job)["manifest"]["filter_sql"] == CATS


def test_inventory_is_filtered_by_its_own_columns(wizard, region, role, put, photos, bucket):
    rows = [
        ["photos", "a.jpg", "v1", "true", "false", "5"],
        ["photos", "b.jpg", "v2", "true", "false", "50"],
    ]
    data = csv_file(rows)
    put("data/1.csv.gz", data)
    path = put(
        "manifest.json", manifest_json([("data/1.csv.gz", data)], WITH_VERSIONS, bucket=bucket)
    )
    response = wizard.press(
        "manifest",
        kind="inventory",
        kind_shown="inventory",
        inventory_object=path,
        filter_sql="SELECT * FROM list WHERE Size > 6",
    )
    assert response.status_code == 303
    assert "The SQL filter keeps 1 of all 2 rows." in shown(wizard.open("manifest"))
    form = Reading(wizard.draft).manifest
    assert form.is_valid()
    assert form.spec("e").filter_sql.endswith("Size > 6")


LARGE = "SELECT * FROM list WHERE Size > 5 AND key LIKE '%.jpg'"
BUCKET_OF_PHOTOS = {"kind": "generated", "kind_shown": "generated", "source": "s3://photos"}


@pytest.fixture
def of_sizes(s3, photos):
    for size in range(10):
        s3.put_object(Bucket=photos, Key=f"cats/{size} +ä.jpg", Body=b"x" * size)
    return photos


def test_generated_list_is_filtered_by_what_its_listing_tells(wizard, region, role, of_sizes):
    wizard.press("manifest", "check", filter_sql=LARGE, **BUCKET_OF_PHOTOS)
    assert wizard.draft.data["found"]["rows_exact"] == 4
    assert wizard.draft.data["found"]["buckets"] == {"photos": 4}
    said = shown(wizard.open("manifest"))
    assert "The SQL filter keeps 4 of the first 10 rows." in said
    assert "cats/9 +ä.jpg" in said
    assert "cats/5 +ä.jpg" not in said
    assert wizard.values["filter_sql"] == LARGE
    assert wizard.press("manifest").status_code == 303
    form = Reading(wizard.draft).manifest
    assert form.is_valid()
    spec = form.spec("")
    assert spec.filter_sql == LARGE
    job = make_job("Complete", region=region, role=role, listed_by=spec.to_wire())
    assert clone.data_of(job)["manifest"]["filter_sql"] == LARGE


def test_select_that_needs_the_whole_listing_says_so(wizard, region, role, of_sizes):
    sql = "SELECT * FROM list ORDER BY size DESC LIMIT 3"
    wizard.press("manifest", "check", filter_sql=sql, **BUCKET_OF_PHOTOS)
    found = wizard.draft.data["found"]
    assert (found["rows_exact"], found["rows_estimated"], found["bound"]) == (None, 10, "most")
    said = shown(wizard.open("manifest"))
    assert "The SQL filter looks at all rows together" in said
    assert "The SQL filter keeps 3 of the first 10 rows." in said


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT bucket,\n  kee FROM list", "Line 2, column 3: Referenced column"),
        ("COPY list TO '/tmp/x'", "COPY is not possible here."),
        ("SELECT * FROM read_csv('/etc/passwd')", "Line 1, column 15: Rows cannot come from"),
        ("SELECT * FROM list WHERE key::INT > 5", "Could not convert string"),
        ("SELECT * FROM list WHERE size > 10", "No objects of s3://photos match."),
    ],
)
def test_wrong_sql_over_a_listing_stops_next(wizard, region, role, of_sizes, sql, said):
    assert wizard.press("manifest", filter_sql=sql, **BUCKET_OF_PHOTOS).status_code == 200
    assert said in shown(wizard)
