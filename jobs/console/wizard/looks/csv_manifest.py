"""A look at the beginning of a CSV manifest."""

from dataclasses import asdict
from functools import partial
from typing import cast

from jobs.choices import ManifestField
from jobs.console.forms.sources.base import SourceForm
from jobs.console.forms.sources.csv_manifest import CsvForm
from jobs.console.wizard.found import Found, by_kind, problem
from jobs.console.wizard.looks import plus_signs
from jobs.engine import quick_look
from jobs.lifecycle import preflight
from jobs.lifecycle.connections import storage_for_page
from jobs.manifests.asking import Asking
from jobs.manifests.doubts import Ask
from jobs.manifests.frozen_list import Rows
from jobs.manifests.keys import KeyRules
from jobs.manifests.opened import encryption_problem
from jobs.manifests.preview import Preview, preview, whole_lines
from jobs.manifests.problems import ProblemKind
from jobs.models import Region, Role
from jobs.s3.storage import ObjectFacts

SAMPLE_BYTES = 1024 * 1024
_NAMES = 3
"""Of a place: Region, path and version ID. A filter that stands behind them makes no other manifest."""


def look(found: Found, form: SourceForm, region: Region, role: Role, known: Found | None) -> None:
    """Columns that somebody chose count as long as they were chosen for the same object. Raises
    StorageError.
    """
    csv_form = cast(CsvForm, form)
    bucket, key, version_id = csv_form.place()
    chosen = csv_form.columns if known and not is_of_another(found, known) else []
    facts = preflight.look_at(bucket, key, version_id, region, role)
    shown = preflight.place_of(bucket, key, version_id)
    if refused := encryption_problem(facts, shown):
        found.stop(form.main, refused)
        return
    sample = b""
    if facts.size_bytes:
        storage = storage_for_page(bucket, region, role)
        sample = storage.read_range(bucket, key, 0, SAMPLE_BYTES, version_id, if_match=facts.etag)
    if _is_inventory(sample):
        said = f"{shown} is the manifest.json of an S3 Inventory report, not a list in CSV."
        found.stop(form.main, said, turn_to="inventory")
        return
    ask = Asking(lambda named: storage_for_page(named, region, role))
    switch = None if is_of_another(found, known) else csv_form.switch
    seen = _preview(sample, facts, chosen, KeyRules(plus_is_space=bool(switch)), ask)
    _note(found, facts, seen)
    found.plus = plus_signs.question(seen, ask)


def _is_inventory(sample: bytes) -> bool:
    begin = sample[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return begin.startswith(b"{") and any(
        name in sample for name in (b'"fileSchema"', b'"fileFormat"', b'"destinationBucket"')
    )


def is_of_another(found: Found, known: Found | None) -> bool:
    """Whether what was known is of another manifest, and so is what somebody said of it."""
    return known is not None and known.place[:_NAMES] != found.place[:_NAMES]


def some_rows(form: SourceForm, found: Found, region: Region, role: Role) -> tuple[Rows, int]:
    """Of the part that is read, and how many rows that has. Raises StorageError, ManifestError."""
    csv_form = cast(CsvForm, form)
    bucket, key, version_id = csv_form.place()
    storage = storage_for_page(bucket, region, role)
    sample = storage.read_range(bucket, key, 0, SAMPLE_BYTES, version_id, if_match=found.etag)
    lines = whole_lines(sample, complete=len(sample) < SAMPLE_BYTES)
    fields = tuple(ManifestField(name) for name in csv_form.columns)
    rules = KeyRules(plus_is_space=bool(csv_form.switch))
    return quick_look.read_some(lines, fields, rules), len(lines)


def _preview(
    sample: bytes, facts: ObjectFacts, chosen: list[str], rules: KeyRules, ask: Ask
) -> Preview:
    size_bytes, complete = facts.size_bytes, facts.size_bytes <= SAMPLE_BYTES
    fields = tuple(ManifestField(name) for name in chosen) if all(chosen) else ()
    look_with = partial(
        preview, sample, complete=complete, size_bytes=size_bytes, rules=rules, ask=ask
    )
    seen = look_with(fields=fields or None)
    if chosen and seen.columns not in (0, len(chosen)):
        # Another file lies there now: the columns are guessed anew.
        seen = look_with(fields=None)
    return seen


def _note(found: Found, facts: ObjectFacts, seen: Preview) -> None:
    found.etag, found.size_bytes = facts.etag, facts.size_bytes
    found.last_modified = facts.last_modified.isoformat()
    found.columns, found.fields = seen.columns, [str(name) for name in seen.fields]
    found.has_version_ids = ManifestField.VERSION_ID in found.fields
    found.rows = [asdict(row) for row in seen.rows]
    found.rows_exact, found.rows_estimated = seen.rows_exact, seen.rows_estimated
    found.count_note = "Estimated from the first 1 MB of the manifest."
    found.buckets = seen.buckets
    if seen.compression:
        found.facts.append(["Compressed with", seen.compression])
    listed = [
        problem(
            one.kind.value,
            str(one.kind.label),
            one.message,
            one.remedy,
            blocking=one.blocking,
            line=one.line,
            row_text=one.row_text,
        )
        for one in seen.problems
        if one.kind != ProblemKind.SEVERAL_BUCKETS  # the page says what that means (pages.py)
    ]
    found.problems = by_kind(listed, {kind.value: n for kind, n in seen.problem_counts.items()})
