"""Lists in words, as several pages say it: what is listed, and what is kept of it. Pure."""

from collections.abc import Sequence

from jobs.models import Job
from jobs.queries.words import counted
from jobs.spec.encryption_filter import EncryptionFilter
from jobs.spec.generator import GeneratorSpec
from jobs.spec.generator_extension import ALL, CURRENT, DELETE_MARKERS, NONCURRENT
from jobs.spec.manifest import ManifestSpec
from jobs.spec.pairs import Pair

_VERSIONS = {
    CURRENT: "Current objects",
    ALL: "All versions",
    NONCURRENT: "Noncurrent versions",
    DELETE_MARKERS: "Delete markers alone",
}
Pairs = list[tuple[str, str]]


def generator_pairs(spec: GeneratorSpec) -> Pairs:
    """Labels and values: what is listed, and each filter that is set."""
    asked, more = spec.filter, spec.more
    size = [
        ("Larger than", asked.larger_than_bytes),
        ("Smaller than", asked.smaller_than_bytes),
    ]
    every = [
        ("Listed", "; ".join(_places(spec))),
        ("Versions", f"{_VERSIONS[spec.versions]}{', pinned' if more.pins_versions else ''}"),
        ("Created after", asked.created_after or ""),
        ("Created before", asked.created_before or ""),
        ("Key begins with", _any(spec.names.prefixes)),
        ("Key ends with", _any(spec.names.suffixes)),
        ("Key contains", _any(spec.names.substrings)),
        ("Key is like", _any(more.globs)),
        ("Key matches", more.expression or ""),
        *((label, f"{counted(n, 'byte')}") for label, n in size if n is not None),
        ("Storage class", _any(asked.storage_classes)),
        ("Encryption", _encryption(asked.encryption)),
        ("Replication status", _any(asked.replication_statuses)),
        ("Eligible for replication", _yes_or_no(asked.eligible_for_replication)),
        ("Tags", pairs_in_words(more.tags)),
        ("Metadata", pairs_in_words(more.metadata)),
        ("SQL filter", more.filter_sql),
    ]
    return [(label, value) for label, value in every if value]


def list_pairs(job: Job) -> Pairs:
    """Of a job over a generated list; none for any other."""
    spec = job.manifest
    if not isinstance(spec, GeneratorSpec):
        return []
    pairs = [("Object list", "Made by listing"), *generator_pairs(spec)]
    if job.looked_up_objects:
        pairs.append(("Objects asked for what no listing tells", f"{job.looked_up_objects:,}"))
    if location := job.generated_manifest.get("Location"):
        pairs += [
            ("Saved list", location["ObjectArn"]),
            ("ETag of the saved list", location["ETag"]),
            ("Version of the saved list", location.get("ObjectVersionId", "")),
        ]
    elif spec.saves and spec.output:
        place = f"s3://{spec.output.bucket}/{spec.output.prefix}"
        pairs.append(("Saved list", f"Written below {place} when it is complete"))
    return [(label, value) for label, value in pairs if value]


def kept_pairs(job: Job) -> Pairs:
    """What belongs to a job over a manifest of the rows that are listed there."""
    spec = job.manifest
    return manifest_pairs(spec) if isinstance(spec, ManifestSpec) else []


def manifest_pairs(spec: ManifestSpec) -> Pairs:
    """Each filter that is set."""
    every = [
        ("SQL filter", spec.filter_sql),
        ("Tags", pairs_in_words(spec.tags)),
        ("Metadata", pairs_in_words(spec.metadata)),
        ("Pin current versions", "Yes" if spec.pins_versions else ""),
    ]
    return [(label, value) for label, value in every if value]


def _places(spec: GeneratorSpec) -> list[str]:
    return [
        f"s3://{one.bucket}/{prefix}" for one in spec.sources for prefix in one.prefixes or ("",)
    ]


def _any(texts: Sequence[str]) -> str:
    return " or ".join(texts)


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else "Yes" if value else "No"


def _encryption(asked: EncryptionFilter | None) -> str:
    if asked is None:
        return ""
    key = f" with the key {asked.key_arn}" if asked.key_arn else ""
    bucket_key = {True: ", with a bucket key", False: ", without a bucket key", None: ""}
    return f"{asked.kind}{key}{bucket_key[asked.bucket_key]}"


def pairs_in_words(pairs: Sequence[Pair]) -> str:
    return " and ".join(
        f"{one.key}={one.value}"
        if one.value is not None
        else f"{one.key} like {one.glob}"
        if one.glob
        else f"{one.key} with any value"
        for one in pairs
    )
