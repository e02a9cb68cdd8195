"""Rows of an inventory's CSV, many at once, in a few passes over their bytes.

An inventory has many columns, of which a job needs the first few. Says yes only to what `slow_rows`
accepts line by line; anything unusual is left to that, so that one place finds and words a fault.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.choices import ManifestField
from jobs.manifests.inventory.columns import Columns, Rules
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.lines import MAX_LINE_BYTES
from jobs.manifests.plain_text import Places, PlainText, look_at

_QUOTE, _COMMA, _LF = 0x22, 0x2C, 0x0A
_SMALL = 0x20
"""What a small letter has that its capital has not."""

# From the first large block that is freed on, the C library keeps smaller ones: to have each of a piece's
# arrays mapped anew takes longer than all that is done with them. Of this one no page is touched.
bytearray(16 * 1024 * 1024).clear()

BARE = (ManifestField.BUCKET, ManifestField.KEY)
VERSIONED = (*BARE, ManifestField.VERSION_ID)


def layout_of_tasks(columns: Columns) -> Layout:
    """That of the frozen list."""
    return layout_of(VERSIONED if columns.has_versions else BARE)


@dataclass(frozen=True, slots=True)
class QuickRows:
    """`kept` are the places of those of the text's `lines` that are rows, from 0."""

    rows: PlainText
    kept: Places
    lines: int


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where each field of each line begins and ends, quotes left out: of shape (lines, columns)."""

    lefts: NDArray[np.intp]
    rights: NDArray[np.intp]


def quick_rows(text: bytes, rules: Rules) -> QuickRows | None:
    """`text` are whole lines, each ended by LF alone. None means: look at each line."""
    columns = rules.columns
    layout = layout_of_tasks(columns)
    used = layout.columns
    if (columns.layout.bucket, columns.layout.key) != (0, 1):
        return None
    if columns.has_versions and columns.layout.version_id != 2:
        return None
    if b"\0" in text or b"\r" in text or not _is_utf8(text):
        return None
    is_quoted = text.startswith(b'"')  # and so does its first line
    codes = np.frombuffer(text, np.uint8)
    fields = (_quoted if is_quoted else _bare)(codes, columns.layout.columns)
    if fields is None:
        return None
    kept = _kept(text, codes, fields, columns, rules.takes_delete_markers)
    if kept is None:
        return None
    lines = len(fields.lefts)
    if not len(kept):
        return QuickRows(PlainText(b"", b",", kept, "", layout), kept, lines)
    short = _first_fields(text, fields, kept, used)
    if rules.keys.plus_is_space and b"+" in short:
        if columns.has_versions and _is_in_last_field(b"+", short, fields, kept, used):
            return None
        short = short.replace(b"+", b"%20")
    if is_quoted:
        # Those around fields are all there are; to replace `","` takes three times as long.
        short = short.translate(None, b'"')
    rows = look_at(short, layout, most_line_bytes=MAX_LINE_BYTES)
    return QuickRows(rows, kept, lines) if rows else None


def _quoted(codes: NDArray[np.uint8], columns: int) -> _Fields | None:
    """Of lines that have all their fields in quotes, and neither a quote nor a line end in one."""
    quotes = np.flatnonzero(codes == _QUOTE)
    lines, left_over = divmod(len(quotes), 2 * columns)
    # Of a numpy array, since bytes.count takes ten times as long.
    if left_over or not lines or np.count_nonzero(codes == _LF) != lines:
        return None
    # One sign stands between a closing quote and the next opening one.
    behind = quotes[1::2] + 1
    if behind[-1] != len(codes) - 1 or (quotes[2::2] != behind[:-1] + 1).any():
        return None
    signs = codes[behind].reshape(lines, columns)
    if (signs[:, :-1] != _COMMA).any() or (signs[:, -1] != _LF).any():
        return None
    places = quotes.reshape(lines, 2 * columns)
    if not _are_short(places[:, 0], behind[columns - 1 :: columns]):
        return None
    return _Fields(places[:, 0::2] + 1, places[:, 1::2])


def _bare(codes: NDArray[np.uint8], columns: int) -> _Fields | None:
    """Of lines without any quotes."""
    if (codes == _QUOTE).any():
        return None
    commas = np.flatnonzero(codes == _COMMA)
    ends = np.flatnonzero(codes == _LF)
    if len(commas) != (columns - 1) * len(ends):
        return None
    between = commas.reshape(len(ends), columns - 1)
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (between[:, 0] < starts).any() or (between[:, -1] > ends).any():
        return None
    if ends[-1] != len(codes) - 1 or not _are_short(starts, ends):
        return None
    return _Fields(np.column_stack((starts, between + 1)), np.column_stack((between, ends)))


def _are_short(starts: Places, ends: Places) -> bool:
    return int((ends - starts).max()) <= MAX_LINE_BYTES


def _kept(
    text: bytes,
    codes: NDArray[np.uint8],
    fields: _Fields,
    columns: Columns,
    takes_delete_markers: bool,
) -> Places | None:
    """The lines that are rows. None where one does not say whether it is a delete marker."""
    lines = len(fields.lefts)
    column = columns.is_delete_marker
    if column < 0:
        return np.arange(lines)
    lefts, rights = fields.lefts[:, column], fields.rights[:, column]
    lengths = rights - lefts
    first = codes[lefts] | _SMALL
    is_marker = (lengths == 4) & (first == ord("t"))
    is_object = ((lengths == 5) & (first == ord("f"))) | (lengths == 0)
    if not (is_marker | is_object).all():
        return None
    markers = np.flatnonzero(is_marker)
    pairs = zip(lefts[markers].tolist(), rights[markers].tolist(), strict=True)
    if any(text[left:right].lower() != b"true" for left, right in pairs):
        return None
    return np.arange(lines) if takes_delete_markers else np.flatnonzero(~is_marker)


def _first_fields(text: bytes, fields: _Fields, kept: Places, used: int) -> bytes:
    """The first `used` fields of the lines that are kept, with what stands between them."""
    starts, stops = fields.lefts[kept, 0].tolist(), fields.rights[kept, used - 1].tolist()
    short = [text[start:stop] for start, stop in zip(starts, stops, strict=True)]
    short.append(b"")
    return b"\n".join(short)


def _is_in_last_field(sign: bytes, short: bytes, fields: _Fields, kept: Places, used: int) -> bool:
    """Of those of `_first_fields`, at least in one line."""
    places = np.flatnonzero(np.frombuffer(short, np.uint8) == sign[0])
    lefts, rights = fields.lefts[kept], fields.rights[kept]
    ends = np.cumsum(rights[:, used - 1] - lefts[:, 0] + 1)
    starts = ends - 1 - (rights[:, used - 1] - lefts[:, used - 1])
    return bool((places >= starts[np.searchsorted(ends, places, side="right")]).any())


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
