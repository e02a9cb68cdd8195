import csv
import io
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.choices import ManifestField
from jobs.errors import ManifestError
from jobs.manifests import frozen_list
from jobs.manifests.csv_manifest import read_blocks
from jobs.manifests.rows import Row
from jobs.manifests.source import Place, RowBlock

BUCKET, KEY = ManifestField.BUCKET, ManifestField.KEY
VERSION = ManifestField.VERSION_ID
TWO = (BUCKET, KEY)

raw_keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
rows = st.lists(
    st.tuples(
        st.sampled_from(["photos", "archive", "x-1"]),
        raw_keys.map(lambda key: quote(key, safe='/,"+'))
        .filter(lambda key: len(key) <= 1024),
    ),
    min_size=1,
    max_size=30,
)  # fmt: skip
line_ends = st.sampled_from(["\n", "\r\n"])


def written(rows: list[tuple[str, str]], line_end: str = "\n", last: str | None = None) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=line_end).writerows(rows)
    text = buffer.getvalue()
    return (text if last is None else text.removesuffix(line_end) + last).encode()


def read(
    content: bytes, fields: tuple[ManifestField, ...] = TWO, *, rows_per_block: int = 3
) -> list[RowBlock]:
    return list(read_blocks([content], fields, rows_per_block=rows_per_block))


def rows_of(block: RowBlock) -> list[Row]:
    """As a worker reads them back."""
    found = frozen_list.decode(frozen_list.encode(block.rows))
    assert len(found) == block.rows.rows
    return [found.row(index) for index in range(len(found))]


def raw_keys_of(block: RowBlock) -> list[str]:
    return [row.raw_key for row in rows_of(block)]


def refusal(content: bytes, fields: tuple[ManifestField, ...] = TWO) -> tuple[int | None, str]:
    with pytest.raises(ManifestError) as caught:
        read(content, fields)
    assert caught.value.code == "InvalidManifestContent"
    return caught.value.line, caught.value.message


@st.composite
def cut(draw: st.DrawFn, content: bytes) -> list[bytes]:
    places = draw(st.lists(st.integers(0, len(content)), max_size=8))
    edges = [0, *sorted(places), len(content)]
    return [content[start:end] for start, end in pairwise(edges)]


@given(rows, line_ends, st.sampled_from([None, "", "\n", "\n\r\n\n"]))
def test_every_row_written_is_read_once_and_in_order(
    rows: list[tuple[str, str]], line_end: str, last: str | None
) -> None:
    blocks = read(written(rows, line_end, last))
    found = [row for block in blocks for row in rows_of(block)]
    assert [(row.bucket, row.raw_key) for row in found] == rows


@given(rows, line_ends, st.integers(1, 7))
def test_blocks_are_full_but_for_the_last_and_say_where_they_are(
    rows: list[tuple[str, str]], line_end: str, rows_per_block: int
) -> None:
    content = written(rows, line_end)
    blocks = read(content, rows_per_block=rows_per_block)
    sizes = [block.rows.rows for block in blocks]
    assert sizes[:-1] == [rows_per_block] * (len(blocks) - 1)
    assert 1 <= sizes[-1] <= rows_per_block
    assert [block.place.line for block in blocks] == list(range(1, len(rows) + 1, rows_per_block))
    ends = [0, *(block.checkpoint["byte"] for block in blocks)]
    parts = [content[start:end] for start, end in pairwise(ends)]
    assert b"".join(parts) == content
    for block, part in zip(blocks, parts, strict=True):
        assert rows_of(block) == [row for part_block in read(part) for row in rows_of(part_block)]
        assert part.endswith(b"\n")


@given(rows)
def test_buckets_of_a_block_have_their_rows_and_first_lines(rows: list[tuple[str, str]]) -> None:
    for block in read(written(rows)):
        names = [row.bucket for row in rows_of(block)]
        assert block.buckets == {
            name: (names.count(name), Place(block.place.line + names.index(name))) for name in names
        }


@given(st.data(), rows, line_ends, st.sampled_from([None, "", "\n\n"]))
def test_blocks_do_not_depend_on_where_the_pieces_were_cut(
    data: st.DataObject, rows: list[tuple[str, str]], line_end: str, last: str | None
) -> None:
    content = written(rows, line_end, last)
    pieces = data.draw(cut(content))
    assert list(read_blocks(pieces, TWO, rows_per_block=3)) == read(content)


@given(st.data(), rows, st.sampled_from([b"\n", b"photos\n", b"photos,a b\n", b"\xff,a\n"]))
def test_error_does_not_depend_on_where_the_pieces_were_cut(
    data: st.DataObject, rows: list[tuple[str, str]], bad: bytes
) -> None:
    content = written(rows) + bad + written(rows)
    pieces = data.draw(cut(content))
    whole: list[RowBlock] = []
    parts: list[RowBlock] = []
    with pytest.raises(ManifestError) as of_whole:
        whole.extend(read_blocks([content], TWO, rows_per_block=3))
    with pytest.raises(ManifestError) as of_parts:
        for block in read_blocks(pieces, TWO, rows_per_block=3):
            parts.append(block)
    assert of_whole.value.line == of_parts.value.line == len(rows) + 1
    assert of_whole.value.message == of_parts.value.message
    assert len(parts) == len(rows) // 3


@given(rows, line_ends, st.sampled_from([None, "", "\n\n"]), st.integers(1, 4))
def test_reading_on_from_any_block_gives_the_blocks_of_one_go(
    rows: list[tuple[str, str]], line_end: str, last: str | None, rows_per_block: int
) -> None:
    content = written(rows, line_end, last)
    blocks = read(content, rows_per_block=rows_per_block)
    for position, block in enumerate(blocks, 1):
        rest = read_blocks(
            [content[block.checkpoint["byte"] :]],
            TWO,
            rows_per_block=rows_per_block,
            first_line=block.checkpoint["line"],
            start_byte=block.checkpoint["byte"],
        )
        assert list(rest) == blocks[position:]


def test_mixed_line_ends_are_taken_and_do_not_get_into_the_rows() -> None:
    (block,) = read(b"photos,a\r\nphotos,b\nphotos,c\r")
    assert raw_keys_of(block) == ["a", "b", "c"]
    assert block.checkpoint["byte"] == 28


def test_file_with_quotes_in_some_rows_only_is_read() -> None:
    (block,) = read(b'photos,a\n"photos","b,c"\nphotos,"d""e"\n')
    assert block.buckets == {"photos": (3, Place(1))}


def test_missing_version_id_in_some_rows_does_not_stop_the_reading() -> None:
    (block,) = read(b"photos,a,v1\nphotos,b,\n", (BUCKET, KEY, VERSION))
    assert [(row.raw_key, row.version_id) for row in rows_of(block)] == [("a", "v1"), ("b", "")]


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\n\r\n", b"\r"])
def test_empty_file_is_refused(content: bytes) -> None:
    assert refusal(content) == (None, "The manifest is empty. List at least one object.")


def test_nothing_left_behind_the_last_block_is_no_error() -> None:
    rest = read_blocks([b"\n\n"], TWO, rows_per_block=3, first_line=4, start_byte=30)
    assert list(rest) == []


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        (
            b"\xef\xbb\xbfphotos,a\n",
            1,
            "Line 1 starts with a byte order mark (BOM). Save the file as UTF-8 without BOM.",
        ),
        (
            b"Bucket,Key\nphotos,a\n",
            1,
            "Line 1 looks like a header row."
            " Remove it: the columns are named when the job is made.",
        ),
        (
            b'"bucket_name","Size","Object Key"\nphotos,a\n',
            1,
            "Line 1 looks like a header row."
            " Remove it: the columns are named when the job is made.",
        ),
        (
            "photos,a\n".encode("utf-16"),
            1,
            "Line 1 is UTF-16. Save the file as UTF-8 without BOM.",
        ),
        (
            "photos,a\n".encode("utf-16-le"),
            1,
            "Line 1 has a NUL byte."
            " Save the file as UTF-8 text: UTF-16 and binary files look like this.",
        ),
        (
            b"\x1f\x8b\x08\x00\x00\n",
            1,
            "Line 1 is not text: the file is compressed twice."
            " Compress the CSV file once, or leave it uncompressed.",
        ),
        (
            b"photos,a\n\nphotos,b\n",
            2,
            "Line 2 is blank. Remove it: every line names an object.",
        ),
        (
            b"photos,a\n\n\n\n\nphotos,b",
            2,
            "Line 2 is blank. Remove it: every line names an object.",
        ),
        (
            b"photos,a\rphotos,b\r",
            1,
            "Line 1 has a carriage return in its middle."
            " End lines with LF or CRLF, and write a carriage return in a key as %0D.",
        ),
        (
            b"photos,a\nphotos,b\nphotos,c\nphotos,d,e\n",
            4,
            "Line 4 has 3 columns, 2 are expected (Bucket,Key)."
            " Put a field that has a comma in quotes, or remove what is too much.",
        ),
        (
            b"photos,a\nphotos,caf\xe9",
            2,
            "Line 2 is not UTF-8 (0xE9 at byte 11). Save the file as UTF-8.",
        ),
        (
            b'photos,"a\nb"\n',
            1,
            "Line 1 has a quote that is never closed. Close the quote.",
        ),
    ],
)
def test_bad_file_gets_a_sentence_with_its_line(content: bytes, line: int, sentence: str) -> None:
    assert refusal(content) == (line, sentence)


def test_header_is_looked_for_in_the_first_line_only() -> None:
    (block,) = read(b"photos,a\nbucket,key\n")
    assert block.buckets == {"photos": (1, Place(1)), "bucket": (1, Place(2))}
    (block,) = read_blocks([b"bucket,key\n"], TWO, rows_per_block=3, first_line=9, start_byte=90)
    assert block.buckets == {"bucket": (1, Place(9))}


def test_line_above_64_kib_is_refused_without_waiting_for_its_end() -> None:
    pieces = iter([b"photos,a\n", *[b"x" * 1024] * 65, b"never asked for"])
    with pytest.raises(ManifestError) as caught:
        list(read_blocks(pieces, TWO, rows_per_block=3))
    assert caught.value.line == 2
    assert "Line 2 is longer than 65,536 bytes." in caught.value.message
    assert list(pieces) == [b"never asked for"]


def test_long_line_of_ignored_columns_is_taken_up_to_64_kib_and_no_further() -> None:
    fields = (BUCKET, KEY, ManifestField.IGNORE)
    longest = b"photos,a," + b"x" * (64 * 1024 - 9)
    (block,) = read(longest + b"\r\n", fields)
    assert raw_keys_of(block) == ["a"]
    line, message = refusal(longest + b"x\r\n", fields)
    assert (line, "longer than 65,536 bytes" in message) == (1, True)


def test_file_with_the_line_ends_of_old_macs_is_told_so_whatever_its_size() -> None:
    line, message = refusal(b"photos,a\r" * 20_000)
    assert (line, "carriage return" in message) == (1, True)


def test_earlier_line_is_blamed_before_a_later_one_that_is_too_long() -> None:
    line, message = refusal(b"photos,a\nphotos\n" + b"x" * 70_000)
    assert (line, "1 column" in message) == (2, True)


def pieces_of_a_file(size_bytes: int) -> Iterator[bytes]:
    folder = b"a-rather-long-name-of-a-folder/" * 20
    piece = b"".join([b"photos,%b%%C3%%A9-%09d.jpeg\n" % (folder, i) for i in range(1_600)])
    for _ in range(size_bytes // len(piece) + 1):
        yield piece


def peak_bytes_of_reading(size_bytes: int) -> int:
    tracemalloc.reset_peak()
    last = None
    for block in read_blocks(pieces_of_a_file(size_bytes), TWO, rows_per_block=500):
        last = block
    assert last is not None
    assert last.checkpoint["byte"] >= size_bytes
    return tracemalloc.get_traced_memory()[1]


def test_memory_does_not_grow_with_the_file() -> None:
    tracemalloc.start()
    try:
        small, large = peak_bytes_of_reading(10_000_000), peak_bytes_of_reading(200_000_000)
    finally:
        tracemalloc.stop()
    assert large < 1.1 * small
    assert large < 16_000_000


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b"photos", b"a%20b", b",", b'"', b"\n", b"\r", b"\0", b"\xff"])))
def test_any_bytes_give_blocks_or_a_sentence_with_its_line(tokens: list[bytes]) -> None:
    content = b"".join(tokens)
    try:
        blocks = read(content)
    except ManifestError as error:
        lines = content.count(b"\n") + 1
        assert error.line is None or 1 <= error.line <= lines
    else:
        assert blocks


def test_file_that_goes_on_with_blank_lines_is_refused_at_the_first_of_them() -> None:
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        yield b"photos,a\nphotos,b\n"
        for _ in range(10_000):  # 10 GB
            taken += 1
            yield b"\n" * 1_000_000

    blocks = read_blocks(pieces(), (ManifestField.BUCKET, ManifestField.KEY), rows_per_block=10)
    assert next(blocks).rows.rows == 2
    with pytest.raises(ManifestError, match="Line 3 and more than 10,000 after it are blank") as no:
        next(blocks)
    assert (no.value.line, taken) == (3, 1)


def test_file_of_nothing_but_line_feeds_is_refused_soon() -> None:
    blocks = read_blocks(
        iter([b"\n" * 10_000, b"\n\r\n" * 10]), (ManifestField.BUCKET, ManifestField.KEY),
        rows_per_block=10,
    )  # fmt: skip
    with pytest.raises(ManifestError, match="Line 1 and more than 10,000"):
        next(blocks)


def test_some_blank_lines_at_the_end_mean_nothing() -> None:
    content = b"photos,a\n" + b"\n" * 10_000
    [block] = read_blocks(
        iter([content]), (ManifestField.BUCKET, ManifestField.KEY), rows_per_block=10
    )
    assert raw_keys_of(block) == ["a"]
