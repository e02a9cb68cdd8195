"""The manifest object: that it is what was named when the job was made, and may be read.

Each function raises ManifestError, whose code and sentence become the job's FailureCode and
FailureReason, and StorageUnavailableError where trying later may help.
"""

import contextlib
from collections.abc import Iterator

from jobs.choices import INVENTORIES, ManifestFormat
from jobs.errors import ManifestError, StorageError, StorageUnavailableError
from jobs.manifests.source import Reading
from jobs.s3.sentences import describe
from jobs.s3.storage import ObjectFacts
from jobs.spec.manifest import ManifestSpec

KMS = frozenset({"aws:kms", "aws:kms:dsse"})


@contextlib.contextmanager
def reading_errors(manifest: ManifestSpec) -> Iterator[None]:
    """Turns a storage's refusal while the manifest is read into the job's failure."""
    try:
        yield
    except StorageUnavailableError:
        raise
    except StorageError as error:
        raise _refused(manifest, error) from error


def check_object(manifest: ManifestSpec, reading: Reading) -> None:
    """Look at the manifest before reading it."""
    facts = look_at(manifest, reading)
    if refused := encryption_problem(facts, manifest.place):
        raise ManifestError("ManifestEncryptionNotSupported", refused)


def look_at(manifest: ManifestSpec, reading: Reading) -> ObjectFacts:
    """It is there, and is what its ETag says."""
    with reading_errors(manifest):
        storage = reading.storage(manifest.bucket)
        facts = storage.head_object(manifest.bucket, manifest.key, manifest.version_id)
    if facts.etag != manifest.etag.strip('"'):
        raise ManifestError("ManifestChanged", _changed(manifest))
    return facts


def encryption_problem(
    facts: ObjectFacts, place: str, kind: ManifestFormat = ManifestFormat.CSV
) -> str | None:
    """CSV manifests may be encrypted with SSE-S3 only (docs/batch-operations.md, CSV manifests), those of
    inventories with a KMS key, too.
    """
    remedy = "Store the manifest unencrypted or with SSE-S3 instead."
    if facts.customer_key:
        return f"{place} is encrypted with a customer-provided key (SSE-C). {remedy}"
    if facts.encryption in KMS and kind not in INVENTORIES:
        return f"{place} is encrypted with a KMS key (SSE-KMS). {remedy}"
    return None


def _refused(manifest: ManifestSpec, error: StorageError) -> ManifestError:
    if error.code in {"AccessDenied", "403"}:
        # AWS's own words (docs/batch-operations.md, Failures of a job): people search for them.
        return ManifestError(error.code, f"Reading the manifest is forbidden: {error.code}")
    if error.code in {"PreconditionFailed", "412"}:
        return ManifestError("ManifestChanged", _changed(manifest))
    return ManifestError(error.code, describe(error, place=manifest.place))


def _changed(manifest: ManifestSpec) -> str:
    return (
        f"The manifest {manifest.place} changed after the job was created: its ETag is not"
        f" {manifest.etag} any more. Clone the job to use the new one."
    )
