import csv
import io
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.choices import ManifestField
from jobs.errors import ManifestError
from jobs.manifests.rows import Row, parse_row

BUCKET, KEY = ManifestField.BUCKET, ManifestField.KEY
VERSION, IGNORE = ManifestField.VERSION_ID, ManifestField.IGNORE
TWO = (BUCKET, KEY)
THREE = (BUCKET, KEY, VERSION)

names = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
keys = texts.filter(lambda key: len(key.encode()) <= 1024)
safe_signs = st.sampled_from(["/", "/,", '/,"', "/+=,\"'()é日", "é"])


def csv_line(*cells: str) -> bytes:
    """One row as a writer makes it that quotes only what needs quotes.

    See docs/batch-operations.md, Rows of a report.
    """
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue().encode()


def url_encoded(key: str, safe: str) -> str:
    """As `quote`, which leaves only ASCII as it is, with other letters left alone as well."""
    return "".join(sign if sign in safe else quote(sign, safe="") for sign in key)


def refusal(line: bytes, fields: tuple[ManifestField, ...] = TWO) -> str:
    with pytest.raises(ManifestError) as caught:
        parse_row(line, fields, line_number=17)
    assert caught.value.code == "InvalidManifestContent"
    assert caught.value.line == 17
    assert caught.value.message.startswith("Line 17 ")
    return caught.value.message


@given(names, keys, safe_signs)
def test_any_key_survives_encoding_and_quoting_and_its_raw_form_is_kept(
    bucket: str, key: str, safe: str
) -> None:
    raw = url_encoded(key, safe)
    row = parse_row(csv_line(bucket, raw), TWO, line_number=1)
    assert row == Row(bucket, raw, key, None)


@given(names, keys, safe_signs, st.from_regex(r"[A-Za-z0-9_.-]{0,32}", fullmatch=True), texts)
def test_columns_are_found_wherever_they_stand(
    bucket: str, key: str, safe: str, version: str, other: str
) -> None:
    other = other.replace("\r", " ").replace("\n", " ")
    raw = url_encoded(key, safe)
    line = csv_line(other, version, raw, other, bucket)
    row = parse_row(line, (IGNORE, VERSION, KEY, IGNORE, BUCKET), line_number=1)
    assert row == Row(bucket, raw, key, version)


@given(names, keys, safe_signs)
def test_raw_key_quoted_again_where_needed_gives_the_bytes_of_the_manifest(
    bucket: str, key: str, safe: str
) -> None:
    line = csv_line(bucket, url_encoded(key, safe))
    row = parse_row(line, TWO, line_number=1)
    assert csv_line(row.bucket, row.raw_key) == line


def test_fields_all_quoted_mean_the_same_as_without_quotes() -> None:
    quoted = parse_row(b'"photos","a%20b,c""d.jpg","v1"', THREE, line_number=1)
    assert quoted == Row("photos", 'a%20b,c"d.jpg', 'a b,c"d.jpg', "v1")


def test_plus_in_a_key_is_a_plus_and_never_a_space() -> None:
    assert parse_row(b"photos,1+1%2B1.txt", TWO, line_number=1).key == "1+1+1.txt"


def test_letters_beyond_ascii_may_stand_unencoded() -> None:
    row = parse_row("photos,été/日本.jpg".encode(), TWO, line_number=1)
    assert (row.raw_key, row.key) == ("été/日本.jpg", "été/日本.jpg")


def test_key_encoded_twice_is_decoded_once() -> None:
    assert parse_row(b"photos,pct%2520x.txt", TWO, line_number=1).key == "pct%20x.txt"


def test_word_null_as_version_id_is_passed_on() -> None:
    assert parse_row(b"photos,a.jpg,null", THREE, line_number=1).version_id == "null"


def test_empty_version_id_is_not_an_error_of_the_manifest() -> None:
    assert parse_row(b"photos,a.jpg,", THREE, line_number=1).version_id == ""


def test_version_id_is_none_where_no_column_holds_one() -> None:
    assert parse_row(b"photos,a.jpg", TWO, line_number=1).version_id is None


def test_old_bucket_names_with_capitals_and_underscores_are_taken() -> None:
    assert parse_row(b"Example_Bucket,a", TWO, line_number=1).bucket == "Example_Bucket"


def test_key_of_1024_bytes_is_taken_and_one_more_is_not() -> None:
    longest = "é" * 512
    assert parse_row(f"photos,{quote(longest)}".encode(), TWO, line_number=1).key == longest
    assert "1,025 bytes" in refusal(f"photos,{quote(longest)}x".encode())
    assert "1,025 bytes" in refusal(f"photos,{longest}x".encode())


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            b"photos,a,b,c",
            "Line 17 has 4 columns, 2 are expected (Bucket,Key)."
            " Put a field that has a comma in quotes, or remove what is too much.",
        ),
        (b"photos", "Line 17 has 1 column, 2 are expected (Bucket,Key). Add what is missing."),
        (
            b"photos;a.jpg",
            "Line 17 has 1 column, 2 are expected (Bucket,Key)."
            " Separate columns with commas, not with semicolons.",
        ),
        (b"", "Line 17 is blank. Remove it: every line names an object."),
        (b"  ", "Line 17 is blank. Remove it: every line names an object."),
        (
            b"photos,caf\xe9.jpg",
            "Line 17 is not UTF-8 (0xE9 at byte 11). Save the file as UTF-8.",
        ),
        (b",a.jpg", "Line 17 names no bucket. Put the bucket's name there."),
        (
            b"my bucket,a.jpg",
            'Line 17 names the bucket "my bucket", which cannot be a bucket\'s name.'
            " A name has 3 to 255 letters, digits, dots, hyphens or underscores.",
        ),
        (b"photos,", "Line 17 has no key. Put the object's key there."),
        (
            b"photos,a b.jpg",
            "Line 17 has a space in its key. Encode it as %20: keys in a manifest are URL-encoded.",
        ),
        (
            b"photos,a\tb.jpg",
            "Line 17 has the control character 0x09 in its key."
            " Encode it as %09: keys in a manifest are URL-encoded.",
        ),
        (
            b"photos,100%.jpg",
            'Line 17 has "%.j" in its key, which is no URL-encoding.'
            " Write a percent sign of the key itself as %25.",
        ),
        (
            b"photos,100%",
            'Line 17 has "%" in its key, which is no URL-encoding.'
            " Write a percent sign of the key itself as %25.",
        ),
        (
            b"photos,caf%E9.jpg",
            "Line 17 has a key that is not UTF-8 when decoded (%E9). Encode the key's UTF-8 bytes.",
        ),
        (b"photos,a%00b", "Line 17 has a key with a NUL byte (%00). Remove the line."),
        (
            b"photos,a\0b",
            "Line 17 has a NUL byte."
            " Save the file as UTF-8 text: UTF-16 and binary files look like this.",
        ),
        (
            b"photos,a\rphotos,b",
            "Line 17 has a carriage return in its middle."
            " End lines with LF or CRLF, and write a carriage return in a key as %0D.",
        ),
        (b'photos,"a.jpg', "Line 17 has a quote that is never closed. Close the quote."),
        (
            b'photos,a"b.jpg',
            "Line 17 has a quote inside a field that is not quoted."
            " Encode it as %22, or quote the whole field and double the quote.",
        ),
        (
            b'photos,"a"b.jpg',
            "Line 17 has text behind a closing quote."
            " Double a quote that belongs to the field, or encode it as %22.",
        ),
    ],
)
def test_bad_line_gets_a_sentence_that_says_what_where_and_what_to_do(
    line: bytes, sentence: str
) -> None:
    assert refusal(line) == sentence


def test_version_id_with_a_space_is_refused() -> None:
    assert 'has the version ID "v 1"' in refusal(b"photos,a.jpg,v 1", THREE)


@pytest.mark.parametrize("name", ["..", "a", "a/b", "x" * 256, "bücher"])
def test_bucket_name_that_no_storage_has_is_refused(name: str) -> None:
    assert "which cannot be a bucket's name" in refusal(f"{name},a".encode())


@pytest.mark.parametrize(
    ("fields", "word"),
    [((BUCKET,), "Key"), ((KEY, IGNORE), "Bucket"), ((BUCKET, KEY, KEY), "Key")],
)
def test_columns_without_bucket_or_key_or_with_one_twice_are_refused(
    fields: tuple[ManifestField, ...], word: str
) -> None:
    with pytest.raises(ManifestError, match=word) as caught:
        parse_row(b"photos,a", fields, line_number=1)
    assert caught.value.line is None


@given(st.binary(max_size=60))
def test_any_bytes_give_a_row_or_a_sentence(line: bytes) -> None:
    try:
        row = parse_row(line.replace(b"\n", b""), THREE, line_number=3)
    except ManifestError as error:
        assert error.line == 3
    else:
        assert row.key
