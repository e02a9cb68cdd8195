"""A list of any kind becomes a CSV manifest: UTF-8, LF, bucket, URL-encoded key. Pure, and a stream.

What a conversion does and does not do stands in docs/manifests.md, Conversions.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from jobs.manifests.converting.recipe import Column, Keys, Recipe
from jobs.manifests.converting.recognise import is_uri
from jobs.manifests.converting.records import Record, records
from jobs.manifests.keys import decode_key
from jobs.manifests.opening import header_words
from jobs.manifests.problems import (
    ProblemKind,
    RowFaultError,
    at_line,
    empty_manifest,
    wrong_column_count,
)
from jobs.manifests.rows import check_bucket, check_version_id

BLOCK_BYTES = 64 * 1024
MOST_BUCKETS_COUNTED = 1_000

_LEFT_OVER = re.compile(r"%(?![0-9A-Fa-f]{2})|[^!-~]|[,\"]")
_FOR_CSV = re.compile(r"[,\"]")


@dataclass(slots=True)
class Counts:
    """Of what was converted so far. `encoded` keys are written otherwise than they stood there,
    `filled` version IDs were empty; `buckets` has the rows of each of the first thousand.
    """

    rows: int = 0
    blank: int = 0
    encoded: int = 0
    filled: int = 0
    buckets: Counter[str] = field(default_factory=Counter)

    def note(self, line: "Line", *, encoded: bool, filled: bool) -> None:
        self.rows += 1
        self.encoded += encoded
        self.filled += filled
        if line.bucket in self.buckets or len(self.buckets) < MOST_BUCKETS_COUNTED:
            self.buckets[line.bucket] += 1


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the manifest that is made; `version_id` is None without that column."""

    bucket: str
    raw_key: str
    version_id: str | None

    @property
    def text(self) -> str:
        cells = [self.bucket, self.raw_key]
        return ",".join(cells if self.version_id is None else [*cells, self.version_id])


def convert(pieces: Iterable[bytes], recipe: Recipe, counts: Counts) -> Iterator[bytes]:
    """The manifest, in blocks of whole lines, of about 64 KiB. `pieces` are the list's bytes, cut
    anywhere. Raises ManifestContentError with the line of the list; what came before is no manifest
    then.
    """
    block, size = [], 0
    for _, line in converted(pieces, recipe, counts):
        text = f"{line.text}\n".encode()
        block.append(text)
        size += len(text)
        if size >= BLOCK_BYTES:
            yield b"".join(block)
            block, size = [], 0
    if not counts.rows:
        raise empty_manifest()
    yield b"".join(block)


def converted(
    pieces: Iterable[bytes], recipe: Recipe, counts: Counts
) -> Iterator[tuple[Record, Line]]:
    """Each row as it stood, and as it will. Raises ManifestContentError."""
    is_header = recipe.header
    for record in records(pieces, recipe):
        if not record.cells:
            counts.blank += 1
            continue
        if is_header:
            is_header = False
            continue
        try:
            line = _line(record, recipe, counts)
        except RowFaultError as fault:
            raise at_line(fault, record.text.encode(), record.line) from None
        yield record, line


def _line(record: Record, recipe: Recipe, counts: Counts) -> Line:
    if len(record.cells) != len(recipe.columns):
        raise _miscounted(record, recipe)
    cells = dict(zip(recipe.columns, record.cells, strict=True))
    bucket, key = cells.get(Column.BUCKET, recipe.bucket).strip(), cells.get(Column.KEY, "")
    if Column.URI in cells:
        bucket, key = _parted(cells[Column.URI])
    check_bucket(bucket)
    raw_key = _encoded(key.removeprefix("/") if recipe.drop_slash else key, recipe.keys)
    decode_key(raw_key)
    version_id, filled = cells.get(Column.VERSION_ID), False
    if version_id is not None:
        version_id = version_id.strip()
        check_version_id(version_id)
        filled = recipe.fill_null and not version_id
        version_id = "null" if filled else _FOR_CSV.sub(_escape, version_id)
    line = Line(bucket, raw_key, version_id)
    if not counts.rows and header_words(line.text.encode()):
        # An object "key" in a bucket "bucket" is fine further down, and refused in line 1.
        line = Line(bucket, f"%{ord(raw_key[0]):02X}{raw_key[1:]}", version_id)
    counts.note(line, encoded=line.raw_key != key, filled=filled)
    return line


def line_of(bucket: str, key: str) -> Line:
    """Of an object by its name. Raises ManifestContentError for one that no manifest can name."""
    line = Line(bucket, quote(key, safe="/"), None)
    try:
        check_bucket(bucket)
        decode_key(line.raw_key)
    except RowFaultError as fault:
        raise at_line(fault, line.text.encode(), 1) from None
    return line


def _miscounted(record: Record, recipe: Recipe) -> RowFaultError:
    names = ",".join(column.label for column in recipe.columns)
    return wrong_column_count(len(record.cells), names, len(recipe.columns), None)


def _parted(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// path."""
    if not is_uri(uri):
        raise RowFaultError(
            ProblemKind.BUCKET, "is no s3:// path.", "Write s3://, the bucket, a slash and the key."
        )
    bucket, _, key = uri[5:].partition("/")
    return bucket, key


def _encoded(key: str, keys: Keys) -> str:
    if keys is Keys.NAMED:
        return quote(key, safe="/")
    if keys is Keys.TWICE:
        try:
            key = unquote(key, errors="strict")
        except UnicodeDecodeError as error:
            what = f"has a key that is not UTF-8 when decoded (0x{error.object[error.start]:02X})."
            raise RowFaultError(
                ProblemKind.KEY_ENCODING, what, "Encode the key's UTF-8 bytes."
            ) from None
    return (_FOR_CSV if keys is Keys.ENCODED else _LEFT_OVER).sub(_escape, key)


def _escape(sign: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in sign[0].encode())
