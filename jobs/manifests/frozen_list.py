"""The frozen list: rows as preparing checked and wrote them, and as workers read them back.

Whatever the source of a list was, its rows are written alike: a head of JSON on a line of its own,
then the rows as text, each ended by LF. A row's fields are bucket, raw key (as the source wrote it,
which is what the report echoes), version ID where the list has them, and what a dry run saw of the
object. What separates them stands in the head. Every row was checked before, so whoever reads one only takes it apart.
"""

import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

from jobs.manifests.rows import Row
from jobs.spec.target import Guard
from jobs.workstore.segments import damaged

COMMA, NUL = b",", b"\0"
"""What separates fields: NUL where a comma may stand in one. Neither a key nor a version ID has one."""

BUCKET, KEY, VERSION_ID, GUARD = "bucket", "key", "version_id", "guard"
"""The fields of a row. A guard says what was seen of an object: empty for nothing, "-" for no such
object, else ETag, version ID, size in bytes and last change in seconds, URL-encoded, with semicolons
between them.
"""

_ABSENT = "-"

BucketsOfBlock = dict[str, tuple[int, int]]
"""Bucket -> (rows, index of its first row), in order of first appearance."""


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

    def cut(self, start: int, length: int) -> "Rows":
        part = slice(start, start + length)
        return Rows(
            self.buckets[part],
            self.raw_keys[part],
            self.keys[part],
            self.version_ids[part],
            self.guards[part],
        )

    def with_guards(self, chosen: Sequence[int], guards: Sequence[Guard | None]) -> "Rows":
        """Those that are `chosen`, by their places; `guards` are of all rows."""
        return Rows(
            [self.buckets[n] for n in chosen],
            [self.raw_keys[n] for n in chosen],
            [self.keys[n] for n in chosen],
            [self.version_ids[n] for n in chosen],
            [guards[n] for n in chosen],
        )

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(
            self.buckets + other.buckets,
            self.raw_keys + other.raw_keys,
            self.keys + other.keys,
            [*self.version_ids, *other.version_ids],
            [*self.guards, *other.guards],
        )


@dataclass(frozen=True, slots=True)
class Frozen:
    """`text` has `rows` rows of `fields`, the first of them bucket and key. `bucket` is that of all
    rows, "" where they have several.
    """

    text: bytes
    rows: int
    fields: tuple[str, ...]
    separator: bytes
    bucket: str = ""


def frozen(rows: Rows) -> Frozen:
    """Of rows that were checked one by one."""
    fields, columns = [BUCKET, KEY], [rows.buckets, rows.raw_keys]
    if rows.version_ids[0] is not None:
        fields.append(VERSION_ID)
        columns.append([version_id or "" for version_id in rows.version_ids])
    if rows.guards:
        fields.append(GUARD)
        columns.append([_written(guard) for guard in rows.guards])
    text = "".join([f"{line}\n" for line in map("\0".join, zip(*columns, strict=True))])
    buckets = set(rows.buckets)
    bucket = buckets.pop() if len(buckets) == 1 else ""
    return Frozen(text.encode(), len(rows), tuple(fields), NUL, bucket)


def encode(block: Frozen) -> bytes:
    return _head(block.rows, block.fields, block.separator, block.bucket) + block.text


@lru_cache(maxsize=64)
def _head(rows: int, fields: tuple[str, ...], separator: bytes, bucket: str) -> bytes:
    """Nearly all blocks of a list have the same."""
    head = {"rows": rows, "fields": fields, "separator": separator.decode(), "bucket": bucket}
    return json.dumps(head, separators=(",", ":")).encode() + b"\n"


def decode(data: bytes) -> Rows:
    """Raises WorkStoreLostError for what `encode` did not write."""
    head, _, text = data.partition(b"\n")
    try:
        facts = json.loads(head)
        separator, fields = facts["separator"].encode(), tuple(facts["fields"])
        return taken_apart(Frozen(text, facts["rows"], fields, separator, facts["bucket"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged() from None


def taken_apart(block: Frozen) -> Rows:
    """Raises ValueError where it has not as many fields as it says."""
    separator, fields, rows = block.separator.decode(), block.fields, block.rows
    cells = block.text.decode().replace("\n", separator).split(separator)
    if cells.pop() or len(cells) != rows * len(fields):
        raise ValueError("a block of the frozen list has fields too many or too few")
    columns = {field: cells[place :: len(fields)] for place, field in enumerate(fields)}
    raw_keys = columns[KEY]
    buckets = [block.bucket] * rows if block.bucket else _shared(columns[BUCKET])
    version_ids: Sequence[str | None] = columns.get(VERSION_ID) or [None] * rows
    guards = [_read(text) for text in columns[GUARD]] if GUARD in columns else ()
    return Rows(buckets, raw_keys, _decoded(raw_keys), version_ids, guards)


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


def _written(guard: Guard | None) -> str:
    if guard is None:
        return ""
    if guard.is_absent:
        return _ABSENT
    numbers = (guard.size_bytes, guard.last_modified_s)
    texts = [guard.etag, guard.version_id, *("" if n is None else repr(n) for n in numbers)]
    return ";".join(quote(text, safe="") for text in texts)


def _read(text: str) -> Guard | None:
    if not text:
        return None
    if text == _ABSENT:
        return Guard(is_absent=True)
    etag, version_id, size, changed = map(unquote, text.split(";"))
    return Guard(etag, version_id, int(size) if size else None, float(changed) if changed else None)
