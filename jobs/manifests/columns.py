"""The rows of a chunk by column, read in a few passes over their text (docs/engine.md, Reading
lists).

Preparation has checked every line, so that a chunk is plain as a rule: it is then read whole, for
a tenth of what its lines cost one by one. Gives what `rows.parse_row` gives for each line, and
leaves anything unusual to it, so that one place alone finds and words a fault.
"""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.choices import ManifestField
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.rows import (
    BUCKET_NAME,
    MAX_KEY_BYTES,
    MAX_VERSION_ID_BYTES,
    Row,
    row_parser,
)
from jobs.manifests.whole_block import without_quotes
from jobs.spec.target import Guard

# What neither key nor version ID may hold; NUL and LF stand between fields here.
_UNENCODED = bytes(range(0x01, 0x0A)) + bytes(range(0x0B, 0x21)) + b"\x7f"
_MOST_BYTES_OF_A_LETTER = 4


@dataclass(frozen=True, slots=True)
class Rows:
    """Lists of equal length, with what `Row` says of each; `buckets` repeat. `guards` is empty where
    nothing was seen of any.
    """

    buckets: list[str]
    raw_keys: list[str]
    keys: list[str]
    version_ids: Sequence[str | None]
    guards: Sequence[Guard | None] = ()

    def __len__(self) -> int:
        return len(self.raw_keys)

    def row(self, index: int) -> Row:
        return Row(
            self.buckets[index], self.raw_keys[index], self.keys[index], self.version_ids[index]
        )

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Rows":
        return cls(
            [row.bucket for row in rows],
            [row.raw_key for row in rows],
            [row.key for row in rows],
            [row.version_id for row in rows],
        )


def read_lines(
    lines: Sequence[bytes], fields: tuple[ManifestField, ...], *, first_line: int
) -> Rows:
    """`lines` come without line ends; `first_line` is the number of the first. Raises
    ManifestError, with the line, for the first bad one.
    """
    rows = _plain_rows(lines, layout_of(fields))
    if rows is None:
        parse = row_parser(fields)
        rows = Rows.of([parse(line, number) for number, line in enumerate(lines, first_line)])
    return rows


def _plain_rows(lines: Sequence[bytes], layout: Layout) -> Rows | None:
    """None means: look at each line."""
    cells = _cells(b"\n".join(lines), len(lines), layout.columns)
    if cells is None:
        return None
    buckets = _buckets(cells, layout.bucket, layout.columns)
    raw_keys = _column(cells, layout.key, layout.columns)
    keys = _decoded(raw_keys)
    if buckets is None or keys is None:
        return None
    version_ids: Sequence[str | None] = [None] * len(keys)
    if layout.version_id >= 0:
        version_ids = ids = _column(cells, layout.version_id, layout.columns)
        if not _fit(ids, MAX_VERSION_ID_BYTES):
            return None
    return Rows(buckets, raw_keys, keys, version_ids)


def _cells(text: bytes, lines: int, columns: int) -> list[str] | None:
    """All fields in one list, after an empty one; each line's first begins with LF."""
    bare = without_quotes(text, lines)
    if bare is None or len(bare.text.translate(None, _UNENCODED)) != len(bare.text):
        return None
    try:
        whole = "\n" + bare.text.decode()
    except UnicodeDecodeError:
        return None
    separator = bare.separator.decode()
    cells = whole.replace("\n", separator + "\n").split(separator)
    # Every LF begins a line's first cell, so that no line has one too many and another too few.
    if len(cells) != 1 + columns * lines or any(c[:1] != "\n" for c in set(cells[1::columns])):
        return None
    return cells


def _column(cells: list[str], position: int, columns: int) -> list[str]:
    column = cells[1 + position :: columns]
    return column if position else [cell[1:] for cell in column]


def _buckets(cells: list[str], position: int, columns: int) -> list[str] | None:
    """Rows of one bucket share its name."""
    column = cells[1 + position :: columns]
    names = {cell: cell.removeprefix("\n") for cell in set(column)}
    if not all(map(BUCKET_NAME.fullmatch, names.values())):
        return None
    return [names[cell] for cell in column]


def _decoded(raw_keys: list[str]) -> list[str] | None:
    """The keys. Quoted-printable is URL-encoding with another sign, and decoded in C."""
    if not all(raw_keys):
        return None
    text = "\0".join(raw_keys)
    if "%" not in text:
        return raw_keys if _fit(raw_keys, MAX_KEY_BYTES) else None
    encoded = text.encode().replace(b"=", b"%3D")
    decoded = binascii.a2b_qp(encoded.replace(b"%", b"="))
    # Only a proper escape takes two bytes away; a NUL more would be one of a key.
    if len(encoded) - len(decoded) != 2 * encoded.count(b"%"):
        return None
    if decoded.count(b"\0") != len(raw_keys) - 1:
        return None
    try:
        keys = decoded.decode().split("\0")
    except UnicodeDecodeError:
        return None
    return keys if _fit(keys, MAX_KEY_BYTES) else None


def _fit(texts: list[str], most_bytes: int) -> bool:
    if max(map(len, texts)) * _MOST_BYTES_OF_A_LETTER <= most_bytes:
        return True
    return all(len(text.encode()) <= most_bytes for text in texts)
