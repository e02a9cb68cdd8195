"""Rows of inventories, from manifest.json to blocks of the frozen list."""

import gzip
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from jobs.errors import ManifestError
from jobs.manifests.frozen_list import taken_apart
from jobs.manifests.inventory.columns import Rules, columns_of
from jobs.manifests.inventory.quick_rows import quick_rows
from jobs.manifests.inventory.slow_rows import slow_rows
from jobs.manifests.keys import KeyRules
from jobs.manifests.source import Place
from tests.inventories import WITH_VERSIONS, csv_file, csv_text, given, key_of_part

AWKWARD = [
    "a b.jpg", "a+b.jpg", "50%.jpg", "é/ü.jpg", 'quo"te', "com,ma", "日本", "/x//../y", "new\nline",
    "k" * 1024, "~-._", "%2B", "tab\t", "=", "null",
]  # fmt: skip
FORMATS = ("CSV", "Parquet", "ORC")
many_keys = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
    .filter(lambda key: len(key.encode()) <= 1024),
    min_size=1,
    max_size=20,
)  # fmt: skip


def keys_of(blocks):
    return [key for block in blocks for key in taken_apart(block.rows).keys if block.rows.rows]


def versions_of(blocks):
    return [v for block in blocks for v in taken_apart(block.rows).version_ids]


def rows_of(keys):
    return [["photos", key] for key in keys]


@pytest.mark.parametrize("file_format", FORMATS)
def test_keys_of_every_format_are_read_byte_for_byte_and_in_order(file_format):
    inventory = given([rows_of(AWKWARD[:7]), rows_of(AWKWARD[7:])], file_format=file_format)
    assert keys_of(inventory.blocks()) == AWKWARD


@each(many_keys)
def test_keys_of_csv_come_back_whatever_is_in_them(keys):
    assert keys_of(given([rows_of(keys)]).blocks()) == keys


def test_plus_is_a_space_and_the_frozen_list_has_it_as_percent_20():
    data = gzip.compress(b'"photos","a+b%2Bc.txt"\n')
    (block,) = given([data]).blocks()
    assert block.rows.text == b"photos,a%20b%2Bc.txt\n"
    assert keys_of([block]) == ["a b+c.txt"]


def test_plus_stays_a_plus_where_somebody_said_so():
    inventory = given([gzip.compress(b'"photos","a+b%2Bc.txt"\n')])
    inventory.spec = replace(inventory.spec, plus_is_space=False)
    assert keys_of(inventory.blocks()) == ["a+b+c.txt"]


def test_plus_in_a_version_id_stays_what_it_is():
    data = gzip.compress(b'"photos","a+b","v+1"\n')
    blocks = list(given([data], ("Bucket", "Key", "VersionId")).blocks())
    assert keys_of(blocks) == ["a b"]
    assert versions_of(blocks) == ["v+1"]


@pytest.mark.parametrize("file_format", FORMATS)
def test_versions_are_used_and_delete_markers_are_counted_apart(file_format):
    rows = [
        [
            "photos",
            f"k{n}",
            f"v{n}" if n != 4 else "",
            "true",
            "true" if n % 3 == 0 else "false",
            "1",
        ]
        for n in range(10)
    ]
    blocks = list(given([rows], WITH_VERSIONS, file_format).blocks())
    assert keys_of(blocks) == ["k1", "k2", "k4", "k5", "k7", "k8"]
    assert versions_of(blocks) == ["v1", "v2", "", "v5", "v7", "v8"]
    assert sum(block.skipped.get("delete markers", 0) for block in blocks) == 4
    places = [block.place.line for block in blocks if block.rows.rows]
    assert places == [2, 6]


@pytest.mark.parametrize("file_format", FORMATS)
def test_delete_markers_are_rows_for_an_operation_that_deletes(file_format):
    rows = [["photos", f"k{n}", f"v{n}", "true", "true", "1"] for n in range(4)]
    blocks = list(given([rows], WITH_VERSIONS, file_format).blocks(takes_delete_markers=True))
    assert keys_of(blocks) == ["k0", "k1", "k2", "k3"]
    assert not any(block.skipped for block in blocks)


@pytest.mark.parametrize("file_format", FORMATS)
def test_reading_goes_on_from_every_checkpoint_with_the_rows_behind_it(file_format):
    parts = [
        [["photos", f"{part}-{n}", f"v{n}", "true", "true" if n % 4 == 1 else "false", "1"]
         for n in range(9)]
        for part in range(3)
    ]  # fmt: skip
    inventory = given(parts, WITH_VERSIONS, file_format)
    blocks = list(inventory.blocks())
    keys = keys_of(blocks)
    assert len(keys) == 18 + 3
    read, skipped = 0, 0
    for block in blocks:
        read += block.rows.rows
        skipped += block.skipped.get("delete markers", 0)
        rest = list(inventory.blocks(block.checkpoint))
        assert keys_of(rest) == keys[read:]
        assert skipped + sum(b.skipped.get("delete markers", 0) for b in rest) == 6


def test_blocks_have_as_many_rows_as_are_asked_for_however_the_file_comes_in_pieces():
    inventory = given([rows_of([f"k{n}" for n in range(1000)])])
    inventory.files.piece_bytes = 7
    blocks = list(inventory.blocks(rows_per_block=300))
    assert [block.rows.rows for block in blocks] == [300, 300, 300, 100]
    assert [block.checkpoint["file"] for block in blocks] == [0, 0, 0, 1]
    assert blocks[1].place == Place(301, key_of_part(1))
    assert blocks[1].buckets == {"photos": (300, Place(301, key_of_part(1)))}


def test_turn_is_held_while_a_file_is_read_and_free_between_two():
    said = []
    inventory = given([rows_of("abcd"), rows_of("efg")])
    holds = {"hold_turn": lambda: said.append("hold"), "free_turn": lambda: said.append("free")}
    for block in inventory.blocks(**holds):
        said.append(block.rows.rows)
    assert said == ["hold", 3, "free", 1, "hold", 3, "free", 0]


def test_several_buckets_are_counted_with_the_place_of_the_first_row_of_each():
    rows = [["photos", "a"], ["films", "b"], ["photos", "c"]]
    (block,) = given([rows]).blocks(rows_per_block=9)
    assert block.buckets == {
        "photos": (2, Place(1, key_of_part(1))),
        "films": (1, Place(2, key_of_part(1))),
    }


@pytest.mark.parametrize("quoted", [True, False])
def test_rows_are_read_with_or_without_quotes_and_with_line_ends_of_both_kinds(quoted):
    text = csv_text(rows_of(["a", "b c"]), quoted).replace(b"\n", b"\r\n")
    assert keys_of(given([gzip.compress(text)]).blocks()) == ["a", "b c"]
    assert keys_of(given([gzip.compress(text.removesuffix(b"\r\n"))]).blocks()) == ["a", "b c"]


def test_columns_in_another_order_are_found_by_the_schema():
    data = gzip.compress(b'"1","true","v1","a+b","photos"\n"2","false","v2","c","photos"\n')
    columns = ("Size", "IsDeleteMarker", "VersionId", "Key", "Bucket")
    blocks = list(given([data], columns).blocks())
    assert keys_of(blocks) == ["c"]
    assert versions_of(blocks) == ["v2"]


lines = st.lists(
    st.tuples(
        st.sampled_from(["photos", "x-1", "no bucket", ""]),
        st.text(st.sampled_from('ab+% ,"/é\n\r\0%2B%20%ff%00'), max_size=6),
        st.sampled_from(["", "v1", "v+1", "null", "v 1", "ü"]),
        st.sampled_from(["true", "false", "", "TRUE", "tree", "0"]),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@each(lines, st.booleans(), st.booleans(), st.booleans())
def test_many_rows_at_once_are_read_as_one_by_one_or_not_at_all(rows, quoted, keeps_all, plus):
    columns = columns_of("Bucket, Key, VersionId, IsDeleteMarker", "CSV")
    rules = Rules(columns, takes_delete_markers=keeps_all, keys=KeyRules(plus))
    sign = '"' if quoted else ""
    text = "".join(",".join(f"{sign}{cell}{sign}" for cell in row) + "\n" for row in rows).encode()
    quick = quick_rows(text, rules)
    if quick is None:
        return
    slow = slow_rows(
        text.split(b"\n")[:-1], columns, 1, takes_delete_markers=keeps_all, keys=rules.keys
    )
    kept = [n for n, row in enumerate(slow) if row]
    assert quick.lines == len(slow)
    assert quick.kept.tolist() == kept
    if kept:
        frozen, _ = quick.rows.cut(0, len(kept))
        told = taken_apart(frozen)
        assert [told.row(n) for n in range(len(kept))] == [slow[n] for n in kept]


@pytest.mark.parametrize("quoted", [True, False])
def test_ordinary_rows_are_read_many_at_once(quoted):
    rows = [["photos", f"a b/ü{n}", f"v{n}", "true", "false", "12"] for n in range(100)]
    columns = columns_of(", ".join(WITH_VERSIONS), "CSV")
    assert quick_rows(csv_text(rows, quoted), Rules(columns))


# --- What is wrong with a file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'"photos","a"\n"photos"\n', "has 1 column, 2 are expected"),
        (b'"photos","a"\n"photos","a b"\n', "has a space in its key"),
        (b'"photos","a"\n"photos","%ff"\n', "not UTF-8"),
        (b'"photos","a"\n"photos","a\0"\n', "has a NUL byte"),
        (b'"photos","a"\n"no bucket","a"\n', "cannot be a bucket"),
        (b'"photos","a"\n"photos","' + b"x" * 3 * 1024**2 + b'"\n', "is longer than 65,536 bytes"),
        (b'"photos","a"\n\n"photos","b"\n', "is blank"),
        (b'"photos","a"\n<html>\n', "has 1 column"),
    ],
)
def test_line_that_is_wrong_fails_with_its_number_and_its_file(text, words):
    inventory = given([rows_of(["x"]), gzip.compress(text)])
    with pytest.raises(ManifestError) as refused:
        list(inventory.blocks())
    assert refused.value.code == "InvalidManifestContent"
    assert refused.value.line == 2
    assert refused.value.file == key_of_part(2)
    assert refused.value.message.startswith(f"Line 2 of {key_of_part(2)} ")
    assert words in refused.value.message


def test_header_row_is_refused_rather_than_taken_for_an_object():
    with pytest.raises(ManifestError, match=r"^Line 1 of \S+ looks like a header row"):
        list(given([gzip.compress(b'"Bucket","Key"\n"photos","a"\n')]).blocks())


def test_word_that_does_not_say_whether_a_row_is_a_delete_marker_is_refused():
    rows = [["photos", "a", "v", "true", "perhaps", "1"]]
    with pytest.raises(ManifestError, match='has "perhaps" as its IsDeleteMarker'):
        list(given([rows], WITH_VERSIONS).blocks())


def refusal(inventory, **options):
    with pytest.raises(ManifestError) as refused:
        list(inventory.blocks(**options))
    return refused.value


def test_file_whose_md5_is_another_fails_with_its_name():
    inventory = given([rows_of(["a", "b"])])
    inventory.files.objects["inventories", key_of_part(1)] = csv_file(rows_of(["a", "c"]))
    said = refusal(inventory)
    assert said.file == key_of_part(1)
    assert f"file {key_of_part(1)} was altered: its MD5 is" in said.message


def test_truncated_file_fails_with_its_name_and_both_sizes():
    inventory = given([rows_of([hashlib.md5(b"%d" % n).hexdigest() for n in range(999)])])
    place = ("inventories", key_of_part(1))
    whole = inventory.files.objects[place]
    inventory.files.objects[place] = whole[:-9]
    said = refusal(inventory)
    assert said.file == key_of_part(1)
    assert f"truncated: it has {len(whole) - 9:,} bytes, and manifest.json says {len(whole):,}" in (
        said.message
    )


def test_file_that_grew_is_not_read_to_its_end():
    inventory = given([rows_of(["a"])])
    place = ("inventories", key_of_part(1))
    inventory.files.objects[place] += b"\0" * 5_000_000
    assert "was altered: it has more than the" in refusal(inventory).message


@pytest.mark.parametrize("data", [b"", b"no gzip at all", csv_file(rows_of(["a"]))[:-5]])
def test_file_that_is_no_gzip_data_fails_with_its_name(data):
    said = refusal(given([data]))
    assert said.file == key_of_part(1)
    assert "is not gzip data from its beginning to its end" in said.message


def test_gzip_of_several_members_is_one_file():
    data = csv_file(rows_of(["a"])) + csv_file(rows_of(["b"])) + b"\0" * 512
    assert keys_of(given([data]).blocks()) == ["a", "b"]


def test_missing_file_fails_with_its_name():
    inventory = given([rows_of(["a"])])
    del inventory.files.objects["inventories", key_of_part(1)]
    said = refusal(inventory)
    assert said.file == key_of_part(1)
    assert "is missing in bucket inventories. Use the manifest.json of a newer" in said.message


@pytest.mark.parametrize("place", ["inv//photos/daily/data/", "inv/photos/daily//data/"])
def test_missing_file_that_lies_at_a_doubled_slash_is_hinted_at(place):
    inventory = given([rows_of(["a"])])
    data = inventory.files.objects.pop(("inventories", key_of_part(1)))
    inventory.files.objects["inventories", f"{place}part-1.csv.gz"] = data
    message = refusal(inventory).message
    assert f"{key_of_part(1)} is missing" in message
    assert f"An object {place}part-1.csv.gz is there" in message
    assert "does not end in a slash" in message


def test_inventory_without_any_rows_is_refused():
    assert "lists no objects" in refusal(given([gzip.compress(b"")])).message


def test_inventory_of_delete_markers_alone_is_refused():
    rows = [["photos", "a", "v", "true", "true", "1"]]
    assert "or delete markers only" in refusal(given([rows], WITH_VERSIONS)).message
