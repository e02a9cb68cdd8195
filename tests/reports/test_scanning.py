"""Searching the bytes finds exactly the rows that parsing every row finds."""

import sys
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.reports import scanning
from jobs.reports.reading import UnreadableReportError, parse
from jobs.reports.rows import csv_line
from jobs.reports.scanning import RowFilter, fitting, whole_rows

LETTERS = st.sampled_from(list('aAkK\u212aßẞÜüσςΣİı %+",/\n\r\0\u2028\ufffd2Ff0e🙂=.'))
TEXTS = st.text(LETTERS | st.characters(codec="utf-8"), max_size=12)


def half_encoded(text, flags):
    """Some of the bytes as %XX, in either case."""
    spelled = [
        sign if flag == 0 else "".join(f"%{n:02{'xX'[flag % 2]}}" for n in sign.encode())
        for sign, flag in zip(text, flags, strict=False)
    ]
    return "".join(spelled)


KEYS = st.one_of(
    TEXTS,
    TEXTS.map(quote),
    TEXTS.map(quote_plus),
    st.builds(half_encoded, TEXTS, st.lists(st.integers(0, 2), min_size=12)),
    st.builds(lambda text, n: f"{text}%{n:02X}", TEXTS, st.integers(0, 255)),
)


def file_of(rows):
    return b"".join(
        csv_line(("photos", key, "", "failed", "403", code, message)) for key, code, message in rows
    )


def found(data, wanted, size):
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return [row for _, row in fitting(pieces, wanted) if row]


ROWS = st.lists(st.tuples(KEYS, st.sampled_from(["", "AccessDenied", "5,x", 'q"']), TEXTS))


@given(
    rows=ROWS,
    q=TEXTS | KEYS,
    code=st.sampled_from(["", "AccessDenied", "Access", "5,x", 'q"']),
    size=st.sampled_from([1, 7, 10_000]),
    of=st.integers(0, 99),
    cut=st.tuples(st.integers(0, 9), st.integers(1, 9)),
)
@example(rows=[("two\nlines", "", "")], q="O\nL", code="", size=3, of=0, cut=(0, 0))
@example(rows=[("%E2%84%AA", "", "")], q="k", code="", size=9, of=0, cut=(0, 0))
@example(rows=[("%2541", "", "")], q="%41", code="", size=9, of=0, cut=(0, 0))
def test_search_of_bytes_finds_what_parsing_every_row_finds(rows, q, code, size, of, cut):
    if rows and of % 2:  # Mostly something that is there.
        q = rows[of % len(rows)][0][cut[0] : cut[0] + cut[1]]
    data, wanted = file_of(rows), RowFilter(q=q, code=code)
    assert found(data, wanted, size) == [row for row in parse([data]) if wanted.fits(row)]


@given(rows=ROWS, size=st.integers(1, 40))
def test_blocks_hold_whole_rows_and_each_says_where_it_begins(rows, size):
    data = file_of(rows)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    together = []
    for at, block in whole_rows(pieces):
        assert data[at : at + len(block)] == block
        together += parse([block])
    assert together == list(parse([data]))


@given(rows=ROWS)
def test_search_goes_on_behind_any_row_as_if_it_had_not_stopped(rows):
    data = file_of(rows)
    ends = [(end, row) for end, row in fitting([data], RowFilter()) if row]
    for n, (end, _) in enumerate(ends):
        assert [e for e in fitting([data[end:]], RowFilter(), end) if e[1]] == ends[n + 1 :]


@pytest.mark.parametrize("key", ["Ü b", "%C3%9C+b", "%c3%bc%20B", "ü%20%62"])
@pytest.mark.parametrize("q", ["ü b", "Ü B"])
def test_key_is_found_in_any_case_and_spelling(key, q):
    assert found(file_of([(key, "", "")]), RowFilter(q=q), 100)


def test_rows_where_what_is_sought_stands_elsewhere_are_not_parsed(monkeypatch):
    parsed = []
    monkeypatch.setattr(scanning, "parse", lambda pieces: parsed.extend(pieces) or parse(pieces))
    data = file_of([(f"key-{n}", "AccessDenied", "photos denied") for n in range(100)])
    assert len(found(data, RowFilter(q="key-42"), 999)) == len(parsed) == 1
    assert not found(data, RowFilter(q="denied"), 999) and len(parsed) == 1


def test_no_letter_with_another_case_lies_behind_those_that_are_looked_at():
    behind = map(chr, range(scanning._LAST_CASED + 1, sys.maxunicode + 1))
    assert all(sign.lower() == sign for sign in behind)


@pytest.mark.parametrize("data", [b"x" * 3_000_000, b'a,"' + b"\nx" * 1_500_000])
def test_bytes_without_an_end_of_row_are_no_report(data):
    pieces = [data[at : at + 1_000_000] for at in range(0, len(data), 1_000_000)]
    with pytest.raises(UnreadableReportError):
        list(fitting(pieces, RowFilter(q="y")))


def test_kind_that_a_dry_run_found_is_looked_for_among_the_tasks_that_succeeded():
    wanted = RowFilter(code="WouldChange")
    assert (wanted.reads_file("succeeded"), wanted.reads_file("failed")) == (True, False)
    failed = RowFilter(code="NoSuchKey")
    assert (failed.reads_file("succeeded"), failed.reads_file("failed")) == (False, True)
