import gzip
import sys
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.choices import ManifestField
from jobs.errors import ManifestError
from jobs.manifests.csv_manifest import read_blocks
from jobs.manifests.keys import KeyRules
from jobs.manifests.presence import Presence
from jobs.manifests.preview import Preview, PreviewRow, preview, whole_lines
from jobs.manifests.problems import ProblemKind

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BUCKET, KEY = ManifestField.BUCKET, ManifestField.KEY
VERSION, IGNORE = ManifestField.VERSION_ID, ManifestField.IGNORE
TWO = (BUCKET, KEY)


def whole(content: bytes, fields: tuple[ManifestField, ...] | None = None) -> Preview:
    return preview(content, complete=True, size_bytes=len(content), fields=fields)


def sentences(seen: Preview) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.message) for problem in seen.problems]


def test_good_file_read_to_its_end_has_exact_rows_and_no_problems() -> None:
    seen = whole(b"photos,a%20b.jpg\nphotos,c.jpg\n\n")
    assert seen == Preview(
        columns=2,
        fields=TWO,
        rows=[
            PreviewRow(1, "photos", "a%20b.jpg", "a b.jpg", None),
            PreviewRow(2, "photos", "c.jpg", "c.jpg", None),
        ],
        rows_exact=2,
        rows_estimated=None,
        buckets={"photos": 2},
        problems=[],
        problem_counts={},
    )
    assert not seen.is_blocked


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b"photos,a", TWO),
        (b"photos,a,v1", (BUCKET, KEY, VERSION)),
        (b"photos,a,12,STANDARD", (BUCKET, KEY, IGNORE, IGNORE)),
        (b"photos", TWO),
        (b"Key,Size,Bucket,Version ID\nk,1,photos,v", (KEY, IGNORE, BUCKET, VERSION)),
        (b"Bucket,Key,Object\nphotos,a,b", (BUCKET, KEY, IGNORE)),
    ],
)
def test_columns_are_guessed_from_their_number_or_from_a_header(
    line: bytes, fields: tuple[ManifestField, ...]
) -> None:
    seen = whole(line)
    assert seen.fields == fields
    assert seen.columns == line.split(b"\n")[0].count(b",") + 1


def test_given_columns_are_used_as_they_are() -> None:
    seen = whole(b"a,photos\n", (KEY, BUCKET))
    assert (seen.fields, seen.buckets) == ((KEY, BUCKET), {"photos": 1})


def test_columns_without_a_key_are_a_problem_of_the_whole_file() -> None:
    seen = whole(b"photos,a\n", (BUCKET, IGNORE))
    assert sentences(seen) == [(None, "Required fields are missing in the schema: Key.")]
    assert (seen.rows, seen.is_blocked) == ([], True)


def test_part_of_a_file_gives_an_estimate_from_whole_lines_only() -> None:
    sample = b"photos,a\nphotos,b\nphotos,caf\xc3"
    seen = preview(sample, complete=False, size_bytes=9_000, fields=None)
    assert (seen.rows_exact, seen.rows_estimated) == (None, 1_000)
    assert (seen.buckets, seen.problems) == ({"photos": 2}, [])


def test_first_ten_good_rows_are_shown_with_their_lines() -> None:
    content = b"photos\n" + b"".join(b"photos,%d\n" % number for number in range(20))
    seen = whole(content, TWO)
    assert [row.line for row in seen.rows] == list(range(2, 12))
    assert (seen.rows_exact, seen.buckets) == (21, {"photos": 20})


def test_blocking_problem_names_line_text_and_remedy() -> None:
    (problem,) = whole(b"photos,a\nphotos,b c\n").problems
    assert problem.kind == ProblemKind.KEY_ENCODING
    assert problem.line == 2
    assert problem.message == "Line 2 has a space in its key."
    assert problem.row_text == "photos,b c"
    assert problem.remedy == "Encode it as %20: keys in a manifest are URL-encoded."
    assert problem.blocking


def test_header_row_is_a_problem_and_no_row() -> None:
    seen = whole(b"Bucket,Key\nphotos,a\n")
    assert sentences(seen) == [(1, "Line 1 looks like a header row.")]
    assert [row.line for row in seen.rows] == [2]
    assert seen.rows_exact == 1


def test_byte_order_mark_is_a_problem_and_the_rows_are_shown_all_the_same() -> None:
    seen = whole(b"\xef\xbb\xbfphotos,a\n")
    assert sentences(seen) == [(1, "Line 1 starts with a byte order mark (BOM).")]
    assert seen.buckets == {"photos": 1}


def test_byte_order_mark_before_a_header_row_gives_both_problems() -> None:
    seen = whole(b"\xef\xbb\xbfBucket,Key\nphotos,a\n")
    assert [problem.kind for problem in seen.problems] == ["bom", "header"]
    assert seen.buckets == {"photos": 1}


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08abc\n,\n", "photos,a\n".encode("utf-16")])
def test_file_that_is_no_text_gives_one_problem_and_no_rows(content: bytes) -> None:
    seen = whole(content)
    assert len(seen.problems) == 1
    assert (seen.rows, seen.rows_exact, seen.rows_estimated) == ([], None, None)
    assert seen.is_blocked


@pytest.mark.parametrize("content", [b"", b"\n\r\n"])
def test_empty_file_is_a_problem(content: bytes) -> None:
    seen = whole(content)
    assert sentences(seen) == [(None, "The manifest is empty.")]
    assert seen.rows_exact == 0


def test_blank_line_inside_is_a_problem_and_not_counted_as_a_row() -> None:
    seen = whole(b"photos,a\n\nphotos,b\n")
    assert sentences(seen) == [(2, "Line 2 is blank.")]
    assert seen.rows_exact == 2


def test_line_too_long_is_a_problem_even_where_the_part_ends_within_it() -> None:
    seen = preview(b"photos," + b"x" * 80_000, complete=False, size_bytes=10**9, fields=TWO)
    assert sentences(seen) == [(1, "Line 1 is longer than 65,536 bytes.")]


def test_repeated_rows_are_a_warning_with_their_number() -> None:
    seen = whole(b"photos,a%20b\nphotos,c\nphotos,%61%20b\nphotos,c\n")
    assert sentences(seen) == [(3, "2 rows repeat an earlier row, first in line 3.")]
    assert seen.problem_counts == {ProblemKind.DUPLICATE: 2}
    assert not seen.is_blocked


def test_same_key_with_another_version_is_no_repeat() -> None:
    assert whole(b"photos,a,v1\nphotos,a,v2\n").problems == []


def test_rows_without_version_id_are_warned_about_by_ranges_of_lines() -> None:
    seen = whole(b"photos,a,\nphotos,b,\nphotos,c,v1\nphotos,d,\n")
    assert sentences(seen) == [
        (1, "Lines 1 to 2 have no version ID: those tasks will fail."),
        (4, "Line 4 has no version ID: its task will fail."),
    ]
    assert seen.problem_counts == {ProblemKind.MISSING_VERSION_ID: 3}
    assert not seen.is_blocked


def test_several_buckets_are_a_warning_that_names_the_largest() -> None:
    names = [f"bucket-{letter}" for letter in "abcdefg"]
    content = "".join(f"{name},k{i}\n" for i, name in enumerate(names)) + "bucket-g,again\n"
    (problem,) = whole(content.encode()).problems
    assert problem.message == (
        "Found 7 buckets: bucket-g (2), bucket-a (1), bucket-b (1), bucket-c (1), bucket-d (1)"
        " and 2 more."
    )
    assert not problem.blocking


def test_keys_that_look_encoded_twice_are_a_warning() -> None:
    seen = whole(b"photos,a+b\nphotos,c%2520d\nphotos,e%2Bf\nphotos,100%25\n")
    assert sentences(seen) == [
        (2, "1 key still looks URL-encoded when decoded, first in line 2."),
    ]


def test_slash_before_every_key_is_a_warning_and_before_some_is_none() -> None:
    seen = whole(b"photos,/a\nphotos,/b\n")
    assert sentences(seen) == [(1, "Every key begins with a slash.")]
    assert not seen.is_blocked
    assert whole(b"photos,/a\nphotos,b\n").problems == []


@pytest.mark.parametrize("on", [False, True])
def test_keys_with_a_plus_are_counted_and_a_few_kept_as_they_read_without_the_switch(
    on: bool,
) -> None:
    content = b"photos,x\n" + b"".join(b"photos,n+%d\n" % number for number in range(1, 300))
    rules = KeyRules(plus_is_space=on)
    seen = preview(content, complete=True, size_bytes=1, fields=TWO, rules=rules)
    assert seen.plus_keys == 299
    assert [(line, row.raw_key, row.key) for line, row in seen.plus_rows] == [
        (2, "n+1", "n+1"), (11, "n+10", "n+10"), (101, "n+100", "n+100"),
    ]  # fmt: skip
    assert seen.rows[1].key == ("n 1" if on else "n+1")


def bucket_of(*keys: str) -> Callable[[str, str, str | None], Presence]:
    return lambda bucket, key, version_id: (
        Presence.THERE if (bucket, key) in {("photos", key) for key in keys} else Presence.ABSENT
    )


def doubted(content: bytes, *keys: str) -> list[tuple[str, str]]:
    ask = bucket_of(*keys)
    seen = preview(content, complete=True, size_bytes=len(content), fields=TWO, ask=ask)
    assert not seen.is_blocked
    return [(problem.kind.value, problem.message) for problem in seen.problems]


@pytest.mark.parametrize(
    ("content", "keys", "found"),
    [
        (
            b"photos,c%2520d\n",
            ["c d"],
            [
                (
                    "encoded-twice",
                    'Line 1 names "c%20d", which does not exist; "c d" does: keys are URL-encoded twice.',
                )
            ],
        ),
        (b"photos,c%2520d\n", ["c%20d", "c d"], []),
        (
            b"photos,a\nphotos,c%20d\n",
            ["c%20d"],
            [
                (
                    "not-encoded",
                    'Line 2 names "c d", which does not exist; "c%20d" does: keys are written as the'
                    " objects are named, and not URL-encoded.",
                )
            ],
        ),
        (b"photos,c%20d\n", [], []),
        (b"photos,c%20d\n", ["c d"], []),
        (
            b"photos,/a\nphotos,/b\n",
            ["b"],
            [
                (
                    "leading-slash",
                    'Line 2 names "/b", which does not exist; "b" does: every key has a slash too many'
                    " at its beginning.",
                )
            ],
        ),
        (b"photos,/a\nphotos,/b\n", ["/a"], []),
        (b"photos,/a\n", [], [("leading-slash", "Every key begins with a slash.")]),
    ],
)
def test_doubts_about_encoding_are_settled_by_what_is_in_the_bucket(
    content: bytes, keys: list[str], found: list[tuple[str, str]]
) -> None:
    assert doubted(content, *keys) == found


def test_what_cannot_be_seen_settles_nothing() -> None:
    content = b"photos,c%2520d\n"
    seen = preview(
        content, complete=True, size_bytes=15, fields=TWO, ask=lambda *asked: Presence.HIDDEN
    )
    assert "1 key still looks URL-encoded" in seen.problems[0].message


def test_few_objects_are_asked_for_however_many_keys_are_in_doubt() -> None:
    asked = []

    def ask(*one: object) -> Presence:
        asked.append(one)
        return Presence.ABSENT

    content = b"".join(b"photos,/%d%%2520,%%20\n" % number for number in range(5_000))
    preview(content, complete=True, size_bytes=1, fields=(BUCKET, KEY, IGNORE), ask=ask)
    assert 0 < len(asked) <= 18


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_compressed_file_is_shown_like_any_other_and_says_so(
    pack: Callable[[bytes], bytes],
) -> None:
    packed = pack(b"photos,a%20b\nphotos,c\n")
    seen = whole(packed)
    assert [row.key for row in seen.rows] == ["a b", "c"]
    assert (seen.rows_exact, seen.problems) == (2, [])
    assert seen.compression in {"gzip", "zstd"}
    assert whole(b"photos,a\n").compression == ""
    assert whole_lines(packed, complete=True) == [b"photos,a%20b", b"photos,c"]


def test_part_of_a_compressed_file_gives_an_estimate_by_what_was_used_of_it() -> None:
    random = Random(7)
    rows = [b"photos,%d/%d\n" % (random.getrandbits(60), number) for number in range(80_000)]
    packed = gzip.compress(b"".join(rows))
    seen = preview(packed[:200_000], complete=False, size_bytes=len(packed), fields=TWO)
    assert seen.rows_estimated == pytest.approx(80_000, rel=0.03)


def test_damaged_file_shows_what_could_be_read_of_it_and_blocks() -> None:
    seen = whole(gzip.compress(b"photos,a\n" * 1_000)[:-4])
    assert [problem.kind.value for problem in seen.problems][0] == "compressed"
    assert seen.is_blocked
    assert seen.rows


def test_more_problems_than_fit_are_counted_and_blocking_ones_come_first() -> None:
    content = b"photos,a\nphotos,a\n" + b"photos,b c\n" * 70 + b"photos\n" * 5
    seen = whole(content)
    assert len(seen.problems) == 50
    assert {problem.kind for problem in seen.problems} == {ProblemKind.KEY_ENCODING}
    assert seen.problem_counts == {
        ProblemKind.KEY_ENCODING: 70,
        ProblemKind.COLUMNS: 5,
        ProblemKind.DUPLICATE: 1,
    }
    everything = preview(
        content, complete=True, size_bytes=len(content), fields=None, max_problems=1_000
    )
    assert len(everything.problems) == 76


def test_text_of_a_long_row_is_cut_for_show() -> None:
    (problem,) = whole(b"photos," + b"x y" * 400).problems
    assert len(problem.row_text) == 200
    assert problem.row_text.endswith("…")


lines = st.lists(
    st.sampled_from([b"photos", b"a", b"a%20b", b",", b",", b'"', b"\n", b"\n", b"\r", b"\0"])
    | st.sampled_from([b"\xff", b"\xef\xbb\xbf", b"bucket", b"key", b" ", b"%zz", b"archive"]),
    max_size=25,
)


@given(lines, st.sampled_from([None, TWO, (BUCKET, KEY, VERSION)]), st.booleans())
def test_any_bytes_give_a_preview(
    tokens: list[bytes], fields: tuple[ManifestField, ...] | None, complete: bool
) -> None:
    content = b"".join(tokens)
    seen = preview(content, complete=complete, size_bytes=10**6, fields=fields)
    assert sum(seen.buckets.values()) <= content.count(b"\n") + 1


@settings(max_examples=1000, deadline=None)
@given(lines, st.sampled_from([TWO, (BUCKET, KEY, VERSION)]))
def test_preview_blocks_exactly_what_preparing_refuses_at_the_same_line(
    tokens: list[bytes], fields: tuple[ManifestField, ...]
) -> None:
    content = b"".join(tokens)
    seen = whole(content, fields)
    try:
        blocks = list(read_blocks([content], fields, rows_per_block=2))
    except ManifestError as error:
        assert seen.is_blocked
        first = seen.problems[0]
        assert (first.line, f"{first.message} {first.remedy}") == (error.line, error.message)
    else:
        assert not seen.is_blocked
        assert seen.rows_exact == sum(block.rows.rows for block in blocks)


def test_file_of_very_many_columns_is_told_so_and_keeps_none_of_them() -> None:
    seen = whole(b",".join([b"a"] * 250_000) + b"\n")
    assert (seen.columns, seen.rows, seen.is_blocked) == (0, [], True)
    assert [line for line, _ in sentences(seen)] == [1]
    assert "has more than 100 columns" in sentences(seen)[0][1]
    assert len(seen.fields) <= 3 and len(seen.problems[0].row_text) <= 200


def test_columns_beyond_the_most_are_refused_where_they_are_named() -> None:
    fields = (ManifestField.BUCKET, ManifestField.KEY, *[ManifestField.IGNORE] * 99)
    with pytest.raises(ManifestError, match="101 columns are named"):
        next(read_blocks(iter([b"a,b\n"]), fields, rows_per_block=10))
