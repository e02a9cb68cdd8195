"""A conversion against Python's csv and urllib, which read and write the same rows."""

import csv
import io
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.manifests.converting.convert import Counts, convert
from jobs.manifests.converting.recipe import CR, Column, Keys, Recipe, Separator
from jobs.manifests.csv_manifest import read_blocks
from jobs.manifests.frozen_list import taken_apart
from jobs.manifests.problems import ManifestContentError

BUCKETS = st.sampled_from(["photos", "my.bucket", "Old_Bucket", "bucket"])
KEYS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40
)
VERSIONS = st.sampled_from(["", "null", "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY", "a,b", 'x"y'])
MARKS = {"utf-8": 3, "utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
BOTH = (Column.BUCKET, Column.KEY)


def converted(data, recipe, cuts=()):
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[a:b] for a, b in zip(places, places[1:], strict=False)] or [b""]
    counts = Counts()
    return b"".join(convert(pieces, recipe, counts)), counts


def read(manifest):
    return [tuple(row) for row in csv.reader(io.StringIO(manifest.decode(), newline=""))]


def written(rows, separator, line_end, encoding, mark):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(
        rows
    )
    return ("\ufeff" if mark else "").encode(encoding) + text.getvalue().encode(encoding)


@given(
    rows=st.lists(st.tuples(BUCKETS, KEYS, VERSIONS), min_size=1, max_size=8),
    separator=st.sampled_from([one for one in Separator if one is not Separator.NONE]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(sorted(MARKS)),
    mark=st.booleans(),
    ended=st.booleans(),
    cuts=st.lists(st.integers(0, 400), max_size=6),
)
def test_any_rows_in_any_dress_come_out_as_csv_and_unquote_read_them(
    rows, separator, line_end, encoding, mark, ended, cuts
):
    data = written(rows, separator.sign, line_end, encoding, mark)
    if not ended:
        data = data[: len(data) - len(line_end.encode(encoding))]
    recipe = Recipe(
        (*BOTH, Column.VERSION_ID),
        separator,
        Keys.NAMED,
        encoding,
        MARKS[encoding] if mark else 0,
        fill_null=True,
    )
    manifest, counts = converted(data, recipe, cuts)
    assert manifest.endswith(b"\n") and b"\r" not in manifest
    assert manifest.count(b"\n") == counts.rows == len(rows)
    found = [(bucket, unquote(key), unquote(version)) for bucket, key, version in read(manifest)]
    assert found == [(bucket, key, version or "null") for bucket, key, version in rows]
    assert counts.filled == sum(not version for *_, version in rows)


@given(rows=st.lists(st.tuples(BUCKETS, KEYS), min_size=1, max_size=8))
def test_what_comes_out_is_a_manifest_that_a_job_reads_without_a_word(rows):
    data = written(rows, ",", "\n", "utf-8", mark=False)
    recipe = Recipe(BOTH, keys=Keys.NAMED)
    manifest, _ = converted(data, recipe)
    listed = []
    for block in read_blocks([manifest], recipe.fields, rows_per_block=3):
        read_back = taken_apart(block.rows)
        listed += zip(read_back.buckets, read_back.keys, strict=True)
    assert listed == rows


@given(
    keys=st.lists(KEYS, min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 200), max_size=4),
)
def test_keys_that_are_encoded_already_stay_byte_for_byte(keys, cuts):
    lines = [f"photos,{quote(key, safe='/+~')}\n" for key in keys]
    data = "".join(lines).encode()
    manifest, counts = converted(data, Recipe(BOTH), cuts)
    assert manifest == data
    assert counts.encoded == 0


@given(
    keys=st.lists(
        st.text(
            st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]),
            min_size=1,
            max_size=30,
        ).filter(str.strip),
        min_size=1,
        max_size=8,
    ),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_plain_list_of_keys_gets_its_bucket_whatever_signs_the_keys_hold(keys, line_end):
    data = line_end.join(keys).encode()
    recipe = Recipe(
        (Column.KEY,),
        Separator.NONE,
        Keys.NAMED,
        bucket="photos",
        line_end=CR if line_end == "\r" else "\n",
    )
    manifest, _ = converted(data, recipe)
    assert [(bucket, unquote(key)) for bucket, key in read(manifest)] == [
        ("photos", key) for key in keys
    ]


def test_space_that_follows_each_comma_is_no_part_of_the_key():
    recipe = Recipe(BOTH, spaced=True, keys=Keys.NAMED)
    assert converted(b"photos, 2024/a.jpg\nphotos, 2024/b c.jpg\n", recipe)[0] == (
        b"photos,2024/a.jpg\nphotos,2024/b%20c.jpg\n"
    )
    assert converted(b'"photos", "2024/a.jpg"\n', recipe)[0] == b"photos,2024/a.jpg\n"


def test_two_spaces_behind_a_comma_are_refused_as_one_may_be_of_the_key():
    recipe = Recipe(BOTH, spaced=True, keys=Keys.NAMED)
    with pytest.raises(ManifestContentError, match="Line 2 has more than one space behind"):
        converted(b"photos, a\nphotos,  b\n", recipe)


@pytest.mark.parametrize("spaced_key", ['" a"', '"  a"'])
def test_spaces_inside_quotes_are_of_the_key(spaced_key):
    recipe = Recipe(BOTH, spaced=True, keys=Keys.NAMED)
    manifest, _ = converted(f'"photos", {spaced_key}\n'.encode(), recipe)
    assert unquote(read(manifest)[0][1]) == spaced_key.strip('"')


def test_s3_paths_become_bucket_and_key_and_keep_every_slash():
    recipe = Recipe((Column.URI,), Separator.NONE, Keys.NAMED)
    data = b"s3://photos/a b,c.jpg\nS3://other//x/../y%20z\n"
    assert converted(data, recipe)[0] == b"photos,a%20b%2Cc.jpg\nother,/x/../y%2520z\n"


def test_keys_encoded_in_part_keep_their_escapes():
    recipe = Recipe(BOTH, keys=Keys.MIXED)
    data = 'photos,a%20b c 100%.txt\nphotos,"x,y""z+é"\n'.encode()
    assert converted(data, recipe)[0] == (
        b"photos,a%20b%20c%20100%25.txt\nphotos,x%2Cy%22z+%C3%A9\n"
    )


def test_keys_that_were_encoded_twice_are_decoded_once():
    recipe = Recipe(BOTH, keys=Keys.TWICE)
    data = b"photos,a%2520b%252C\nphotos,c%C3%A9\n"
    assert converted(data, recipe)[0] == b"photos,a%20b%2C\nphotos,c%C3%A9\n"
    with pytest.raises(ManifestContentError, match="Line 1 has a key that is not UTF-8"):
        converted(b"photos,%FF\n", recipe)


def test_one_slash_that_begins_a_key_goes_on_demand():
    recipe = Recipe(BOTH, drop_slash=True)
    assert converted(b"photos,//a/\nphotos,b\n", recipe)[0] == b"photos,/a/\nphotos,b\n"


def test_header_and_blank_lines_go_and_are_counted():
    data = b"\nKey,Bucket\r\n\r\na,photos\r\n  \r\nb,photos"
    recipe = Recipe((Column.KEY, Column.BUCKET), header=True)
    manifest, counts = converted(data, recipe)
    assert manifest == b"photos,a\nphotos,b\n"
    assert (counts.rows, counts.blank, dict(counts.buckets)) == (2, 3, {"photos": 2})


def test_first_row_that_reads_like_column_names_is_disguised():
    manifest, _ = converted(b"bucket,key\nbucket,key\n", Recipe(BOTH))
    assert manifest == b"bucket,%6Bey\nbucket,key\n"
    assert next(read_blocks([manifest], Recipe(BOTH).fields, rows_per_block=9)).rows.rows == 2


@pytest.mark.parametrize(
    ("data", "recipe", "message"),
    [
        (b"photos,a\nphotos,b,c\n", Recipe(BOTH), "Line 2 has 3 columns, 2 are expected"),
        (b"photos,a\n,b\n", Recipe(BOTH), "Line 2 names no bucket"),
        (b"photos,a\n\nphotos,\n", Recipe(BOTH), "Line 3 has no key"),
        (b"photos,a b\n", Recipe(BOTH), "Line 1 has a space in its key"),
        (b'photos,"a\n' + b"x\n" * 70_000, Recipe(BOTH), "Line 1 is longer than"),
        (b"x" * 3_000_000, Recipe(BOTH), "Line 1 is longer than"),
        (b'photos,"a" b\n', Recipe(BOTH), "Line 1 has quotes that do not match"),
        (b"photos,a\rphotos,b\n", Recipe(BOTH), "Line 1 has a carriage return"),
        (b"photos,a\nphotos,\xff\n", Recipe(BOTH), r"Line 2 is not UTF-8 \(0xFF\)"),
        (b"photos,a\0b\n", Recipe(BOTH, keys=Keys.NAMED), "Line 1 has a key with a NUL"),
        (b"p\0", Recipe(BOTH, encoding="utf-16-le"), "Line 1 has 1 column, 2 are expected"),
        (b"p\0\0", Recipe(BOTH, encoding="utf-16-le"), "Line 1 is not UTF-16"),
        (b"photos," + b"k" * 1025, Recipe(BOTH), "Line 1 has a key of 1,025 bytes"),
        (b"http://photos/a", Recipe((Column.URI,), Separator.NONE), "Line 1 is no s3:// path"),
        (b"\n\n", Recipe(BOTH), "The manifest is empty"),
        (b"", Recipe(BOTH), "The manifest is empty"),
    ],
)
def test_row_that_cannot_be_is_refused_with_its_line(data, recipe, message):
    with pytest.raises(ManifestContentError, match=message):
        converted(data, recipe)


def test_memory_stays_flat_whatever_the_length_of_the_list():
    def pieces():
        for _ in range(200):
            yield b"photos,a key with spaces\n" * 1_000

    counts = Counts()
    recipe = Recipe(BOTH, keys=Keys.NAMED)
    assert max(len(block) for block in convert(pieces(), recipe, counts)) < 70_000
    assert counts.rows == 200_000


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=4))
def test_bytes_of_any_kind_are_converted_or_refused_and_alike_however_they_are_cut(data, cuts):
    recipe = Recipe(BOTH, keys=Keys.NAMED)

    def outcome(*places):
        try:
            return converted(data, recipe, places)[0]
        except ManifestContentError as error:
            return error.message

    assert outcome(*cuts) == outcome()


def test_recipe_goes_through_json_unchanged():
    recipe = Recipe(
        (Column.KEY, Column.IGNORE), Separator.BAR, Keys.MIXED, "utf-16-be", 2, bucket="photos"
    )
    assert Recipe.from_json(recipe.to_json()) == recipe
