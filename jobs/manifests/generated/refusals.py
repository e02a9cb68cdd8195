"""Why a list cannot be made by listing, as the job says it."""

from jobs.errors import ManifestError, StorageError
from jobs.s3.sentences import describe
from jobs.spec.generator import GeneratorSpec
from jobs.spec.generator_extension import NONCURRENT

INVALID = "InvalidManifestContent"
NO_RULES = "InvalidBucketState"
NO_KEYS = "Manifest generation found no keys matching the filter criteria."
"""AWS's own words (docs/batch-operations.md, Failures of a job): people search for them."""


def list_permission(spec: GeneratorSpec) -> str:
    return "s3:ListBucketVersions" if spec.names_versions else "s3:ListBucket"


def not_listed(spec: GeneratorSpec, error: StorageError) -> ManifestError:
    if error.code in {"AccessDenied", "403"}:
        said = (
            f"{spec.place} cannot be listed: {error.code}. Allow the IAM role"
            f" {list_permission(spec)}, or choose another."
        )
        return ManifestError(error.code, said)
    return ManifestError(error.code, describe(error, place=spec.place, verb="list"))


def rules_unknown(bucket: str, why: str) -> ManifestError:
    said = f" ({why})" if why else ""
    return ManifestError(
        NO_RULES,
        f"Bucket {bucket} has no replication configuration with an enabled rule that can be read{said}."
        " Nothing can be said to be eligible for replication: make such a rule, allow the IAM role"
        " s3:GetReplicationConfiguration, or leave out that filter.",
    )


def nothing_matches(spec: GeneratorSpec) -> ManifestError:
    """Of a list that came out empty, with what is usually wrong."""
    buckets = " and ".join(f"s3://{one.bucket}" for one in spec.sources[:3]) or spec.place
    return ManifestError(INVALID, f"{NO_KEYS} No objects of {buckets} match. {_hint(spec)}")


def _hint(spec: GeneratorSpec) -> str:
    prefixes = [prefix for one in spec.sources for prefix in one.prefixes]
    slashed = next((prefix for prefix in prefixes if prefix.startswith("/")), None)
    if slashed is not None:
        return f'The prefix "{slashed}" begins with a slash, and keys rarely do: leave it out.'
    if any(prefix.startswith("s3:") for prefix in prefixes):
        return "A prefix begins with s3:. Write what keys begin with, without the bucket."
    if any(set("*?") & set(prefix) for prefix in prefixes):
        return (
            "A prefix has a * or a ? in it, which stand for themselves there. Use a glob for them."
        )
    if spec.filter.eligible_for_replication:
        return (
            "Objects in GLACIER or DEEP_ARCHIVE, and those that no enabled replication rule covers, are"
            " not eligible for replication."
        )
    if spec.versions == NONCURRENT:
        return "A bucket without versioning has no noncurrent versions."
    return (
        "Letters count as they are written, small or capital. Take out filters one by one, and look at"
        " the first matches in the preview."
    )
