"""The list of a dry run as it is kept for the job that runs it: each row with what was seen of its
object (docs/batch-operations.md, The frozen list). Pure.

A line is one of a manifest with the columns of `frozen_fields`; the last says what was seen: empty
for nothing, "-" for no such object, else ETag, version ID, size in bytes and last change in seconds,
URL-encoded, with semicolons between them.
"""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, unquote

from jobs.choices import ManifestField
from jobs.manifests.columns import Rows, read_lines
from jobs.spec.target import Guard

ABSENT = "-"
_NEEDS_QUOTES = frozenset('",')


def frozen_fields(fields: Sequence[ManifestField]) -> tuple[ManifestField, ...]:
    """`fields` are the columns of the manifest that the list was read from."""
    version = (ManifestField.VERSION_ID,) if ManifestField.VERSION_ID in fields else ()
    return (ManifestField.BUCKET, ManifestField.KEY, *version, ManifestField.IGNORE)


def frozen_lines(rows: Rows, done: Sequence[int], guards: Sequence[Guard | None]) -> list[bytes]:
    """Of those rows that are `done`, without line ends; `guards` are of all rows."""
    lines = []
    for index in done:
        version_id = rows.version_ids[index]
        version = [] if version_id is None else [version_id]
        cells = [rows.buckets[index], rows.raw_keys[index], *version]
        lines.append(",".join([*map(_cell, cells), _written(guards[index])]).encode())
    return lines


def read_frozen(
    lines: Sequence[bytes], fields: Sequence[ManifestField], *, first_line: int
) -> Rows:
    """`fields` as for `frozen_fields`. Raises ManifestError for what was not written here."""
    rows = read_lines(lines, frozen_fields(fields), first_line=first_line)
    return replace(rows, guards=[_read(line.rpartition(b",")[2].decode()) for line in lines])


def is_unseen(line: bytes) -> bool:
    """Nothing is known of the object, so that its task has no guard."""
    return line.endswith(b",")


def _cell(text: str) -> str:
    if _NEEDS_QUOTES.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _written(guard: Guard | None) -> str:
    if guard is None:
        return ""
    if guard.is_absent:
        return ABSENT
    numbers = (guard.size_bytes, guard.last_modified_s)
    texts = [guard.etag, guard.version_id, *("" if n is None else repr(n) for n in numbers)]
    return ";".join(quote(text, safe="") for text in texts)


def _read(text: str) -> Guard | None:
    if not text:
        return None
    if text == ABSENT:
        return Guard(is_absent=True)
    etag, version_id, size, changed = map(unquote, text.split(";"))
    return Guard(etag, version_id, int(size) if size else None, float(changed) if changed else None)
