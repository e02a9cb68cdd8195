"""Where a job's list of objects lies and how its rows read.

See docs/batch-operations.md, Naming a manifest.
"""

from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import ManifestField, ManifestFormat

MANIFEST = "Manifest"
_ARN = "arn:aws:s3:::"


@dataclass(frozen=True, slots=True)
class ManifestSpec:
    """`etag` is without quotes and frozen when the job is made; `fields` names the columns in order."""

    bucket: str
    key: str
    etag: str
    fields: tuple[ManifestField, ...]
    version_id: str | None = None
    format: ManifestFormat = ManifestFormat.CSV

    @property
    def place(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def to_wire(self) -> dict[str, Any]:
        """As CreateJob has it: {"Manifest": ...}. The key stands raw in the ARN."""
        location = {"ObjectArn": f"{_ARN}{self.bucket}/{self.key}", "ETag": self.etag}
        if self.version_id:
            location["ObjectVersionId"] = self.version_id
        spec: dict[str, Any] = {"Format": str(self.format)}
        if self.fields:
            spec["Fields"] = [str(field) for field in self.fields]
        return {MANIFEST: {"Spec": spec, "Location": location}}

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
        )
