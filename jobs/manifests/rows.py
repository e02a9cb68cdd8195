"""One line of a manifest, checked and decoded (docs/batch-operations.md, CSV manifests). Pure."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from jobs.choices import ManifestField
from jobs.manifests.keys import AS_WRITTEN, UNENCODED, KeyRules, space_after_comma
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.problems import (
    ProblemKind,
    RowFaultError,
    at_line,
    blank_line,
    quoted,
    stray_carriage_return,
    wrong_column_count,
)

MAX_VERSION_ID_BYTES = 1024

BUCKET_NAME = re.compile(r"[A-Za-z0-9._-]{3,255}")
"""What any S3 storage may call a bucket, old names with capitals and underscores included."""

_SPECIAL = re.compile(r'["\x00\r\n]')
_CELL = re.compile(r'(?:"((?:[^"]++|"")*+)"|([^",]*+))(?:,|\Z)')
_QUOTED = re.compile(r'"(?:[^"]++|"")*+"')


class Row(NamedTuple):
    """One listed object.

    `raw_key` is the field after CSV unquoting and before URL-decoding: what the report echoes
    (docs/batch-operations.md, Rows of a report); where its rules are not the usual ones it is the same
    key in the usual encoding (keys.py). `version_id` is None without a VersionId column;
    "" is an empty field, whose task alone fails (docs/batch-operations.md, CSV manifests); "null"
    is the null version.
    """

    bucket: str
    raw_key: str
    key: str
    version_id: str | None


def parse_row(line: bytes, fields: tuple[ManifestField, ...], *, line_number: int) -> Row:
    """`line` comes without its line end. Raises ManifestError, with the line, for bad content."""
    return row_parser(fields)(line, line_number)


@lru_cache(maxsize=64)
def row_parser(
    fields: tuple[ManifestField, ...], rules: KeyRules = AS_WRITTEN
) -> Callable[[bytes, int], Row]:
    """`parse_row` for one set of columns, for those who parse many lines."""
    layout = layout_of(fields)

    def parse(line: bytes, line_number: int) -> Row:
        try:
            return read_row(line, layout, rules)
        except RowFaultError as fault:
            raise at_line(fault, line, line_number) from None

    return parse


def read_row(line: bytes, layout: Layout, rules: KeyRules = AS_WRITTEN) -> Row:
    """As `parse_row`, but raises RowFaultError for bad content."""
    cells = split_line(line)
    if len(cells) != layout.columns:
        raise _miscounted(line, cells, layout)
    bucket = cells[layout.bucket]
    if BUCKET_NAME.fullmatch(bucket) is None:
        check_bucket(bucket)
    raw_key, key = rules.read(cells[layout.key])
    version_id = None
    if layout.version_id >= 0:
        version_id = cells[layout.version_id]
        check_version_id(version_id)
    return Row(bucket, raw_key, key, version_id)


def split_line(line: bytes) -> list[str]:
    """The line's fields, unquoted. Raises RowFaultError for what is no line of a CSV file."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(line[error.start], error.start + 1) from None
    if _SPECIAL.search(text) is None:
        return text.split(",")
    return _split_with_care(text)


def check_bucket(name: str) -> None:
    """Raises RowFaultError for an empty or impossible bucket name."""
    if not name:
        raise RowFaultError(ProblemKind.BUCKET, "names no bucket.", "Put the bucket's name there.")
    if BUCKET_NAME.fullmatch(name) is None:
        raise RowFaultError(
            ProblemKind.BUCKET,
            f"names the bucket {quoted(name)}, which cannot be a bucket's name.",
            "A name has 3 to 255 letters, digits, dots, hyphens or underscores.",
        )


def check_version_id(version_id: str) -> None:
    """An empty one passes: its task fails, not the job. Raises RowFaultError.

    See docs/batch-operations.md, CSV manifests.
    """
    if UNENCODED.search(version_id) or len(version_id.encode()) > MAX_VERSION_ID_BYTES:
        raise RowFaultError(
            ProblemKind.VERSION_ID,
            f"has the version ID {quoted(version_id)}, which cannot be one.",
            "Give the ID as the storage shows it, or the word null.",
        )


def _miscounted(line: bytes, cells: list[str], layout: Layout) -> RowFaultError:
    if not line.strip():
        return blank_line()
    others = {";": "semicolons", "\t": "tabs", "|": "bars"}
    seen = [word for sign, word in others.items() if len(cells) == 1 and sign in cells[0]]
    return wrong_column_count(len(cells), layout.names, layout.columns, seen[0] if seen else None)


def _split_with_care(text: str) -> list[str]:
    """Fields may be quoted, as in RFC 4180, but not over several lines.

    See docs/batch-operations.md, CSV manifests.
    """
    if "\0" in text:
        raise RowFaultError(
            ProblemKind.ENCODING,
            "has a NUL byte.",
            "Save the file as UTF-8 text: UTF-16 and binary files look like this.",
        )
    if "\r" in text or "\n" in text:
        raise stray_carriage_return()
    return _unquoted(text)


def _unquoted(text: str) -> list[str]:
    cells: list[str] = []
    position = 0
    while True:
        match = _CELL.match(text, position)
        if match is None:
            raise _broken_quotes(text[position:])
        quoted, plain = match.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        position = match.end()
        if position == len(text) and not match[0].endswith(","):
            return cells


def _broken_quotes(rest: str) -> RowFaultError:
    """`rest` begins at the field that is neither plain nor properly quoted."""
    if rest.startswith(" ") and rest.lstrip(" ").startswith('"'):
        return space_after_comma()
    if not rest.startswith('"'):
        return RowFaultError(
            ProblemKind.QUOTES,
            "has a quote inside a field that is not quoted.",
            "Encode it as %22, or quote the whole field and double the quote.",
        )
    if _QUOTED.match(rest):
        return RowFaultError(
            ProblemKind.QUOTES,
            "has text behind a closing quote.",
            "Double a quote that belongs to the field, or encode it as %22.",
        )
    return RowFaultError(
        ProblemKind.QUOTES, "has a quote that is never closed.", "Close the quote."
    )


def _not_utf8(byte: int, position: int) -> RowFaultError:
    return RowFaultError(
        ProblemKind.ENCODING,
        f"is not UTF-8 (0x{byte:02X} at byte {position}).",
        "Save the file as UTF-8.",
    )
