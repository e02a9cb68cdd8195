"""What came instead of a storage's answer is said so that a person knows whom to ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.s3.foreign import MAX_QUOTED, describe, quoted


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<!DOCTYPE html>\n<html><head><title>Sign in</title>", 'HTML page titled "Sign in"'),
        (b"<html><title>\n A &amp; B\t</title>", 'HTML page titled "A & B"'),
        (b"<HTML><HEAD><TITLE lang='en'>Down</TITLE>", 'HTML page titled "Down"'),
        (b"<?xml version='1.0'?><!-- a --><!DOCTYPE html><title></title>", "HTML page"),
        (b"<html><body>502</body></html>", "HTML page"),
        (b'{"message": "Forbidden"}', "JSON"),
        (b"[1]", "JSON"),
        (b"{not json", "text: {not json"),
        (b"http: Server closed", "text: http: Server closed"),
        (b"a\r\nb\x07\tc\xe2\x80\xae", "text: a b c"),
        ("Gesperrt für Köln".encode(), "text: Gesperrt für Köln"),
        (b"<Oops/>", "XML: <Oops/>"),
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\x1f\x8b\x08\x00\x00", "bytes that are no text"),
        (b"\xff\xfe\xfd", "bytes that are no text"),
    ],
)
def test_body_is_named(body, what):
    assert describe(200, body) == what


def test_page_without_its_doctype_is_known_by_its_type():
    assert describe(200, b"<center>Blocked</center>", content_type="text/html") == "HTML page"


def test_redirect_says_where_to():
    said = describe(302, b"<html>", location="https://login.example.com/?next=/")
    assert said == "redirect to https://login.example.com/?next=/"


def test_quotation_is_short_and_says_that_it_was_cut():
    assert quoted("ab " * 40) == ("ab " * 40)[: MAX_QUOTED - 1] + "…"
    assert quoted("a" * MAX_QUOTED) == "a" * MAX_QUOTED


@given(st.integers(100, 599), st.binary(max_size=300), st.text(), st.text())
def test_anything_is_named_on_one_short_line(status, body, content_type, location):
    said = describe(status, body, content_type=content_type, location=location)
    assert said.isprintable()
    assert len(said) <= MAX_QUOTED + len('HTML page titled ""')
