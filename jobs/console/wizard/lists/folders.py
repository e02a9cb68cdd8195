"""Ticked folders become a generated list: the job lists what lies below them when it prepares."""

from collections.abc import Sequence

from jobs.console.forms.sources.table import typed_of
from jobs.console.wizard.lists.use_manifest import role_arn_of, use_list
from jobs.models import Draft, Region
from jobs.spec.generator import GeneratorSpec
from jobs.spec.generator_extension import MOST_SOURCES, Extension, ListedBucket

MOST_FOLDERS = MOST_SOURCES


def use_folders(draft: Draft, region: Region, folders: Sequence[Sequence[str]]) -> str:
    """`folders` are (bucket, prefix). Returns the address of step 1."""
    by_bucket: dict[str, list[str]] = {}
    for bucket, prefix in folders:
        by_bucket.setdefault(bucket, []).append(prefix)
    sources = tuple(ListedBucket(name, tuple(prefixes)) for name, prefixes in by_bucket.items())
    spec = GeneratorSpec(bucket=sources[0].bucket, more=Extension(sources=sources))
    place = {"region": region.slug, "read_as": role_arn_of(draft)}
    return use_list(draft, {**typed_of(spec), **place})
