import pytest

from jobs.console.report_rows import RowFilter, as_csv
from jobs.reports.reading import UnreadableReportError, parse
from jobs.reports.rows import report_row

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
    assert "".join(as_csv(rows)).encode() == data


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
