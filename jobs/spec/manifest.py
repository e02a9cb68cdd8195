"""Where a job's list of objects lies and how its rows read.

See docs/batch-operations.md, Naming a manifest.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

from jobs.choices import ManifestField, ManifestFormat
from jobs.spec.checking import Checker, given
from jobs.spec.pairs import Pair, pairs_of

MANIFEST = "Manifest"
OURS, PLUS_IS_SPACE, FILTER, SQL = "BatchConsole", "PlusIsSpace", "Filter", "SQL"
TAGS, METADATA, PIN = "Tags", "Metadata", "PinCurrentVersions"
"""Beside the members of AWS's model stand those of ours."""

MOST_SQL = 20_000
"""Characters of a filter."""

_ARN = "arn:aws:s3:::"


@dataclass(frozen=True, slots=True)
class ManifestSpec:
    """`etag` is without quotes and frozen when the job is made; `fields` names the columns in order.
    `plus_is_space` says what a `+` in a key stands for; None where nobody said it. `filter_sql` is one
    SELECT over the list, whose rows are those of the job; "" keeps all of them. Of these, objects are kept
    that have all of `tags` and `metadata`. With `pins_versions` a row without a version means the one that is
    current when the job is prepared.
    """

    bucket: str
    key: str
    etag: str
    fields: tuple[ManifestField, ...]
    version_id: str | None = None
    format: ManifestFormat = ManifestFormat.CSV
    plus_is_space: bool | None = None
    filter_sql: str = ""
    tags: tuple[Pair, ...] = ()
    metadata: tuple[Pair, ...] = ()
    pins_versions: bool = False

    @property
    def asks_objects(self) -> bool:
        """Whether each object is asked for what the list does not tell."""
        return bool(self.tags or self.metadata or self.pins_versions)

    @property
    def unasked(self) -> Self:
        """The list that is asked about."""
        return replace(self, tags=(), metadata=(), pins_versions=False)

    @property
    def names_versions(self) -> bool:
        """Whether the rows of tasks do, as far as it is known before the list is read."""
        return self.pins_versions or ManifestField.VERSION_ID in self.fields

    @property
    def task_fields(self) -> tuple[ManifestField, ...]:
        """Columns of the rows that tasks get; () where the list itself says them."""
        if not self.fields or ManifestField.VERSION_ID in self.fields or not self.pins_versions:
            return self.fields
        return (*self.fields, ManifestField.VERSION_ID)

    @property
    def place(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def to_wire(self) -> dict[str, Any]:
        """As CreateJob has it: {"Manifest": ...}, with ours beside it. The key stands raw in the ARN."""
        location = {"ObjectArn": f"{_ARN}{self.bucket}/{self.key}", "ETag": self.etag}
        if self.version_id:
            location["ObjectVersionId"] = self.version_id
        spec: dict[str, Any] = {"Format": str(self.format)}
        if self.fields:
            spec["Fields"] = [str(field) for field in self.fields]
        wire: dict[str, Any] = {MANIFEST: {"Spec": spec, "Location": location}}
        ours: dict[str, Any] = {}
        if self.plus_is_space is not None:
            ours[PLUS_IS_SPACE] = self.plus_is_space
        asked = {
            SQL: self.filter_sql or None,
            TAGS: [one.to_wire() for one in self.tags] or None,
            METADATA: [one.to_wire() for one in self.metadata] or None,
        }
        if kept := given(asked):
            ours[FILTER] = kept
        if self.pins_versions:
            ours[PIN] = True
        if ours:
            wire[OURS] = ours
        return wire

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Self:
        """Of what `to_wire` made."""
        spec, location = wire[MANIFEST]["Spec"], wire[MANIFEST]["Location"]
        bucket, _, key = location["ObjectArn"].removeprefix(_ARN).partition("/")
        ours = wire.get(OURS, {})
        kept = ours.get(FILTER, {})
        return cls(
            bucket=bucket,
            key=key,
            etag=location["ETag"],
            fields=tuple(ManifestField(name) for name in spec.get("Fields", ())),
            version_id=location.get("ObjectVersionId"),
            format=ManifestFormat(spec["Format"]),
            filter_sql=kept.get(SQL, ""),
            plus_is_space=ours.get(PLUS_IS_SPACE),
            tags=tuple(map(Pair.from_wire, kept.get(TAGS, ()))),
            metadata=tuple(map(Pair.from_wire, kept.get(METADATA, ()))),
            pins_versions=ours.get(PIN, False),
        )


def parse_ours(value: Any, check: Checker) -> dict[str, Any]:
    """What stands beside a manifest that is ours, as arguments of ManifestSpec; other members are for others
    to look at. Fields of problems are paths that begin with "BatchConsole".
    """
    wire = check.structure(value, OURS)
    kept = check.structure(wire.get(FILTER), f"{OURS}.{FILTER}")
    at = f"{OURS}.{FILTER}"
    check.only(kept, (SQL, TAGS, METADATA), at)
    return {
        "plus_is_space": check.flag(wire.get(PLUS_IS_SPACE), f"{OURS}.{PLUS_IS_SPACE}"),
        "filter_sql": sql_of(kept.get(SQL), f"{at}.{SQL}", check),
        "tags": pairs_of(kept.get(TAGS), f"{at}.{TAGS}", check),
        "metadata": pairs_of(kept.get(METADATA), f"{at}.{METADATA}", check, lower=True),
        "pins_versions": bool(check.flag(wire.get(PIN), f"{OURS}.{PIN}")),
    }


def sql_of(value: Any, field: str, check: Checker) -> str:
    """It may go over several lines."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MOST_SQL:
        check.say(field, f"{field} must be a text of {MOST_SQL:,} characters at most.")
        return ""
    return value
