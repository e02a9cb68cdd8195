"""What is wrong with an inventory, for a person: which file, what, and what to do."""

from jobs.errors import ManifestError, StorageError
from jobs.manifests.problems import INVALID_CONTENT
from jobs.s3.sentences import describe

AGAIN = "Use the manifest.json of a newer inventory, or have this one delivered again."
NOT_READ = "ManifestEncryptionNotSupported"
NO_OBJECTS = "The inventory lists no objects: its files have no rows, or delete markers only."
KMS_ACTIONS = (
    "kms:Decrypt and kms:GenerateDataKey on the KMS key that the inventory is encrypted with"
)


def wrong_manifest(what: str, remedy: str) -> ManifestError:
    return ManifestError(INVALID_CONTENT, f"manifest.json {what} {remedy}")


def wrong_file(key: str, what: str, remedy: str = AGAIN) -> ManifestError:
    return ManifestError(
        INVALID_CONTENT, f"The inventory's file {key} {what} {remedy}".strip(), file=key
    )


def at_file(error: ManifestError, key: str) -> ManifestError:
    """What was found in one line, with the file that has it."""
    where = f"Line {error.line}"
    message = error.message.replace(f"{where} ", f"{where} of {key} ", 1)
    return ManifestError(error.code, message, line=error.line, file=key)


def denied(place: str, file: str = "") -> ManifestError:
    """Where a key of KMS may be what the role lacks."""
    return ManifestError(
        "AccessDenied",
        f"Reading the manifest is forbidden: AccessDenied. {place} is encrypted with a KMS key"
        f" (SSE-KMS): the IAM role needs {KMS_ACTIONS}, besides s3:GetObject.",
        file=file,
    )


def refused(error: StorageError, place: str, file: str) -> ManifestError:
    return ManifestError(error.code, describe(error, place=place), file=file)


def customer_key(place: str, file: str = "") -> ManifestError:
    return ManifestError(
        NOT_READ,
        f"{place} is encrypted with a customer-provided key (SSE-C), which this console does not"
        " have. Have inventories delivered with SSE-S3 or SSE-KMS.",
        file=file,
    )
