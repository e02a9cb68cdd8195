"""The columns of an inventory, by the names that manifest.json and its data files give them."""

import re
from dataclasses import dataclass

from jobs.choices import ManifestField
from jobs.manifests.keys import KeyRules
from jobs.manifests.layout import Layout, layout_of
from jobs.manifests.problems import ProblemKind, of_file

BUCKET, KEY, VERSION_ID = "Bucket", "Key", "VersionId"
IS_LATEST, IS_DELETE_MARKER = "IsLatest", "IsDeleteMarker"

ALWAYS = (BUCKET, KEY, VERSION_ID, IS_LATEST, IS_DELETE_MARKER)
"""Of every inventory; the last three where it lists all versions."""

OPTIONAL = (
    "Size",
    "LastModifiedDate",
    "StorageClass",
    "ETag",
    "IsMultipartUploaded",
    "ReplicationStatus",
    "EncryptionStatus",
    "ObjectLockRetainUntilDate",
    "ObjectLockMode",
    "ObjectLockLegalHoldStatus",
    "ObjectLockEventHoldStatus",
    "ObjectLockEventHoldDuration",
    "IntelligentTieringAccessTier",
    "BucketKeyStatus",
    "ChecksumAlgorithm",
    "ObjectAccessControlList",
    "ObjectOwner",
    "LifecycleExpirationDate",
    "IntelligentTieringReferenceDate",
)
"""What an inventory may be configured to have besides: S3's InventoryOptionalField."""

AS_S3_WRITES = KeyRules(plus_is_space=True)
_BY_BARE_NAME = {name.casefold(): name for name in (*ALWAYS, *OPTIONAL)}
_OF_TASKS = {
    BUCKET: ManifestField.BUCKET,
    KEY: ManifestField.KEY,
    VERSION_ID: ManifestField.VERSION_ID,
}
_PARQUET = re.compile(r"(?:required|optional)\s+\w+(?:\(\d+\))?\s+(\w+)")
_ORC = re.compile(r"(\w+)\s*:\s*\w+")
_MOST_SCHEMA_CHARACTERS = 64 * 1024


@dataclass(frozen=True, slots=True)
class Columns:
    """`names` are in the order of the file; one that nobody knows stays as it is, and is not used.
    `is_delete_marker` is that column's place, -1 without one.
    """

    names: tuple[str, ...]
    layout: Layout
    is_delete_marker: int

    @property
    def has_versions(self) -> bool:
        return self.layout.version_id >= 0


@dataclass(frozen=True, slots=True)
class Rules:
    """How rows of CSV are read: delete markers are rows where they are taken, and `+` in a key is a
    space, as S3 writes it, unless somebody said that it is a plus.
    """

    columns: Columns
    takes_delete_markers: bool = False
    keys: KeyRules = AS_S3_WRITES


def columns_of(schema: str, file_format: str) -> Columns:
    """Of manifest.json's `fileSchema`: names with commas between them for CSV, a Parquet message, an
    ORC struct. Raises ManifestError where Bucket or Key is missing, or one stands there twice.
    """
    if len(schema) > _MOST_SCHEMA_CHARACTERS:
        raise of_file(
            ProblemKind.FIELDS,
            f"fileSchema of manifest.json is longer than {_MOST_SCHEMA_CHARACTERS:,} characters.",
            "Name the manifest.json of an S3 Inventory.",
        )
    if file_format == "CSV":
        words = [word.strip() for word in schema.split(",")]
    else:
        words = (_PARQUET if file_format == "Parquet" else _ORC).findall(schema)
    names = tuple(known_name(word) for word in words)
    fields = tuple(_OF_TASKS.get(name, ManifestField.IGNORE) for name in names)
    layout = layout_of(fields)
    place = names.index(IS_DELETE_MARKER) if IS_DELETE_MARKER in names else -1
    return Columns(names, layout, place)


def known_name(word: str) -> str:
    """As S3 spells it: last_modified_date of a Parquet or ORC file is LastModifiedDate."""
    return _BY_BARE_NAME.get(word.replace("_", "").casefold(), word)
