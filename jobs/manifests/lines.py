"""How long a line of a manifest may be, and what a blank one is."""

from jobs.manifests.layout import MAX_COLUMNS
from jobs.manifests.problems import (
    RowFaultError,
    line_too_long,
    stray_carriage_return,
    too_many_columns,
)

MAX_LINE_BYTES = 64 * 1024
BLANK = (b"", b"\r")


def too_long(line: bytes) -> RowFaultError:
    """What is wrong with a line above the limit.

    A file with the line ends of old Macs is one line, and better told about those, as one that has all
    objects side by side is about its columns.
    """
    if b"\r" in line[:MAX_LINE_BYTES]:
        return stray_carriage_return()
    if line.count(b",", 0, MAX_LINE_BYTES) >= MAX_COLUMNS:
        return too_many_columns(MAX_COLUMNS)
    return line_too_long(MAX_LINE_BYTES)
