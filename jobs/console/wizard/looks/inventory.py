"""A look at an S3 Inventory report: its manifest.json, and the beginning of its first data file."""

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import cast

from jobs.choices import ManifestFormat
from jobs.console.forms.sources.base import SourceForm
from jobs.console.forms.sources.inventory import InventoryForm
from jobs.console.wizard.found import SIZES, Found, problem
from jobs.errors import ManifestError
from jobs.lifecycle import preflight
from jobs.lifecycle.connections import storage_for_page
from jobs.manifests.frozen_list import Rows, taken_apart
from jobs.manifests.inventory.data_files import file_errors
from jobs.manifests.inventory.manifest_json import CSV, DataFile, Inventory
from jobs.manifests.inventory.slow_rows import slow_rows
from jobs.manifests.inventory.source import SOURCE, read_manifest
from jobs.manifests.opened import encryption_problem
from jobs.manifests.preview import ROWS_SHOWN, PreviewRow
from jobs.manifests.problems import ManifestContentError
from jobs.manifests.rows import Row, split_line
from jobs.manifests.source import Reading
from jobs.models import Region, Role
from jobs.spec.manifest import ManifestSpec

SAMPLE_BYTES = 256 * 1024
_MOST_TEXT_BYTES = 4 * 1024 * 1024
_MOST_COLUMNAR_BYTES = 32 * 1024 * 1024
"""A Parquet or ORC file is read as a whole, so a page reads no larger one."""

SIZE = "Size"
_FILES_ASKED = 3
_BLOCK_ROWS = 1_000


def look(found: Found, form: SourceForm, region: Region, role: Role, known: Found | None) -> None:
    """Raises StorageError, ManifestError."""
    bucket, key, version_id = cast(InventoryForm, form).place()
    facts = preflight.look_at(bucket, key, version_id, region, role)
    shown = preflight.place_of(bucket, key, version_id)
    if refused := encryption_problem(facts, shown, ManifestFormat.INVENTORY):
        found.stop(form.main, refused)
        return
    found.etag, found.size_bytes = facts.etag, facts.size_bytes
    found.last_modified = facts.last_modified.isoformat()
    reading = _reading(region, role)
    manifest = form.spec(facts.etag)
    assert isinstance(manifest, ManifestSpec)  # noqa: S101 - this form makes no other
    try:
        inventory = read_manifest(manifest, reading)
    except ManifestError as error:
        if _is_json(manifest, reading):
            found.stop(form.main, error.message)
        else:
            said = f"{shown} is not the manifest.json of an S3 Inventory report: it is no JSON."
            found.stop(form.main, said, turn_to="csv")
        return
    _describe(found, inventory)
    _look_at_files(found, inventory, reading)
    if not found.blocking:
        _first_rows(found, manifest, inventory, reading)


def some_rows(form: SourceForm, found: Found, region: Region, role: Role) -> tuple[Rows, int]:
    """Of the first data file. Raises StorageError, ManifestError."""
    reading = _reading(region, role)
    manifest = form.spec(found.etag)
    assert isinstance(manifest, ManifestSpec)  # noqa: S101 - this form makes no other
    inventory = read_manifest(manifest, reading)
    sample = _sample(manifest, inventory, reading)
    every = max(1, len(sample.rows) // 100)
    return Rows.of(sample.rows[::every]), len(sample.rows)


def _reading(region: Region, role: Role) -> Reading:
    storage: Callable[[str], object] = lambda bucket: storage_for_page(bucket, region, role)  # noqa: E731
    return Reading(storage=storage, rows_per_block=_BLOCK_ROWS, is_slow=lambda: True)  # type: ignore[arg-type]


def _is_json(manifest: ManifestSpec, reading: Reading) -> bool:
    storage = reading.storage(manifest.bucket)
    first = storage.read_range(manifest.bucket, manifest.key, 0, 64, manifest.version_id)
    return first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _describe(found: Found, inventory: Inventory) -> None:
    files = inventory.files
    whole_bytes = sum(file.size_bytes for file in files)
    count = f"{len(files):,} {inventory.file_format} file{'' if len(files) == 1 else 's'}"
    found.facts = [
        ["Inventory of", inventory.source_bucket],
        ["Data files", f"{count} in s3://{inventory.bucket}, {whole_bytes:,} bytes"],
        ["Columns", ", ".join(inventory.columns.names)],
    ]
    if inventory.created_ms is not None:
        made = datetime.fromtimestamp(inventory.created_ms / 1000, UTC)
        found.facts.insert(1, ["Inventory made", f"{made:%d %B %Y, %H:%M} UTC"])
    found.has_version_ids = inventory.columns.has_versions


def _look_at_files(found: Found, inventory: Inventory, reading: Reading) -> None:
    """Whether the first data files are there, as long as manifest.json says."""
    for file in inventory.files[:_FILES_ASKED]:
        try:
            with file_errors(file, inventory.bucket, reading):
                facts = reading.storage(inventory.bucket).head_object(inventory.bucket, file.key)
        except ManifestError as error:
            found.problems.append(_of_file(error.message))
            continue
        if facts.size_bytes != file.size_bytes:
            found.problems.append(
                _of_file(
                    f"{file.key} has {facts.size_bytes:,} bytes, and manifest.json says"
                    f" {file.size_bytes:,}.",
                    "Use another inventory: this file is truncated or altered.",
                )
            )


def _of_file(message: str, remedy: str = "") -> dict[str, object]:
    return problem("data-file", "Data file", message, remedy, blocking=True)


@dataclass(slots=True)
class _Sample:
    """Rows of the first data file; `left_out` are delete markers. They took `read_bytes` of it. `listed_bytes`
    are those of their objects, None where the inventory does not tell.
    """

    rows: list[Row] = field(default_factory=list)
    left_out: int = 0
    read_bytes: int = 0
    is_whole: bool = False
    listed_bytes: int | None = None


def _first_rows(
    found: Found, manifest: ManifestSpec, inventory: Inventory, reading: Reading
) -> None:
    first = inventory.files[0]
    if inventory.file_format != CSV and first.size_bytes > _MOST_COLUMNAR_BYTES:
        found.count_note = f"{inventory.file_format} files of this size are read while preparing."
        return
    try:
        sample = _sample(manifest, inventory, reading)
    except ManifestContentError as error:
        one = error.problem
        found.problems.append(
            problem(one.kind.value, str(one.kind.label), f"{first.key}: {one.message}", one.remedy,
                    blocking=True, line=one.line, row_text=one.row_text)
        )  # fmt: skip
        return
    except ManifestError as error:
        found.problems.append(_of_file(error.message))
        return
    found.rows = [
        asdict(PreviewRow(0, row.bucket, row.key, row.key, row.version_id))
        for row in sample.rows[:ROWS_SHOWN]
    ]
    found.buckets = dict(Counter(row.bucket for row in sample.rows))
    _count(found, inventory, sample)


def _count(found: Found, inventory: Inventory, sample: _Sample) -> None:
    if sample.left_out:
        said = f"{sample.left_out:,} in what was read, listed only for an operation that deletes"
        found.facts.append(["Delete markers", said])
    if sample.is_whole and len(inventory.files) == 1:
        found.rows_exact = len(sample.rows)
    elif sample.read_bytes:
        whole_bytes = sum(file.size_bytes for file in inventory.files)
        found.rows_estimated = round(len(sample.rows) * whole_bytes / sample.read_bytes)
        found.count_note = "Estimated from the beginning of the first data file."
    if sample.listed_bytes is None:
        return
    if found.rows_exact is not None:
        found.facts.append([SIZES, f"{sample.listed_bytes:,} bytes"])
    elif sample.rows and found.rows_estimated:
        whole = round(sample.listed_bytes / len(sample.rows) * found.rows_estimated)
        found.facts.append([SIZES, f"About {whole:,} bytes"])


def _sample(manifest: ManifestSpec, inventory: Inventory, reading: Reading) -> _Sample:
    """Raises ManifestError, StorageError."""
    first = inventory.files[0]
    if inventory.file_format == CSV:
        return _of_csv(first, inventory, reading)
    for block in SOURCE.blocks(manifest, reading, None):
        rows = taken_apart(block.rows)
        listed = [rows.row(n) for n in range(len(rows))]
        return _Sample(listed, sum(block.skipped.values()))
    return _Sample()


def _of_csv(file: DataFile, inventory: Inventory, reading: Reading) -> _Sample:
    with file_errors(file, inventory.bucket, reading):
        storage = reading.storage(inventory.bucket)
        data = storage.read_range(inventory.bucket, file.key, 0, SAMPLE_BYTES)
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(data, _MOST_TEXT_BYTES)
    except zlib.error:
        raise ManifestError("InvalidManifestContent", f"{file.key} is not gzip data.") from None
    is_whole = unpacker.eof and len(data) == file.size_bytes
    lines = text.split(b"\n")
    if not is_whole or not lines[-1]:
        lines.pop()
    lines = [line.removesuffix(b"\r") for line in lines]
    rows = slow_rows(
        lines,
        inventory.columns,
        1,
        takes_delete_markers=False,
    )
    listed = [row for row in rows if row is not None]
    read_bytes = len(data) - len(unpacker.unconsumed_tail)
    sizes = _sizes(lines, rows, inventory.columns.names)
    return _Sample(listed, len(rows) - len(listed), read_bytes, is_whole, sizes)


def _sizes(lines: Sequence[bytes], rows: Sequence[Row | None], names: Sequence[str]) -> int | None:
    """Of all objects together."""
    if SIZE not in names:
        return None
    place = list(names).index(SIZE)
    texts = [split_line(line)[place] for line, row in zip(lines, rows, strict=True) if row]
    return sum(int(text) for text in texts if text.isascii() and text.isdecimal())
