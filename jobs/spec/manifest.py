"""Where a job's list of objects lies and how its rows read.

See docs/batch-operations.md, Naming a manifest.
"""

from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import ManifestField, ManifestFormat

MANIFEST = "Manifest"
OURS, PLUS_IS_SPACE, FILTER, SQL = "BatchConsole", "PlusIsSpace", "Filter", "SQL"
"""Beside the members of AWS's model stand those of ours."""

_ARN = "arn:aws:s3:::"


@dataclass(frozen=True, slots=True)
class ManifestSpec:
    """`etag` is without quotes and frozen when the job is made; `fields` names the columns in order.
    `plus_is_space` says what a `+` in a key stands for; None where nobody said it. `filter_sql` is one
    SELECT over the list, whose rows are those of the job; "" keeps all of them.
    """

    bucket: str
    key: str
    etag: str
    fields: tuple[ManifestField, ...]
    version_id: str | None = None
    format: ManifestFormat = ManifestFormat.CSV
    plus_is_space: bool | None = None
    filter_sql: str = ""

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
        if self.filter_sql:
            ours[FILTER] = {SQL: self.filter_sql}
        if ours:
            wire[OURS] = ours
        return wire

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Self:
        """Of what `to_wire` made."""
        spec, location = wire[MANIFEST]["Spec"], wire[MANIFEST]["Location"]
        bucket, _, key = location["ObjectArn"].removeprefix(_ARN).partition("/")
        return cls(
            bucket=bucket,
            key=key,
            etag=location["ETag"],
            fields=tuple(ManifestField(name) for name in spec.get("Fields", ())),
            version_id=location.get("ObjectVersionId"),
            format=ManifestFormat(spec["Format"]),
            filter_sql=wire.get(OURS, {}).get(FILTER, {}).get(SQL, ""),
            plus_is_space=wire.get(OURS, {}).get(PLUS_IS_SPACE),
        )
