"""Files that are no lists, or odd ones: refused in little memory after little of them, in the preview
and while a job is prepared, with the same words.
"""

import csv
import gzip
import io
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.choices import ManifestField
from jobs.errors import ManifestError
from jobs.manifests import frozen_list
from jobs.manifests.csv_manifest import read_blocks
from jobs.manifests.fixes import FIXES, Fix
from jobs.manifests.keys import KeyRules
from jobs.manifests.preview import preview
from jobs.manifests.problems import ProblemKind
from jobs.manifests.rows import Row

BUCKET, KEY = ManifestField.BUCKET, ManifestField.KEY
VERSION, IGNORE = ManifestField.VERSION_ID, ManifestField.IGNORE
TWO = (BUCKET, KEY)
MIB = 1024 * 1024


def endless(piece: bytes, taken: list[int]) -> Iterator[bytes]:
    """Up to a gigabyte, and how much of it somebody took."""
    for _ in range(1024 * MIB // len(piece)):
        taken.append(len(piece))
        yield piece


def refusal(pieces: Iterable[bytes]) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        for _ in read_blocks(pieces, TWO, rows_per_block=500):
            pass
    assert caught.value.code == "InvalidManifestContent"
    return caught.value


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        (b"x" * MIB, "is longer than 65,536 bytes"),
        (b"," * MIB, "has more than 100 columns"),
        (bytes(MIB), "is longer than 65,536 bytes"),
        (b'"' + b"x" * MIB, "is longer than 65,536 bytes"),
        (b"photos,a\r" * 100_000, "has a carriage return in its middle"),
        (b"photos,a\0b\n" * 90_000, "has a NUL byte"),
        (b"photos,a b\n" * 90_000, "has a space in its key"),
        (b"<!DOCTYPE html>\n<html>\n" * 40_000, "begins a web page or an XML document"),
    ],
)
def test_file_without_end_is_refused_after_a_few_pieces_in_little_memory(
    piece: bytes, said: str
) -> None:
    taken: list[int] = []
    tracemalloc.start()
    error = refusal(endless(piece, taken))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said in error.message
    assert error.line == 1
    assert sum(taken) <= 4 * MIB
    assert peak_bytes < 24 * MIB


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"photos," + b"x" * 3 * MIB + b"\nphotos,b\n", ProblemKind.LINE_END),
        (b"," * 10_000_000 + b"\n", ProblemKind.COLUMNS),
        (b"photos,a\0b\n", ProblemKind.ENCODING),
        (b"\xef\xbb\xbfphotos,a\n", ProblemKind.BOM),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>\n", ProblemKind.NO_LIST),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', ProblemKind.NO_LIST),
        (b"<html>\n<head></head>\n", ProblemKind.NO_LIST),
        (b'{"sourceBucket": "photos", "fileFormat": "CSV"}\n', ProblemKind.NO_LIST),
        (b"{\n  \"sourceBucket\": 1\n}\n", ProblemKind.NO_LIST),
        (b"PK\x03\x04\x14\x00\x06\x00", ProblemKind.NO_LIST),
        (b"PAR1\x15\x04\x15", ProblemKind.NO_LIST),
        (b"\xff\xfep\x00h\x00", ProblemKind.ENCODING),
        (b"photos, a.jpg\n", ProblemKind.SPACE_AFTER_COMMA),
        (b'"photos", "a.jpg"\n', ProblemKind.SPACE_AFTER_COMMA),
        (b"photos;a.jpg\n", ProblemKind.SEPARATOR),
        (b"photos\ta.jpg\n", ProblemKind.SEPARATOR),
        (b"photos,a\n\nphotos,b\n", ProblemKind.BLANK_LINE),
        (b"Bucket,Key\nphotos,a\n", ProblemKind.HEADER),
        (b"photos,caf%E9\n", ProblemKind.KEY_NOT_UTF8),
        (gzip.compress(gzip.compress(b"photos,a\n", mtime=0), mtime=0), ProblemKind.COMPRESSED),
    ],
)  # fmt: skip
def test_preview_and_job_say_the_same_of_a_file(content: bytes, kind: ProblemKind) -> None:
    sample, is_whole = content[:MIB], len(content) <= MIB
    seen = preview(sample, complete=is_whole, size_bytes=len(content), fields=TWO)
    assert seen.is_blocked
    first = seen.problems[0]
    assert first.kind is kind
    text = gzip.decompress(content) if kind is ProblemKind.COMPRESSED else content
    error = refusal([text])
    assert error.message == f"{first.message} {first.remedy}"
    assert error.line == first.line


@pytest.mark.parametrize(
    "content", [b"[2024]/a,photos\n", b"ORCHARD/a,photos\n", b"PAR1S/a,photos\n", b"<b>,photos\n"]
)
def test_key_in_the_first_column_that_looks_like_a_document_is_a_key(content: bytes) -> None:
    seen = preview(content, complete=True, size_bytes=9, fields=(KEY, BUCKET))
    assert seen.problems == []
    assert list(read_blocks([content], (KEY, BUCKET), rows_per_block=1))


def test_every_fix_is_of_a_kind_of_problem_and_has_words_for_its_button() -> None:
    assert set(FIXES.values()) == set(Fix)
    assert all(fix.label for fix in Fix)


def cells_by_csv(content: bytes) -> list[list[str]]:
    """As Python's csv module has them, which knows no URL-encoding; blank lines at the end left out."""
    text = content.decode().rstrip("\r\n")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


TOKENS = st.sampled_from(
    ["photos", "a", "%20", "%41", "+", "%2B", ",", ",", ",", '"', '"', '""', "\n", "\n", "\r\n",
     "é", " ", "/", "..", "//", "%C3%A9", "null"]
)  # fmt: skip
COLUMNS = st.sampled_from([TWO, (KEY, BUCKET), (BUCKET, KEY, VERSION), (IGNORE, BUCKET, KEY)])


@settings(max_examples=500, deadline=None)
@given(st.lists(TOKENS, max_size=30), COLUMNS, st.booleans())
@example(['"photos","a""b"', "\n", '"photos","c"'], TWO, False)
@example(["photos,a+b", "\n", 'photos,"a%2Bb"'], TWO, True)
@example(['"photos"', ",", '"a,b"'], TWO, False)
def test_what_is_accepted_has_the_cells_that_the_csv_module_finds(
    tokens: list[str], columns: tuple[ManifestField, ...], plus_is_space: bool
) -> None:
    content = "".join(tokens).encode()
    rules = KeyRules(plus_is_space=plus_is_space)
    try:
        blocks = list(read_blocks([content], columns, rows_per_block=2, rules=rules))
    except ManifestError:
        return
    found: list[Row] = []
    for block in blocks:
        rows = frozen_list.decode(frozen_list.encode(block.rows))
        found += [rows.row(index) for index in range(len(rows))]
    cells = cells_by_csv(content)
    assert [row.bucket for row in found] == [line[columns.index(BUCKET)] for line in cells]
    raw = [line[columns.index(KEY)] for line in cells]
    assert [row.raw_key for row in found] == [
        key.replace("+", "%20") if plus_is_space else key for key in raw
    ]
    if VERSION in columns:
        assert [row.version_id for row in found] == [line[2] for line in cells]


RIGHT = st.lists(
    st.tuples(
        st.text(st.sampled_from("abé+/%20,\"'. \n"), min_size=1, max_size=12),
        st.sampled_from(["v1", "null", "", "3/L4kqt+J="]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(RIGHT, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.booleans())
def test_whatever_the_csv_module_writes_with_encoded_keys_is_read(
    objects: list[tuple[str, str]], quoting: "csv._QuotingType", plus_is_space: bool
) -> None:
    def encoded(key: str) -> str:
        """As form encoding has it, where a + is a space; commas and quotes stand as they are."""
        signs = {"%": "%25", "\n": "%0A", " ": "%20"} | (
            {"+": "%2B", " ": "+"} if plus_is_space else {}
        )
        return "".join(signs.get(sign, sign) for sign in key)

    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting, lineterminator="\n")
    writer.writerows(["photos", encoded(key), version] for key, version in objects)
    blocks = read_blocks(
        [text.getvalue().encode()],
        (BUCKET, KEY, VERSION),
        rows_per_block=5,
        rules=KeyRules(plus_is_space=plus_is_space),
    )
    rows = [frozen_list.decode(frozen_list.encode(block.rows)) for block in blocks]
    found = [
        (key, version)
        for part in rows
        for key, version in zip(part.keys, part.version_ids, strict=True)
    ]
    assert found == objects
