"""Every kind of list that a job can be made of, and what reads it."""

import importlib
from typing import cast

from jobs.choices import ManifestFormat
from jobs.manifests.source import Source
from jobs.spec.generator import GENERATOR
from jobs.spec.object_list import ListSpec

_SOURCES: dict[str, str] = {
    ManifestFormat.CSV: "jobs.manifests.csv_manifest",
    ManifestFormat.INVENTORY: "jobs.manifests.inventory.source",
    ManifestFormat.SAVED_LIST: "jobs.manifests.inventory.source",
    GENERATOR: "jobs.manifests.generated.source",
}
"""By its format, the module with its `SOURCE`. It is imported when the first list of its kind is read:
what it needs for that takes memory, and the workers that run tasks never read a list.
"""

_FILTERED = "jobs.manifests.sql.source"
"""It wraps the others: their rows that an SQL filter keeps."""

_LISTED = "jobs.manifests.sql.listed"
"""The same of a list that is generated."""

_ASKED = "jobs.manifests.asked_list"
"""It wraps all of these: rows whose objects have certain tags or metadata, or with their versions."""


def source_of(manifest: ListSpec) -> Source:
    if manifest.asks_objects:
        module = _ASKED
    else:
        filtering = _LISTED if manifest.format == GENERATOR else _FILTERED
        module = filtering if manifest.filter_sql else _SOURCES[manifest.format]
    return cast(Source, importlib.import_module(module).SOURCE)
