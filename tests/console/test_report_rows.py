import contextlib
import csv
import io
import json

import pytest

from jobs.console.report_downloads import CSV, JSON_LINES, rows_in
from jobs.models import Report
from jobs.reports.reading import COLUMNS, UnreadableReportError, parse
from jobs.reports.rows import csv_line, report_row
from jobs.reports.scanning import RowFilter

KEYS = ["plain", "a,b", 'say "hi"', "two\nlines", "cr\rhere", "\u2028sep", "ünï%20code", "\x0bvt"]


def file_of(keys):
    return b"".join(
        report_row(
            bucket="photos", raw_key=key, version_id=None, succeeded=False,
            http_status=403, code="AccessDenied", message="no, really\nno",
        )
        for key in keys
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_rows_come_out_as_they_were_written_whatever_the_pieces(size):
    data = file_of(KEYS)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    rows = list(parse(pieces))
    assert [row.key for row in rows] == KEYS
    assert b"".join(csv_line(row.fields()) for row in rows) == data


@pytest.mark.parametrize(
    "data", [b"<html>\n", b'a,b,"c\n', b"1,2,3,4,5,6,7,8\n", b"x" * (3 * 1024 * 1024)]
)
def test_file_that_is_no_report_is_said_to_be_unreadable(data):
    with pytest.raises(UnreadableReportError):
        list(parse([data[at : at + 1_000_000] for at in range(0, len(data), 1_000_000)]))


def test_rows_of_a_code_that_is_longer_than_what_is_counted_of_it_are_found_by_that():
    data = report_row(
        bucket="photos", raw_key="a", version_id=None, succeeded=False,
        http_status=400, code="X" * 200, message="",
    )  # fmt: skip
    assert [*filter(RowFilter(code="X" * 128).fits, parse([data]))]
    assert not [*filter(RowFilter(code="X" * 127).fits, parse([data]))]


class Storage:
    """That has one file."""

    def __init__(self, data):
        self.data = data

    def open_object(self, bucket, key):
        return contextlib.nullcontext(iter([self.data]))


@pytest.mark.parametrize("wanted", [RowFilter(), RowFilter(code="AccessDenied")])
@pytest.mark.parametrize(
    "key", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")', "＝1"]
)
def test_cell_that_a_spreadsheet_would_run_is_text_in_the_download(key, wanted):
    report = Report(bucket="reports", files=[{"key": "a", "status": "failed", "rows": 1}])
    written = b"".join(rows_in(CSV, report, Storage(file_of([key])), wanted)).decode()
    head, row = csv.reader(io.StringIO(written, newline=""))
    assert head == list(COLUMNS)
    assert row == ["photos", f"'{key}", "", "failed", "403", "AccessDenied", "no, really no"]


@pytest.mark.parametrize("wanted", [RowFilter(), RowFilter(code="AccessDenied")])
def test_json_lines_say_what_the_rows_say(wanted):
    report = Report(bucket="reports", files=[{"key": "a", "status": "failed", "rows": 1}])
    written = b"".join(rows_in(JSON_LINES, report, Storage(file_of(KEYS)), wanted)).decode()
    rows = [json.loads(line) for line in written.removesuffix("\n").split("\n")]
    assert [row["Key"] for row in rows] == [key.replace("%20", " ") for key in KEYS]
    assert {tuple(row) for row in rows} == {COLUMNS}
