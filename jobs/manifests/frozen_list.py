"""The frozen list: rows as preparing checked and wrote them, and as workers read them back.

Whatever the source of a list was, its rows are written alike: a head of JSON on a line of its own,
then the rows as text, each ended by LF. A row's fields are bucket, raw key (as the source wrote it,
which is what the report echoes), version ID where the list has them; more may follow. What separates
them stands in the head. Every row was checked before, so whoever reads one only takes it apart.
"""

import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.manifests.rows import Row
from jobs.workstore.segments import damaged

COMMA, NUL = b",", b"\0"
"""What separates fields: NUL where a comma may stand in one. Neither a key nor a version ID has one."""

_FIELDS = ("bucket", "key", "version_id")


@dataclass(frozen=True, slots=True)
class Rows:
    """Lists of equal length, with what `Row` says of each; `buckets` repeat."""

    buckets: list[str]
    raw_keys: list[str]
    keys: list[str]
    version_ids: Sequence[str | None]

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

    def cut(self, start: int, length: int) -> "Rows":
        part = slice(start, start + length)
        return Rows(
            self.buckets[part], self.raw_keys[part], self.keys[part], self.version_ids[part]
        )


@dataclass(frozen=True, slots=True)
class Frozen:
    """`text` has `rows` rows of `fields` fields, the first of them bucket and key. `bucket` is that of
    all rows, "" where they have several.
    """

    text: bytes
    rows: int
    fields: int
    separator: bytes
    bucket: str = ""


BucketRows = dict[str, tuple[int, int]]
"""Bucket -> (rows, place of its first row), in order of first appearance."""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows that follow each other, each of them checked, as they go into the frozen list.

    `first_line` counts from 1. `end_byte` is the place in the file just behind the last line's end,
    from which the next block can be read. `buckets` gives bucket -> (rows, first line).
    """

    rows: Frozen
    first_line: int
    end_byte: int
    buckets: BucketRows


def frozen(rows: Sequence[Row]) -> Frozen:
    """Of rows that were checked one by one."""
    has_versions = rows[0].version_id is not None
    columns: list[Iterable[str]] = [(r.bucket for r in rows), (r.raw_key for r in rows)]
    if has_versions:
        columns.append(r.version_id or "" for r in rows)
    text = "".join([f"{line}\n" for line in map("\0".join, zip(*columns, strict=True))])
    buckets = {row.bucket for row in rows}
    bucket = buckets.pop() if len(buckets) == 1 else ""
    return Frozen(text.encode(), len(rows), len(columns), NUL, bucket)


def encode(block: Frozen) -> bytes:
    head = {
        "rows": block.rows,
        "fields": _FIELDS[: block.fields],
        "separator": block.separator.decode(),
        "bucket": block.bucket,
    }
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + block.text


def decode(data: bytes) -> Rows:
    """Raises WorkStoreLostError for what `encode` did not write."""
    head, _, text = data.partition(b"\n")
    try:
        facts = json.loads(head)
        rows, separator, bucket = facts["rows"], facts["separator"], facts["bucket"]
        fields = len(facts["fields"])
        cells = text.decode().replace("\n", separator).split(separator)
    except (ValueError, KeyError, TypeError):
        raise damaged() from None
    if cells.pop() or len(cells) != rows * fields:
        raise damaged()
    raw_keys = cells[1::fields]
    buckets = [bucket] * rows if bucket else _shared(cells[0::fields])
    version_ids: Sequence[str | None] = cells[2::fields] if fields > 2 else [None] * rows
    return Rows(buckets, raw_keys, _decoded(raw_keys), version_ids)


def _shared(names: list[str]) -> list[str]:
    """Rows of one bucket share its name."""
    one = {name: name for name in names}
    return [one[name] for name in names]


def _decoded(raw_keys: list[str]) -> list[str]:
    """The keys. Quoted-printable is URL-encoding with another sign, and decoded in C."""
    text = "\0".join(raw_keys)
    if "%" not in text:
        return raw_keys
    encoded = text.encode().replace(b"=", b"%3D").replace(b"%", b"=")
    return binascii.a2b_qp(encoded).decode().split("\0")
