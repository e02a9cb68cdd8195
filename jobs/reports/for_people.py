"""What a person opens in a spreadsheet must not be run by it. Pure."""

import csv
import io
from collections.abc import Iterable

_RUNS = frozenset("=+-@\t\r\n＝＋－＠")
"""With one of these a spreadsheet takes a cell for a formula, or a cell's text for the next cell."""


def defused(fields: tuple[str, ...]) -> tuple[str, ...]:
    """The fields with an apostrophe before each that a spreadsheet would run: it shows them as text.

    Only for files that are made for people. The report in the bucket is AWS's, byte for byte.
    """
    return tuple(["'" + field if field[:1] in _RUNS else field for field in fields])


def csv_of(rows: Iterable[tuple[str, ...]]) -> bytes:
    """Lines of a file for people, each field defused."""
    text = io.StringIO()
    # With the carriage return in the line end, csv quotes one in a field, too.
    csv.writer(text, lineterminator="\r\n").writerows(map(defused, rows))
    return text.getvalue().encode()
