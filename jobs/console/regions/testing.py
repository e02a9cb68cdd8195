"""Test connection: what works and what does not, step by step, each a sentence."""

import socket
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from jobs.errors import StorageError
from jobs.lifecycle import preflight
from jobs.lifecycle.connections import client_for_page
from jobs.models import Region, RoleCredentials
from jobs.s3.arns import parse_s3_uri
from jobs.s3.storage import Storage

CONNECT_TIMEOUT_S = 3
_BAD_KEYS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}
_NO_LIST = {"AccessDenied", "403", "NotImplemented", "MethodNotAllowed"}


@dataclass(frozen=True, slots=True)
class Result:
    """One step: `tone` is ok, warn (works, yet) or err."""

    step: str
    tone: str
    sentence: str


def try_connection(region: Region, credentials: RoleCredentials | None) -> list[Result]:
    """Ends at the first step that fails: what comes after it can not work either."""
    reached = _reach(region)
    if reached.tone == "err":
        return [reached]
    if credentials is None:
        return [reached, Result("Sign", "warn", "No IAM role has credentials here. Add one.")]
    storage = Storage(client_for_page(region.endpoint(), credentials.to_credentials()))
    return [reached, *_sign_and_list(storage), *_places(region, storage)]


def note_result(region: Region, results: list[Result], now: datetime) -> None:
    """What the list of Regions shows."""
    region.checked_at = now
    region.check_error = next((r.sentence for r in results if r.tone == "err"), "")
    region.save(update_fields=["checked_at", "check_error"])


def _reach(region: Region) -> Result:
    """Only the configured endpoint is called (ux.md 2.13: resolve)."""
    parts = urlsplit(region.endpoint_url)
    host = parts.hostname or ""
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((host, port), CONNECT_TIMEOUT_S).close()
    except socket.gaierror:
        return Result("Reach", "err", f'The name "{host}" is not known. Check the endpoint URL.')
    except (OSError, ValueError, OverflowError) as error:
        why = "did not answer in time" if isinstance(error, TimeoutError) else "does not answer"
        return Result("Reach", "err", f"{region.endpoint_url} {why}. Check the endpoint URL.")
    return Result("Reach", "ok", f"{region.endpoint_url} answers.")


def _sign_and_list(storage: Storage) -> list[Result]:
    try:
        names = storage.list_buckets()
    except StorageError as error:
        if error.code in _NO_LIST:
            return [
                Result("Sign", "ok", "The storage accepted the signature."),
                Result(
                    "List buckets",
                    "warn",
                    f"The IAM role may not list buckets ({error.code}). Jobs work all the same.",
                ),
            ]
        step = "Sign" if error.code in _BAD_KEYS or error.http_status else "Answer"
        return [Result(step, "err", preflight.sentence(error, "The list of buckets"))]
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
    counted = "1 bucket" if len(names) == 1 else f"{len(names):,} buckets"
    return [
        Result("Sign", "ok", "The storage accepted the signature."),
        Result(
            "List buckets", "ok", f"{counted}: {shown}." if names else "There is no bucket yet."
        ),
    ]


def _places(region: Region, storage: Storage) -> list[Result]:
    """The default places exist; a report's is written in step 3 of Create job."""
    results = []
    for step, place in (
        ("Default place of manifests", region.manifest_prefix),
        ("Default place of completion reports", region.report_prefix),
    ):
        if place:
            bucket, _ = parse_s3_uri(place)
            results.append(_bucket(step, bucket, storage))
    return results


def _bucket(step: str, bucket: str, storage: Storage) -> Result:
    try:
        storage.check_bucket(bucket)
    except StorageError as error:
        return Result(step, "err", preflight.bucket_sentence(error, bucket))
    return Result(step, "ok", f"The bucket {bucket} is there.")
