"""Rows of an inventory's CSV, line by line: what `quick_rows` leaves, and every fault's words."""

from collections.abc import Iterable

from jobs.manifests.inventory.columns import AS_S3_WRITES, Columns
from jobs.manifests.keys import KeyRules
from jobs.manifests.lines import MAX_LINE_BYTES, too_long
from jobs.manifests.problems import ProblemKind, RowFaultError, at_line
from jobs.manifests.rows import Row, read_row, split_line

_SAYS = {"true": True, "false": False, "": False}


def slow_rows(
    lines: Iterable[bytes],
    columns: Columns,
    first_line: int,
    *,
    takes_delete_markers: bool,
    keys: KeyRules = AS_S3_WRITES,
) -> list[Row | None]:
    """Of lines without their ends: None for a delete marker that is left out. Raises ManifestError, with
    the line, for the first bad one.
    """
    rows = []
    for number, line in enumerate(lines, first_line):
        try:
            left_out = _is_delete_marker(line, columns) and not takes_delete_markers
            rows.append(None if left_out else read_row(line, columns.layout, keys))
        except RowFaultError as fault:
            raise at_line(fault, line, number) from None
    return rows


def _is_delete_marker(line: bytes, columns: Columns) -> bool:
    if len(line) > MAX_LINE_BYTES:
        raise too_long(line)
    if columns.is_delete_marker < 0:
        return False
    cells = split_line(line)
    if len(cells) != columns.layout.columns:
        return False
    word = cells[columns.is_delete_marker]
    if word.lower() not in _SAYS:
        raise RowFaultError(
            ProblemKind.COLUMNS,
            f'has "{word[:60]}" as its IsDeleteMarker.',
            "It must be true or false.",
        )
    return _SAYS[word.lower()]
