"""Checking many rows at once, in a few passes over their bytes (docs/engine.md, Reading lists).

Says yes only to what `rows.parse_row` accepts line by line; anything unusual is left to it, so that
one place alone finds and words a fault.
"""

import binascii
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.manifests.frozen_list import (
    BUCKET,
    COMMA,
    KEY,
    NUL,
    VERSION_ID,
    BucketsOfBlock,
    Frozen,
)
from jobs.manifests.keys import AS_WRITTEN, MAX_KEY_BYTES, KeyRules
from jobs.manifests.layout import Layout
from jobs.manifests.rows import BUCKET_NAME, MAX_VERSION_ID_BYTES

Places = NDArray[np.intp]

_LF, _PERCENT, _FIRST_PRINTED, _DEL = 0x0A, 0x25, 0x21, b"\x7f"
_HIGH_HALF = 8
"""The first digit of a byte that is no ASCII."""
_NO_DIGIT = 16
_HEX = np.full(256, _NO_DIGIT, np.uint8)
_HEX[list(b"0123456789abcdef")] = range(16)
_HEX[list(b"ABCDEF")] = range(10, 16)
_WORD_BYTES = 8
_TO_QUOTED_PRINTABLE = bytes.maketrans(b"%=", b"=%")


@dataclass(frozen=True, slots=True)
class PlainText:
    """Rows that are right, all of them. `text` has them without quotes, each ended by LF; `ends` are
    the places of these. `bucket` is that of all rows, "" where they have several. With `spaced` each `+`
    of a key is a space.
    """

    text: bytes
    separator: bytes
    ends: Places
    bucket: str
    layout: Layout
    spaced: bool = False

    def cut(self, first: int, rows: int) -> tuple[Frozen, BucketsOfBlock]:
        """Some of the rows, as they go into the frozen list; places count from 0."""
        start = int(self.ends[first - 1]) + 1 if first else 0
        text = self.text[start : int(self.ends[first + rows - 1]) + 1]
        layout, separator = self.layout, self.separator
        fields = (BUCKET, KEY) if layout.version_id < 0 else (BUCKET, KEY, VERSION_ID)
        spaced = self.spaced and b"+" in text
        if layout.is_canonical and self.bucket and not spaced:
            return Frozen(text, rows, fields, separator, self.bucket), {self.bucket: (rows, 0)}
        cells = text.replace(b"\n", separator).split(separator)
        cells.pop()
        stride = layout.columns
        names = cells[layout.bucket :: stride]
        buckets = _by_bucket(names)
        bucket = next(iter(buckets)) if len(buckets) == 1 else ""
        if spaced or not layout.is_canonical:
            keys = cells[layout.key :: stride]
            # No key that passed has a line end.
            columns = [names, _spaced(keys) if spaced else keys]
            if VERSION_ID in fields:
                columns.append(cells[layout.version_id :: stride])
            lines = map(separator.join, zip(*columns, strict=True))
            text = b"".join([line + b"\n" for line in lines])
        return Frozen(text, rows, fields, separator, bucket), buckets


def _spaced(keys: list[bytes]) -> list[bytes]:
    return b"\n".join(keys).replace(b"+", b"%20").split(b"\n")


def look_at(
    text: bytes, layout: Layout, *, most_line_bytes: int, rules: KeyRules = AS_WRITTEN
) -> PlainText | None:
    """`text` are whole lines, each ended by LF alone. None means: look at each line."""
    bare = _without_quotes(text)
    if bare is None:
        return None
    text, separator = bare
    signs = _signs(text)
    ends, commas = signs.of(_LF), signs.of(separator[0])
    starts = np.concatenate(([0], ends[:-1] + 1))
    if int((ends - starts).max()) > most_line_bytes:
        return None
    if len(commas) != (layout.columns - 1) * len(ends):
        return None
    edges = _edges(commas, starts, ends, layout.columns)
    if edges is None or not _are_printed(text, signs, ends, edges, layout):
        return None
    if not _is_utf8(text) or not _are_keys(text, signs, edges[layout.key]):
        return None
    if layout.version_id >= 0 and _longest(edges[layout.version_id]) > MAX_VERSION_ID_BYTES:
        return None
    bucket = _only_bucket(text, edges[layout.bucket])
    if bucket is None:
        return None
    return PlainText(text, separator, ends, bucket, layout, rules.plus_is_space)


@dataclass(frozen=True, slots=True)
class _Signs:
    """Where all bytes stand up to the comma: the few of a text that mean something stand there, too."""

    codes: NDArray[np.uint8]
    places: Places
    kinds: NDArray[np.uint8]

    def of(self, kind: int) -> Places:
        found: Places = self.places[self.kinds == kind]
        return found


def count_lines(text: bytes, end: int) -> int:
    """How many lines end before `end`; numpy counts four times as fast as bytes do."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8, end) == _LF))


def line_ends(text: bytes) -> Places:
    return np.flatnonzero(np.frombuffer(text, np.uint8) == _LF)


def _signs(text: bytes) -> _Signs:
    codes = np.frombuffer(text, np.uint8)
    places = np.flatnonzero(codes <= COMMA[0])
    return _Signs(codes, places, codes[places])


@dataclass(frozen=True, slots=True)
class _Edges:
    """Where the fields of a column begin, and end."""

    left: Places
    right: Places


def _without_quotes(text: bytes) -> tuple[bytes, bytes] | None:
    """The text, and what separates its fields. None where a line holds NUL or CR, or some fields are
    quoted and some are not.
    """
    if b"\0" in text or b"\r" in text:
        return None
    if b'"' not in text:
        return text, COMMA
    if not (text.startswith(b'"') and text.endswith(b'"\n')):
        return None
    inner = text[1:-2].replace(b'"\n"', b"\n")
    # Every line lost a quote at its beginning and one at its end.
    if len(inner) != len(text) - 1 - 2 * text.count(b"\n"):
        return None
    inner = inner.replace(b'","', NUL)
    return None if b'"' in inner else (inner + b"\n", NUL)


def _edges(commas: Places, starts: Places, ends: Places, columns: int) -> list[_Edges] | None:
    """Of each column; None where some row has too many fields and another one too few."""
    between = commas.reshape(len(ends), columns - 1)
    if (between[:, 0] < starts).any() or (between[:, -1] > ends).any():
        return None
    lefts = [starts, *(between[:, n] + 1 for n in range(columns - 1))]
    rights = [*(between[:, n] for n in range(columns - 1)), ends]
    return [_Edges(*pair) for pair in zip(lefts, rights, strict=True)]


def _are_printed(
    text: bytes, signs: _Signs, ends: Places, edges: list[_Edges], layout: Layout
) -> bool:
    """Whether neither a key nor a version ID has a control character, a space or DEL."""
    odd = signs.places[(signs.kinds < _FIRST_PRINTED) & (signs.kinds != _LF)]
    if _DEL in text:
        odd = np.concatenate((odd, np.flatnonzero(signs.codes == _DEL[0])))
    if not len(odd):
        return True
    lines = np.searchsorted(ends, odd)
    # What separates fields stands between them, and so in none.
    for column in (layout.key, layout.version_id):
        if column >= 0:
            edge = edges[column]
            if ((odd >= edge.left[lines]) & (odd < edge.right[lines])).any():
                return False
    return True


def _are_keys(text: bytes, signs: _Signs, edge: _Edges) -> bool:
    lengths = edge.right - edge.left
    if int(lengths.min()) < 1 or int(lengths.max()) > MAX_KEY_BYTES:
        return False
    percents = signs.of(_PERCENT)
    if not len(percents):
        return True
    rows = np.searchsorted(edge.right, percents, side="right")
    # Behind the last key there may be other columns.
    rows = np.minimum(rows, len(edge.right) - 1)
    inside = (percents >= edge.left[rows]) & (percents < edge.right[rows])
    percents, rows = percents[inside], rows[inside]
    if not len(percents):
        return True
    if (percents + 2 >= edge.right[rows]).any():
        return False
    high, low = _HEX[signs.codes[percents + 1]], _HEX[signs.codes[percents + 2]]
    if (high == _NO_DIGIT).any() or (low == _NO_DIGIT).any() or ((high == 0) & (low == 0)).any():
        return False
    rows = rows[high >= _HIGH_HALF]
    if not len(rows):
        return True
    rows = rows[np.concatenate(([True], rows[1:] != rows[:-1]))]
    return _decode_as_utf8(text, edge.left[rows], edge.right[rows])


def _decode_as_utf8(text: bytes, lefts: Places, rights: Places) -> bool:
    """Keys whose escapes are right."""
    pairs = zip(lefts.tolist(), rights.tolist(), strict=True)
    keys = b",".join([text[left:right] for left, right in pairs])
    # Quoted-printable is URL-encoding with another sign, and the standard library decodes it in C.
    return _is_utf8(binascii.a2b_qp(keys.translate(_TO_QUOTED_PRINTABLE)))


def _only_bucket(text: bytes, edge: _Edges) -> str | None:
    """ "" where there are several; None where one cannot be a bucket's name."""
    first = text[int(edge.left[0]) : int(edge.right[0])]
    names = {first} if _stands_at_all(text, first, edge) else set(_fields(text, edge))
    if not all(BUCKET_NAME.fullmatch(name.decode()) for name in names):
        return None
    return names.pop().decode() if len(names) == 1 else ""


def _stands_at_all(text: bytes, name: bytes, edge: _Edges) -> bool:
    """Whether all fields of a column are this name, eight bytes at a time."""
    if not name or ((edge.right - edge.left) != len(name)).any():
        return False
    width = min(len(name), _WORD_BYTES)
    word = np.dtype(f"V{width}") if width < _WORD_BYTES else np.dtype("<u8")
    starts = range(0, len(name) - width, width)
    for start in (*starts, len(name) - width):
        # A word begins at each byte of the text.
        words = np.ndarray((len(text) - width + 1,), word, text, strides=(1,))
        wanted = np.frombuffer(name, word, 1, start)
        if (words[edge.left + start] != wanted).any():
            return False
    return True


def _fields(text: bytes, edge: _Edges) -> Iterator[bytes]:
    for left, right in zip(edge.left.tolist(), edge.right.tolist(), strict=True):
        yield text[left:right]


def _longest(edge: _Edges) -> int:
    return int((edge.right - edge.left).max())


def _by_bucket(column: list[bytes]) -> BucketsOfBlock:
    counts = Counter(column)
    return {name.decode(): (rows, column.index(name)) for name, rows in counts.items()}


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
