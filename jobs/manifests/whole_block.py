"""Checking many lines in a few passes over their bytes (docs/engine.md, Reading lists).

Says yes only to what `rows.parse_row` accepts line by line; anything unusual is left to it,
so that one place alone finds and words a fault.
"""

import binascii
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from jobs.manifests.layout import Layout
from jobs.manifests.rows import BUCKET_NAME, MAX_KEY_BYTES, MAX_VERSION_ID_BYTES

BucketRows = dict[str, tuple[int, int]]
"""Bucket -> (rows, place of its first row), in order of first appearance."""

_UNENCODED = bytes(range(0x21)) + b"\x7f"
# Quoted-printable is URL-encoding with another sign, and the standard library decodes it in C.
_TO_QUOTED_PRINTABLE = bytes.maketrans(b"%=", b"=%")


class Bare(NamedTuple):
    """Lines whose fields are not quoted (any more), and what stands between these."""

    text: bytes
    separator: bytes


def bucket_rows(lines: Sequence[bytes], layout: Layout) -> BucketRows | None:
    """Rows by bucket, places counted from 0, when every line is plainly right.

    `lines` come without line ends. None means: look at each line.
    """
    cells = _cells(b"\n".join(lines), len(lines))
    stride = layout.columns
    if cells is None or len(cells) != stride * len(lines) + 1:
        return None
    first_of_line = Counter(cells[1::stride])
    # Every LF begins a cell, so that no line has a field too many and another one too few.
    if any(cell[:1] != b"\n" for cell in first_of_line):
        return None
    if not _are_keys(_column(cells, layout.key, stride)):
        return None
    if layout.version_id >= 0 and not _are_version_ids(_column(cells, layout.version_id, stride)):
        return None
    return _by_bucket(cells[1 + layout.bucket :: stride])


def without_quotes(text: bytes, rows: int) -> Bare | None:
    """`text` are lines with LF between them. None where one holds NUL or CR, or some fields are
    quoted and some are not.
    """
    if b"\0" in text or b"\r" in text:
        return None
    if b'"' not in text:
        return Bare(text, b",")
    if not (text.startswith(b'"') and text.endswith(b'"')):
        return None
    inner = text[1:-1].replace(b'"\n"', b"\n")
    if len(inner) != len(text) - 2 * rows:
        return None
    inner = inner.replace(b'","', b"\0")
    return None if b'"' in inner else Bare(inner, b"\0")


def _cells(text: bytes, rows: int) -> list[bytes] | None:
    """All fields in one list: an empty one, then row after row; a line's first begins with LF.

    None where a line is not UTF-8, or `without_quotes` makes nothing of them.
    """
    bare = without_quotes(text, rows)
    if bare is None or not _is_utf8(text):
        return None
    return (b"\n" + bare.text).replace(b"\n", bare.separator + b"\n").split(bare.separator)


def _column(cells: list[bytes], position: int, stride: int) -> list[bytes]:
    column = cells[1 + position :: stride]
    return column if position else [cell[1:] for cell in column]


def _are_keys(keys: list[bytes]) -> bool:
    if not all(keys) or max(map(len, keys)) > MAX_KEY_BYTES:
        return False
    # A comma after a percent sign at a key's end keeps the next key's letters out of the escape.
    text = b",".join(keys)
    if len(text.translate(None, _UNENCODED)) != len(text):
        return False
    return b"%" not in text or _is_encoded(text)


def _is_encoded(text: bytes) -> bool:
    """Only a proper escape makes the decoded text two bytes shorter; no LF is in `text`."""
    decoded = binascii.a2b_qp(text.translate(_TO_QUOTED_PRINTABLE))
    if len(text) - len(decoded) != 2 * text.count(b"%"):
        return False
    return b"\0" not in decoded and _is_utf8(decoded)


def _are_version_ids(ids: list[bytes]) -> bool:
    text = b"".join(ids)
    if len(text.translate(None, _UNENCODED)) != len(text):
        return False
    return max(map(len, ids)) <= MAX_VERSION_ID_BYTES


def _by_bucket(column: list[bytes]) -> BucketRows | None:
    """`column` may still have the LF in front of each name."""
    rows: BucketRows = {}
    for cell, count in Counter(column).items():
        name = cell.removeprefix(b"\n").decode()
        if BUCKET_NAME.fullmatch(name) is None:
            return None
        rows[name] = (count, column.index(cell))
    return rows


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
