import gzip
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.choices import ManifestField
from jobs.manifests.every_problem import every_problem
from jobs.manifests.keys import AS_WRITTEN, KeyRules
from jobs.manifests.preview import preview
from jobs.manifests.problems import ManifestProblem

BUCKET, KEY, VERSION = ManifestField.BUCKET, ManifestField.KEY, ManifestField.VERSION_ID
TWO = (BUCKET, KEY)


def found(
    pieces: Iterable[bytes],
    fields: tuple[ManifestField, ...] = TWO,
    rules: KeyRules = AS_WRITTEN,
    most: int = 100,
) -> list[ManifestProblem]:
    return list(every_problem(pieces, fields, rules, most=most))


def told(content: bytes, fields: tuple[ManifestField, ...] = TWO) -> list[tuple[int | None, str]]:
    return [(one.line, one.kind.value) for one in found([content], fields)]


def test_every_line_that_is_wrong_is_told_with_its_number() -> None:
    content = (
        b"photos,a\n" * 5_000 + b"photos,b c\nphotos\n" + b"photos,a\n" * 5_000 + b"photos,\xff"
    )
    pieces = [content[start : start + 1_000] for start in range(0, len(content), 1_000)]
    assert [(one.line, one.kind.value) for one in found(pieces)] == [
        (5_001, "key-encoding"), (5_002, "columns"), (10_003, "encoding"),
    ]  # fmt: skip
    assert found(pieces)[0].row_text == "photos,b c"


def test_header_mark_and_blank_lines_are_told_and_those_at_the_end_are_not() -> None:
    assert told(b"\xef\xbb\xbfBucket,Key\nphotos,a\n\n\nphotos,b\n\n\n") == [
        (1, "bom"), (1, "header"), (3, "blank-line"), (4, "blank-line"),
    ]  # fmt: skip


def test_empty_version_is_told_as_what_it_is() -> None:
    content = b"photos,a,v\n" * 9 + b"photos,a,\nphotos,b,null\n"
    (one,) = found([b"photos,a,v\n", content], (BUCKET, KEY, VERSION))
    assert (one.line, one.kind.value, one.blocking) == (11, "missing-version-id", False)


def test_compressed_list_is_told_by_the_lines_of_its_text() -> None:
    assert told(gzip.compress(b"photos,a\nphotos,b c\n")) == [(2, "key-encoding")]
    assert told(gzip.compress(b"photos,b c\n")[:-3]) == [(1, "key-encoding"), (None, "compressed")]


def test_what_is_no_text_is_told_once() -> None:
    assert told(b"<!DOCTYPE html>\n<html>\n<body>\n") == [(1, "no-list")]


def test_after_the_most_there_is_one_that_says_that_there_are_more() -> None:
    problems = found([b"photos,b c\n" * 50], most=10)
    assert len(problems) == 11
    assert problems[-1].message == "There are more than these 10 problems."


def test_file_without_line_ends_is_one_problem_in_little_memory() -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 1024 * 1024

    tracemalloc.start()
    problems = found(pieces())
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [one.line for one in problems] == [1]
    assert peak_bytes < 16 * 1024 * 1024


LINES = st.lists(
    st.sampled_from([b"photos,a", b"photos", b"", b"photos,a b", b"photos,%zz", b'photos,"a"', b"x,y,z"])
)  # fmt: skip


@given(LINES, st.integers(1, 30), st.sampled_from([b"\n", b"\r\n"]))
def test_same_is_told_as_in_a_preview_of_the_whole_file(
    lines: list[bytes], length: int, line_end: bytes
) -> None:
    content = line_end.join(lines)
    seen = preview(content, complete=True, size_bytes=1, fields=TWO, max_problems=1_000)
    blocking = [(one.line, one.message) for one in seen.problems if one.blocking and one.line]
    pieces = [content[start : start + length] for start in range(0, len(content), length)]
    assert [(one.line, one.message) for one in found(pieces)] == blocking


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_empty_file_has_no_rows_that_are_wrong(content: bytes) -> None:
    assert told(content) == []
