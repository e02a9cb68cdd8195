"""An S3 Inventory as a table: its columns are those of its fileSchema, with their types."""

import contextlib
import importlib
import re
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Protocol, cast

from jobs.errors import ManifestError
from jobs.manifests.inventory.columns import IS_DELETE_MARKER
from jobs.manifests.inventory.data_files import pieces_of
from jobs.manifests.inventory.manifest_json import CSV, PARQUET, DataFile, Inventory
from jobs.manifests.inventory.sentences import at_file, wrong_file
from jobs.manifests.inventory.source import SOURCE, read_manifest
from jobs.manifests.inventory.unpacking import NotGzipError, gunzipped
from jobs.manifests.keys import AS_WRITTEN, KeyRules
from jobs.manifests.layout import Layout
from jobs.manifests.source import Reading
from jobs.manifests.sql.blocks import Keys
from jobs.manifests.sql.parts import Lines, Part, cut
from jobs.manifests.sql.process import Question
from jobs.manifests.sql.scratch import Scratch
from jobs.spec.manifest import ManifestSpec

TYPES = {
    "Size": "BIGINT",
    "IsLatest": "BOOLEAN",
    "IsDeleteMarker": "BOOLEAN",
    "IsMultipartUploaded": "BOOLEAN",
    "LastModifiedDate": "TIMESTAMP",
    "ObjectLockRetainUntilDate": "TIMESTAMP",
    "LifecycleExpirationDate": "TIMESTAMP",
    "IntelligentTieringReferenceDate": "TIMESTAMP",
}
"""In UTC; all other columns are text."""

TRIED_BYTES = 64 * 1024 * 1024
"""A file of Parquet or ORC is read as a whole; a page takes no larger one."""

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


_COLUMNAR = "jobs.manifests.inventory.columnar"
"""Imported when the first ORC file is read."""


class _Columnar(Protocol):
    def as_parquet(self, file: DataFile, bucket: str, reading: Reading) -> Iterator[bytes]: ...


class InventoryInput:
    """A part starts at {"file": its place among the inventory's files, "line": ...}."""

    def __init__(self, manifest: ManifestSpec, reading: Reading) -> None:
        self._manifest = manifest
        self._reading = reading
        self._inventory: Inventory | None = None

    def check(self) -> None:
        SOURCE.check(self._manifest, self._reading)

    @property
    def inventory(self) -> Inventory:
        """Raises ManifestError, StorageUnavailableError."""
        if self._inventory is None:
            self._inventory = read_manifest(self._manifest, self._reading)
        return self._inventory

    @property
    def keys(self) -> Keys:
        """A space is a `+` in inventories as CSV; in Parquet and ORC keys are as they are."""
        if self.inventory.file_format != CSV:
            return Keys(AS_WRITTEN, are_plain=True)
        plus_is_space = self._manifest.plus_is_space is not False
        return Keys(KeyRules(plus_is_space, self._reading.takes_free_keys))

    @property
    def layout(self) -> Layout | None:
        is_text = self.inventory.file_format == CSV
        return self.inventory.columns.layout if is_text else None

    def question(self, sql: str) -> Question:
        columns, file_format = self.inventory.columns, self.inventory.file_format
        marker = ""
        if columns.is_delete_marker >= 0 and not self._reading.takes_delete_markers:
            marker = table_name(IS_DELETE_MARKER, file_format)
        return Question(
            sql,
            tuple((table_name(name, file_format), TYPES.get(name, "")) for name in columns.names),
            "csv" if file_format == CSV else "parquet",
            marker,
        )

    def too_large_to_try(self) -> str:
        size_bytes = self.inventory.files[0].size_bytes
        if self.inventory.file_format == CSV or size_bytes <= TRIED_BYTES:
            return ""
        return (
            "The SQL is right. What it keeps is seen while the job prepares: the inventory's first file"
            f" is {self.inventory.file_format} of {size_bytes / 1024**2:,.0f} MiB, which is too much for a page."
        )

    def parts(
        self, scratch: Scratch, start: Any, part_bytes: int | None
    ) -> Generator[Part, None, None]:
        start = start or {"file": 0, "line": 1}
        files = self.inventory.files
        for place in range(start["file"], len(files)):
            line = start["line"] if place == start["file"] else 1
            with _named(files[place]):
                if self.inventory.file_format != CSV:
                    yield self._stored(scratch, files[place], place)
                else:
                    yield from self._texts(scratch, files[place], place, line, part_bytes)

    def _stored(self, scratch: Scratch, file: DataFile, place: int) -> Part:
        name = f"{place:06d}.parquet"
        if not scratch.has(name):
            with scratch.new(name) as stored:
                for piece in self._pieces(file):
                    stored.write(piece)
        here, behind = {"file": place, "line": 1}, {"file": place + 1, "line": 1}
        return Part(name, file.key, 1, here, behind)

    def _pieces(self, file: DataFile) -> Iterator[bytes]:
        """DuckDB reads no ORC: it gets the same rows as Parquet."""
        if self.inventory.file_format == PARQUET:
            return pieces_of(file, self.inventory.bucket, self._reading)
        columnar = cast(_Columnar, importlib.import_module(_COLUMNAR))
        return columnar.as_parquet(file, self.inventory.bucket, self._reading)

    def _texts(
        self, scratch: Scratch, file: DataFile, place: int, line: int, part_bytes: int | None
    ) -> Iterator[Part]:
        name = f"{place:06d}-{line:012d}.csv"
        if part_bytes is None and scratch.has(name):
            behind = {"file": place + 1, "line": 1}
            yield Part(name, file.key, line, {"file": place, "line": line}, behind)
            return
        pieces = gunzipped(pieces_of(file, self.inventory.bucket, self._reading))
        lines = Lines(line)
        texts = lines.taken(_behind(pieces, line - 1), self._reading)
        while cut(texts, scratch, name, part_bytes, self._reading.is_slow):
            behind = {"file": place, "line": lines.line}
            yield Part(name, file.key, line, {"file": place, "line": line}, behind)
            line = lines.line
            name = f"{place:06d}-{line:012d}.csv"


def table_name(name: str, file_format: str) -> str:
    """LastModifiedDate is last_modified_date in Parquet and ORC."""
    return name if file_format == CSV else _CAPITAL.sub("_", name).lower()


@contextlib.contextmanager
def _named(file: DataFile) -> Iterator[None]:
    """What is wrong with a file's content names the file."""
    try:
        yield
    except NotGzipError:
        raise wrong_file(file.key, "is not gzip data from its beginning to its end.") from None
    except ManifestError as error:
        if error.line is None or error.file:
            raise
        raise at_file(error, file.key) from error


def _behind(pieces: Iterable[bytes], lines: int) -> Iterator[bytes]:
    """What stands behind so many lines."""
    for piece in pieces:
        found = piece.count(b"\n") if lines else 0
        if lines and found < lines:
            lines -= found
            continue
        start = 0
        for _ in range(lines):
            start = piece.index(b"\n", start) + 1
        lines = 0
        yield piece[start:]
