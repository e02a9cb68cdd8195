"""One line of a manifest, checked and decoded (docs/batch-operations.md, CSV manifests). Pure."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from jobs.choices import ManifestField
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.problems import (
    ProblemKind,
    RowFaultError,
    at_line,
    blank_line,
    stray_carriage_return,
    wrong_column_count,
)

MAX_KEY_BYTES = 1024
MAX_VERSION_ID_BYTES = 1024

BUCKET_NAME = re.compile(r"[A-Za-z0-9._-]{3,255}")
"""What any S3 storage may call a bucket, old names with capitals and underscores included."""

# ASCII controls, space and DEL: what URL-encoding never leaves as it is.
_UNENCODED = re.compile(r"[\x00-\x20\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_SPECIAL = re.compile(r'["\x00\r\n]')
_CELL = re.compile(r'(?:"((?:[^"]++|"")*+)"|([^",]*+))(?:,|\Z)')
_QUOTED = re.compile(r'"(?:[^"]++|"")*+"')
_SHOWN_CELL_CHARACTERS = 60


class Row(NamedTuple):
    """One listed object.

    `raw_key` is the field after CSV unquoting and before URL-decoding: what the report echoes
    (docs/batch-operations.md, Rows of a report). `version_id` is None without a VersionId column;
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
def row_parser(fields: tuple[ManifestField, ...]) -> Callable[[bytes, int], Row]:
    """`parse_row` for one set of columns, for those who parse many lines."""
    layout = layout_of(fields)

    def parse(line: bytes, line_number: int) -> Row:
        try:
            return read_row(line, layout)
        except RowFaultError as fault:
            raise at_line(fault, line, line_number) from None

    return parse


def read_row(line: bytes, layout: Layout) -> Row:
    """As `parse_row`, but raises RowFaultError for bad content."""
    cells = split_line(line)
    if len(cells) != layout.columns:
        raise _miscounted(line, cells, layout)
    bucket = cells[layout.bucket]
    if BUCKET_NAME.fullmatch(bucket) is None:
        check_bucket(bucket)
    raw_key = cells[layout.key]
    version_id = None
    if layout.version_id >= 0:
        version_id = cells[layout.version_id]
        check_version_id(version_id)
    return Row(bucket, raw_key, decode_key(raw_key), version_id)


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
            f"names the bucket {_quoted(name)}, which cannot be a bucket's name.",
            "A name has 3 to 255 letters, digits, dots, hyphens or underscores.",
        )


def decode_key(raw: str) -> str:
    """The object's key from its URL-encoded form; `+` stands for itself. Raises RowFaultError."""
    _check_encoding(raw)
    decoded = unquote_to_bytes(raw) if "%" in raw else raw.encode()
    if len(decoded) > MAX_KEY_BYTES:
        raise RowFaultError(
            ProblemKind.KEY,
            f"has a key of {len(decoded):,} bytes, decoded.",
            f"A key has at most {MAX_KEY_BYTES:,} bytes: remove the line or mend the key.",
        )
    if b"\0" in decoded:
        raise RowFaultError(ProblemKind.KEY, "has a key with a NUL byte (%00).", "Remove the line.")
    try:
        return decoded.decode()
    except UnicodeDecodeError as error:
        raise RowFaultError(
            ProblemKind.KEY_ENCODING,
            f"has a key that is not UTF-8 when decoded (%{decoded[error.start]:02X}).",
            "Encode the key's UTF-8 bytes.",
        ) from None


def check_version_id(version_id: str) -> None:
    """An empty one passes: its task fails, not the job. Raises RowFaultError.

    See docs/batch-operations.md, CSV manifests.
    """
    if _UNENCODED.search(version_id) or len(version_id.encode()) > MAX_VERSION_ID_BYTES:
        raise RowFaultError(
            ProblemKind.VERSION_ID,
            f"has the version ID {_quoted(version_id)}, which cannot be one.",
            "Give the ID as the storage shows it, or the word null.",
        )


def _miscounted(line: bytes, cells: list[str], layout: Layout) -> RowFaultError:
    if not line.strip():
        return blank_line()
    others = {";": "semicolons", "\t": "tabs", "|": "bars"}
    seen = [word for sign, word in others.items() if len(cells) == 1 and sign in cells[0]]
    return wrong_column_count(len(cells), layout.names, layout.columns, seen[0] if seen else None)


def _check_encoding(raw: str) -> None:
    if not raw:
        raise RowFaultError(ProblemKind.KEY, "has no key.", "Put the object's key there.")
    unencoded = _UNENCODED.search(raw)
    if unencoded:
        sign = unencoded[0]
        name = "a space" if sign == " " else f"the control character 0x{ord(sign):02X}"
        raise RowFaultError(
            ProblemKind.KEY_ENCODING,
            f"has {name} in its key.",
            f"Encode it as %{ord(sign):02X}: keys in a manifest are URL-encoded.",
        )
    if "%" not in raw:
        return
    bad = _BAD_ESCAPE.search(raw)
    if bad:
        raise RowFaultError(
            ProblemKind.KEY_ENCODING,
            f"has {_quoted(bad[0])} in its key, which is no URL-encoding.",
            "Write a percent sign of the key itself as %25.",
        )


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


def _quoted(text: str) -> str:
    if len(text) > _SHOWN_CELL_CHARACTERS:
        text = text[: _SHOWN_CELL_CHARACTERS - 1] + "…"
    return f'"{text}"'
