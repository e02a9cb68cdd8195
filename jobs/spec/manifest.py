"""Where a job's list of objects lies and how its rows read.

See docs/batch-operations.md, Naming a manifest.
"""

from dataclasses import dataclass

from jobs.choices import ManifestField, ManifestFormat


@dataclass(frozen=True, slots=True)
class ManifestSpec:
    """`etag` is without quotes and frozen when the job is made; `fields` names the columns in order."""

    bucket: str
    key: str
    etag: str
    fields: tuple[ManifestField, ...]
    version_id: str | None = None
    format: ManifestFormat = ManifestFormat.CSV
