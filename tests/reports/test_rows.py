"""The lines of a completion report."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.reports.gathering import count_rows
from jobs.reports.reading import parse
from jobs.reports.rows import report_row


def row(**changes):
    facts = {
        "bucket": "photos",
        "raw_key": "a.jpg",
        "version_id": None,
        "succeeded": True,
        "http_status": 200,
        "code": "",
        "message": "Successful",
    }
    return report_row(**(facts | changes))


def test_row_has_the_real_column_order_with_the_status_before_the_code():
    assert row() == b"photos,a.jpg,,succeeded,200,,Successful\n"
    assert (
        row(succeeded=False, http_status=404, code="NoSuchKey", message="Not there.")
        == b"photos,a.jpg,,failed,404,NoSuchKey,Not there.\n"
    )


def test_fields_are_quoted_only_when_needed_and_inner_quotes_doubled():
    assert row(raw_key='say "hi", b%20c.jpg') == (
        b'photos,"say ""hi"", b%20c.jpg",,succeeded,200,,Successful\n'
    )
    assert row(message="it's fine; really") == (b"photos,a.jpg,,succeeded,200,,it's fine; really\n")


def test_key_is_echoed_still_encoded():
    assert row(raw_key="pct%2520literal.txt").split(b",")[1] == b"pct%2520literal.txt"


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
def test_any_key_and_message_come_back_through_a_csv_reader(pairs):
    lines = b"".join(row(raw_key=key, message=message) for key, message in pairs)
    read = list(csv.reader(io.StringIO(lines.decode(), newline="")))
    seen = [(key, re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)) for key, text in pairs]
    assert [(fields[1], fields[6]) for fields in read] == seen
    assert count_rows(lines) == len(pairs)


def test_row_of_a_storage_that_says_very_much_can_be_read_again():
    line = row(succeeded=False, http_status=400, code="X" * 200_000, message="é\n" * 200_000)
    (read,) = parse([line])
    assert read.code.startswith("XXX") and read.message.startswith("é é ")
    assert len(line) < 64 * 1024


@pytest.mark.parametrize(
    "sign", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\t", "\x00"]
)
def test_line_break_in_what_a_storage_says_is_a_space_and_a_row_is_one_line(sign):
    said = f'User "x", not{sign}allowed'
    line = row(succeeded=False, http_status=403, code=f"Access{sign}Denied", message=said)
    assert line == b'photos,a.jpg,,failed,403,Access Denied,"User ""x"", not allowed"\n'
    assert len(line.decode().splitlines()) == 1


def test_letters_that_only_look_unusual_stay_in_what_a_storage_says():
    said = "no\u00a0break, \ufeff \u200d \U0001f600 \u3000"
    assert row(message=said).decode().endswith(f',"{said}"\n')


def test_key_stays_byte_for_byte_whatever_it_holds():
    assert row(raw_key="a%0Ab\u2028c\x0bd") == (
        "photos,a%0Ab\u2028c\x0bd,,succeeded,200,,Successful\n".encode()
    )
