"""What a look at the manifest showed, as the draft keeps it: facts, first rows, problems.

Pages are drawn from this alone, so that a reload needs no storage, and the ETag that a person
saw is the one that the job gets.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from jobs.choices import ManifestField
from jobs.console.forms.manifest import ManifestForm
from jobs.console.forms.typed import Typed, storable
from jobs.errors import StorageError
from jobs.lifecycle import preflight
from jobs.lifecycle.connections import storage_for_page
from jobs.lifecycle.page_turns import page_turn
from jobs.manifests.opened import encryption_problem
from jobs.manifests.preview import PROBLEMS_SHOWN, Preview, preview, whole_lines
from jobs.models import Region, Role
from jobs.s3.arns import parse_s3_uri
from jobs.s3.storage import ObjectFacts

SAMPLE_BYTES = 1024 * 1024
_BUCKETS_ASKED = 3


@dataclass(slots=True)
class Found:
    """`place` is what was looked at: Region, path and version ID as they were typed.

    With `error` (a sentence for the field `error_field`) nothing else is known. Moments are ISO
    8601. Of `rows_exact` and `rows_estimated` one is a number.
    """

    place: list[str]
    checked_at: str
    role_arn: str = ""
    error: str = ""
    error_field: str = "manifest_object"
    etag: str = ""
    size_bytes: int = 0
    last_modified: str = ""
    columns: int = 0
    fields: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    rows_exact: int | None = None
    rows_estimated: int | None = None
    buckets: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    problem_count: int = 0

    def to_json(self) -> dict[str, Any]:
        made: dict[str, Any] = _storable(asdict(self))
        return made

    @property
    def checked(self) -> datetime:
        return datetime.fromisoformat(self.checked_at)

    @property
    def modified(self) -> datetime | None:
        return datetime.fromisoformat(self.last_modified) if self.last_modified else None

    @property
    def blocking(self) -> int:
        return sum(1 for problem in self.problems if problem["blocking"])

    @property
    def has_version_ids(self) -> bool:
        return "VersionId" in self.fields

    @property
    def first_key(self) -> str:
        return str(self.rows[0]["key"]) if self.rows else ""

    def columns_typed(self) -> Typed:
        return {f"column-{n}": name for n, name in enumerate(self.fields[: self.columns])}


def from_json(kept: dict[str, Any] | None) -> Found | None:
    """None too for what an older version kept in another shape: it is looked at again."""
    try:
        return Found(**kept) if kept else None
    except TypeError:
        return None


def place_of(typed: Typed) -> list[str]:
    return [typed.get(name, "").strip() for name in ("region", "manifest_object", "version_id")]


def can_look(form: ManifestForm) -> bool:
    """Region, path and role are right; columns may be wrong still."""
    needed = {"region", "manifest_object", "version_id", "read_as"}
    return not (needed & set(form.errors)) and form.role() is not None


def look(form: ManifestForm, known: Found | None, *, now: datetime) -> Found:
    """Look at the manifest that `form` names, with `can_look`. Trouble stands in the result.

    Columns that somebody chose count as long as they were chosen for the same object.
    """
    place = place_of(dict(form.data))
    found = Found(place=place, checked_at=now.isoformat())
    region, role = form.cleaned_data["region"], form.role()
    if role is None:
        return found
    found.role_arn = role.arn
    bucket, key = parse_s3_uri(form.cleaned_data["manifest_object"])
    version_id = form.cleaned_data["version_id"] or None
    chosen = form.columns if known and known.place == place else []
    shown = preflight.place_of(bucket, key, version_id)
    try:
        with page_turn():
            facts = preflight.look_at(bucket, key, version_id, region, role)
            found.error = encryption_problem(facts, shown) or ""
            if not found.error:
                sample = _read(bucket, key, version_id, facts, region, role)
                _note(found, facts, _preview(sample, facts, chosen))
                _warn_of_versioning(found, region, role)
    except StorageError as error:
        found.error = preflight.sentence(error, shown)
        found.error_field = "read_as" if error.code == "NoCredentials" else "manifest_object"
    return found


def first_lines(form: ManifestForm, found: Found | None) -> list[bytes]:
    """Those of a manifest that was looked at, as many as are read of it, without line ends. Raises
    StorageError.
    """
    region, role = form.cleaned_data["region"], form.role()
    if role is None or found is None:
        return []
    bucket, key = parse_s3_uri(form.cleaned_data["manifest_object"])
    version_id = form.cleaned_data["version_id"] or None
    with page_turn():
        storage = storage_for_page(bucket, region, role)
        sample = storage.read_range(bucket, key, 0, SAMPLE_BYTES, version_id, if_match=found.etag)
    return whole_lines(sample, complete=len(sample) < SAMPLE_BYTES)


def _read(
    bucket: str, key: str, version_id: str | None, facts: ObjectFacts, region: Region, role: Role
) -> bytes:
    if not facts.size_bytes:
        return b""
    storage = storage_for_page(bucket, region, role)
    return storage.read_range(bucket, key, 0, SAMPLE_BYTES, version_id, if_match=facts.etag)


def _preview(sample: bytes, facts: ObjectFacts, chosen: list[str]) -> Preview:
    size_bytes, complete = facts.size_bytes, facts.size_bytes <= SAMPLE_BYTES
    fields = tuple(ManifestField(name) for name in chosen) if all(chosen) else ()
    seen = preview(sample, complete=complete, size_bytes=size_bytes, fields=fields or None)
    if chosen and seen.columns not in (0, len(chosen)):
        # Another file lies there now: the columns are guessed anew.
        seen = preview(sample, complete=complete, size_bytes=size_bytes, fields=None)
    return seen


def _note(found: Found, facts: ObjectFacts, seen: Preview) -> None:
    found.etag, found.size_bytes = facts.etag, facts.size_bytes
    found.last_modified = facts.last_modified.isoformat()
    found.columns, found.fields = seen.columns, [str(name) for name in seen.fields]
    found.rows = [asdict(row) for row in seen.rows]
    found.rows_exact, found.rows_estimated = seen.rows_exact, seen.rows_estimated
    found.buckets = seen.buckets
    found.problems = [
        asdict(problem) | {"kind": problem.kind.label, "id": problem.kind.value}
        for problem in seen.problems
    ]
    cut = len(seen.problems) >= PROBLEMS_SHOWN
    found.problem_count = sum(seen.problem_counts.values()) if cut else len(seen.problems)


def _warn_of_versioning(found: Found, region: Region, role: Role) -> None:
    """Rows without version IDs mean the newest version at run time.

    See docs/batch-operations.md, Statuses.
    """
    if found.has_version_ids:
        return
    for bucket in list(found.buckets)[:_BUCKETS_ASKED]:
        if _is_versioned(bucket, region, role):
            found.problem_count += 1
            found.problems.append(
                {
                    "kind": "Newest versions",
                    "id": "newest-versions",
                    "line": None,
                    "message": f"{bucket} keeps versions, and the manifest names none: the job"
                    " acts on the newest at run time, which may differ from today's.",
                    "row_text": "",
                    "remedy": "Add a column with version IDs if that matters.",
                    "blocking": False,
                }
            )


def _is_versioned(bucket: str, region: Region, role: Role) -> bool:
    try:
        return bool(storage_for_page(bucket, region, role).versioning_enabled(bucket))
    except StorageError:
        # Said where it matters: a job whose bucket is not there is not stopped by a warning.
        return False


def _storable(value: Any) -> Any:
    """A decoded key may hold a NUL, which PostgreSQL's JSON cannot."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): _storable(item) for name, item in value.items()}
    return value
