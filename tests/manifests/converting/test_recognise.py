"""What is offered for lists as people have them."""

import pytest

from jobs.manifests.converting.encodings import encoding_of, why_no_list
from jobs.manifests.converting.recipe import CR, LF, Column, Keys, Separator
from jobs.manifests.converting.recognise import recognise
from jobs.manifests.converting.show import show

B, K, V, U, I = Column.BUCKET, Column.KEY, Column.VERSION_ID, Column.URI, Column.IGNORE  # noqa: E741
COMMA, NONE = Separator.COMMA, Separator.NONE


def facts(sample):
    found = recognise(sample, complete=True)
    return found.columns, found.separator, found.keys, found.header, found.spaced


@pytest.mark.parametrize(
    ("sample", "columns", "separator", "keys", "header", "spaced"),
    [
        (b"photos,a\nphotos,b%20c\n", (B, K), COMMA, Keys.ENCODED, False, False),
        (b"photos, 2024/a.jpg\nphotos, b.jpg\n", (B, K), COMMA, Keys.ENCODED, False, True),
        (b'"photos", "2024/a.jpg"\n', (B, K), COMMA, Keys.ENCODED, False, True),
        (b"photos,a b.jpg\n", (B, K), COMMA, Keys.NAMED, False, False),
        (b"photos,a b.jpg\nphotos,c%20d\n", (B, K), COMMA, Keys.MIXED, False, False),
        (b"photos\ta,b\nphotos\tc\n", (B, K), Separator.TAB, Keys.ENCODED, False, False),
        (b"photos;a;\nphotos;c;v1\n", (B, K, V), Separator.SEMICOLON, Keys.ENCODED, False, False),
        (b"photos|a\n", (B, K), Separator.BAR, Keys.ENCODED, False, False),
        (b"bucket,key\nphotos,a\n", (B, K), COMMA, Keys.ENCODED, True, False),
        (b"Object Key;Size;Bucket\na;1;photos\n", (K, I, B), Separator.SEMICOLON, Keys.ENCODED,
         True, False),
        (b"photos,a,123\nphotos,b,77\n", (B, K, I), COMMA, Keys.ENCODED, False, False),
        (b"a b.txt\nc.txt\n", (K,), NONE, Keys.NAMED, False, False),
        (b"2024/a,1.jpg\n2024/b.jpg\n2024/c,d,e.jpg\n", (K,), NONE, Keys.NAMED, False, False),
        (b"key\na.txt\nb.txt\n", (K,), NONE, Keys.NAMED, True, False),
        (b"s3://photos/a,1\ns3://photos/b,2\n", (U,), NONE, Keys.NAMED, False, False),
        (b"s3://photos/a%20b\n", (U,), NONE, Keys.ENCODED, False, False),
        (b"dir/a.jpg;5 KB\ndir/b.jpg;6 KB\n", (K, I), Separator.SEMICOLON, Keys.NAMED, False, False),
    ],
)  # fmt: skip
def test_list_is_recognised(sample, columns, separator, keys, header, spaced):
    assert facts(sample) == (columns, separator, keys, header, spaced)


def test_few_rows_with_a_comma_too_many_do_not_make_a_list_of_keys_of_a_manifest():
    sample = b"photos,a\n" * 20 + b"photos,a,b.jpg\n"
    found = recognise(sample, complete=True)
    assert (found.columns, found.separator) == ((B, K), COMMA)
    assert "Line 21 has 3 columns" in show(sample, found, complete=True).error


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems_are_read(ends):
    sample = ends.join(["photos,a", "photos,b", ""]).encode()
    found = recognise(sample, complete=True)
    assert found.line_end == (CR if ends == "\r" else LF)
    assert [pair.after for pair in show(sample, found, complete=True).pairs] == [
        "photos,a",
        "photos,b",
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf_16_and_utf_32_are_told_with_and_without_their_mark(encoding, mark):
    sample = f"{mark}photos,a\r\nphotos,é b\r\n".encode(encoding)
    found = recognise(sample, complete=True)
    assert (found.encoding, found.mark_bytes) == (encoding, len(mark.encode(encoding)))
    shown = show(sample, found, complete=True)
    assert [pair.after for pair in shown.pairs] == ["photos,a", "photos,%C3%A9%20b"]


@pytest.mark.parametrize(
    "sample", [b"photos,a\0b\n", b"\0\0\0\0", b"ab\0\0\x01\0", bytes(range(256))]
)
def test_bytes_that_may_be_anything_are_not_taken_for_utf_16(sample):
    assert encoding_of(sample).name == "utf-8"


@pytest.mark.parametrize(
    ("sample", "says"),
    [
        (b'{"sourceBucket": "a", "fileSchema": "Bucket, Key", "files": []}', "manifest.json"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        (b"<?xml version='1.0'?><Error>", "answer of a storage"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"PAR1", "Parquet"),
        (b'{"Key": "a"}\n', "JSON"),
    ],
)
def test_file_that_is_no_list_is_called_what_it_is(sample, says):
    assert says in why_no_list(sample)


def test_list_is_not_taken_for_anything_else():
    assert why_no_list(b"photos,a\n") is None


@pytest.mark.parametrize("sample", [b"", b"\n\n", b",", b'"', b"\xff", b"\xef\xbb\xbf"])
def test_nothing_worth_reading_is_no_error(sample):
    found = recognise(sample, complete=True)
    assert show(sample, found, complete=True).error


@pytest.mark.parametrize("sample", [b"photos,a\nphotos,b\r\n", "photos,é\n".encode()])
def test_manifest_as_it_should_be_needs_no_conversion(sample):
    assert not recognise(sample, complete=True).is_needed


@pytest.mark.parametrize(
    "sample",
    [
        b"photos,a b\n",
        b"\xef\xbb\xbfphotos,a\n",
        b"bucket,key\nphotos,a\n",
        b"photos;a\n",
        b"a\nb\n",
        b"s3://photos/a\n",
        b"photos,a\rphotos,b\r",
        b"photos, a\nphotos, b\n",
        "photos,a\n".encode("utf-16"),
    ],
)
def test_list_that_is_no_manifest_needs_one_and_says_what_is_done(sample):
    found = recognise(sample, complete=True)
    assert found.is_needed and list(found.changes())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-32-be"])
def test_row_that_the_end_of_the_sample_cut_is_not_shown(encoding):
    sample = "photos,a\nphotos,b\nphotos,cut sh".encode(encoding)
    found = recognise(sample, complete=False)
    shown = show(sample, found, complete=False)
    assert [pair.key for pair in shown.pairs] == ["a", "b"]
    assert shown.error == ""
