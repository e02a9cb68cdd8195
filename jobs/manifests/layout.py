"""Which column of a manifest holds what (docs/batch-operations.md, Naming a manifest)."""

from dataclasses import dataclass
from functools import lru_cache

from jobs.choices import ManifestField
from jobs.manifests.problems import ProblemKind, of_file
from jobs.spec.columns import wrong_columns

MAX_COLUMNS = 100
"""An inventory has some forty."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions count from 0; `version_id` is -1 where no column holds one."""

    columns: int
    bucket: int
    key: int
    version_id: int
    names: str

    @property
    def is_canonical(self) -> bool:
        """Whether the columns are those of the frozen list, in its order."""
        return (
            (self.bucket, self.key) == (0, 1)
            and self.version_id in (-1, self.columns - 1)
            and (self.columns == (2 if self.version_id < 0 else 3))
        )


@lru_cache(maxsize=64)
def layout_of(fields: tuple[ManifestField, ...]) -> Layout:
    """Raises ManifestError when Bucket or Key is not named, one of the three twice, or too many."""
    if len(fields) > MAX_COLUMNS:
        raise of_file(
            ProblemKind.FIELDS,
            f"{len(fields):,} columns are named, and a manifest has at most {MAX_COLUMNS}.",
            "Leave out columns that a job does not need.",
        )
    if wrong := wrong_columns(fields):
        raise of_file(ProblemKind.FIELDS, *wrong)
    return Layout(
        columns=len(fields),
        bucket=fields.index(ManifestField.BUCKET),
        key=fields.index(ManifestField.KEY),
        version_id=_position(fields, ManifestField.VERSION_ID),
        names=",".join(field.value for field in fields),
    )


def _position(fields: tuple[ManifestField, ...], field: ManifestField) -> int:
    return fields.index(field) if field in fields else -1
