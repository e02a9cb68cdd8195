"""S3 Inventory as a list of objects: manifest.json and the data files that it names.

See docs/manifests.md, S3 Inventory. Data files are compressed, so each is read from its beginning, and
rows before the checkpoint are passed over.
"""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Protocol, cast

from jobs.errors import ManifestError, StorageError
from jobs.manifests.inventory import csv_rows
from jobs.manifests.inventory.columns import Rules
from jobs.manifests.inventory.cutting import Batch, Cutter
from jobs.manifests.inventory.data_files import FORBIDDEN, is_about_kms, pieces_of
from jobs.manifests.inventory.manifest_json import CSV, MAX_BYTES, DataFile, Inventory, parsed
from jobs.manifests.inventory.sentences import (
    NO_OBJECTS,
    NOT_READ,
    at_file,
    customer_key,
    denied,
    wrong_file,
)
from jobs.manifests.inventory.sharing import shared
from jobs.manifests.inventory.unpacking import NotGzipError, gunzipped
from jobs.manifests.keys import KeyRules
from jobs.manifests.opened import encryption_problem, look_at, reading_errors
from jobs.manifests.problems import INVALID_CONTENT
from jobs.manifests.source import Checkpoint, Reading, RowBlock
from jobs.spec.manifest import ManifestSpec

_COLUMNAR = "jobs.manifests.inventory.columnar"
"""Imported when the first Parquet or ORC file is read."""


class _Columnar(Protocol):
    def batches(
        self, file: DataFile, inventory: Inventory, reading: Reading, first_line: int
    ) -> Iterator[Batch]: ...


class InventorySource:
    """The checkpoint is that of `cutting.Cutter`."""

    def check(self, manifest: ManifestSpec, reading: Reading) -> None:
        """Unlike those of CSV, manifests of inventories may be encrypted with a KMS key."""
        with _denials(manifest, reading):
            facts = look_at(manifest, reading)
        if refused := encryption_problem(facts, manifest.place, manifest.format):
            raise ManifestError(NOT_READ, refused)

    def blocks(
        self, manifest: ManifestSpec, reading: Reading, checkpoint: Checkpoint
    ) -> Iterator[RowBlock]:
        inventory = read_manifest(manifest, reading)
        start = checkpoint or {"file": 0, "line": 1, "rows": 0}
        until = start.get("until", len(inventory.files))
        is_whole, rows = "until" not in start, start["rows"]
        place = start["file"]
        while place < until:
            line = start["line"] if place == start["file"] else 1
            file = inventory.files[place]
            cutter = Cutter(file.key, place, line, rows, reading.rows_per_block)
            if is_whole and line == 1 and reading.shares():
                until, parts = shared(inventory.files, place)
                is_whole = not parts
                if parts:
                    yield cutter.left_to_others(until, parts)
            cutter.until = None if is_whole else until
            reading.hold_turn()
            for batch in _batches(file, manifest, inventory, reading, line):
                yield from cutter.feed(batch)
                if reading.is_slow():
                    yield from cutter.cut_short()
            reading.free_turn()
            yield cutter.finish()
            rows = cutter.rows
            place += 1
        if not rows and is_whole:
            raise ManifestError(INVALID_CONTENT, NO_OBJECTS)


SOURCE = InventorySource()


def read_manifest(manifest: ManifestSpec, reading: Reading) -> Inventory:
    """Raises ManifestError, StorageUnavailableError."""
    with _denials(manifest, reading), reading_errors(manifest):
        data = reading.storage(manifest.bucket).read_range(
            manifest.bucket,
            manifest.key,
            0,
            MAX_BYTES + 1,
            version_id=manifest.version_id,
            if_match=manifest.etag,
        )
    return parsed(data)


@contextlib.contextmanager
def _denials(manifest: ManifestSpec, reading: Reading) -> Iterator[None]:
    """Says where a refusal is, or may be, about the manifest's encryption."""
    try:
        yield
    except ManifestError as error:
        cause = error.__cause__
        if not isinstance(cause, StorageError):
            raise
        if cause.code == "CustomerKeyNeeded":
            raise customer_key(manifest.place) from cause
        if cause.code in FORBIDDEN and is_about_kms(cause, manifest.bucket, manifest.key, reading):
            raise denied(manifest.place) from cause
        raise


def _batches(
    file: DataFile, manifest: ManifestSpec, inventory: Inventory, reading: Reading, first_line: int
) -> Iterator[Batch]:
    try:
        if inventory.file_format == CSV:
            pieces = gunzipped(pieces_of(file, inventory.bucket, reading))
            rules = Rules(
                inventory.columns,
                takes_delete_markers=reading.takes_delete_markers,
                keys=KeyRules(manifest.plus_is_space is not False, reading.takes_free_keys),
            )
            yield from csv_rows.batches(pieces, rules, first_line)
        else:
            columnar = cast(_Columnar, importlib.import_module(_COLUMNAR))
            yield from columnar.batches(file, inventory, reading, first_line)
    except NotGzipError:
        raise wrong_file(file.key, "is not gzip data from its beginning to its end.") from None
    except ManifestError as error:
        if error.line is None or error.file:
            raise
        raise at_file(error, file.key) from error
