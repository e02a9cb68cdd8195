"""Test connection: what works and what does not, step by step, each a sentence."""

import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from jobs.console.regions import looking
from jobs.console.regions.looking import Result
from jobs.errors import StorageError, StorageUnavailableError
from jobs.lifecycle import preflight
from jobs.lifecycle.connections import client_for_page, region_of
from jobs.lifecycle.page_turns import page_turn
from jobs.models import Region, RoleCredentials
from jobs.s3.arns import parse_s3_uri
from jobs.s3.clients import S3Client
from jobs.s3.keeping import Kept, try_out
from jobs.s3.reachable import ForbiddenAddressError, try_to_connect
from jobs.s3.scratch import Scratch
from jobs.s3.storage import Storage

CONNECT_TIMEOUT_S = 3
TEST_S = 15.0
"""All that a test may take: two dozen small calls."""
_BAD_KEYS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}
_NO_LIST = {"AccessDenied", "403", "NotImplemented", "MethodNotAllowed"}


@dataclass(frozen=True, slots=True)
class Tested:
    """`switches` are fields of the Region that the test has shown how to set."""

    results: list[Result]
    switches: Mapping[str, bool] = field(default_factory=dict)

    @property
    def error(self) -> str:
        """The first step that failed; empty where the connection works."""
        return next((result.sentence for result in self.results if result.tone == "err"), "")

    @property
    def warnings(self) -> list[str]:
        return [result.sentence for result in self.results if result.tone == "warn"]


def try_connection(
    region: Region, credentials: RoleCredentials | None, now: datetime, *, writes: bool = True
) -> Tested:
    """Ends at the first step that fails: what comes after it cannot work either. With `writes` a
    small object shows what the storage keeps of what it accepts.
    """
    try:
        with page_turn(TEST_S):
            return _try(region, credentials, now, writes=writes)
    except StorageUnavailableError as error:
        return Tested([Result("Reach", "err", error.message)])


def _try(
    region: Region, credentials: RoleCredentials | None, now: datetime, *, writes: bool
) -> Tested:
    reached = _reach(region)
    if reached.tone == "err":
        return Tested([reached])
    if credentials is None:
        none = Result("Sign", "warn", "No IAM role has credentials here. Add one.")
        return Tested([reached, none])
    client = client_for_page(region.endpoint(), credentials.to_credentials())
    storage = Storage(client)
    tested = Tested([reached, *_sign_and_list(storage), *_places(region, storage)])
    if tested.error or not writes:
        return tested
    kept = _kept(region, client, now)
    return Tested([*tested.results, *looking.results_of(kept)], looking.switches_of(kept))


def _kept(region: Region, client: S3Client, now: datetime) -> Kept | None:
    """None without a default place in this very storage."""
    for place in filter(None, (region.report_prefix, region.manifest_prefix)):
        bucket, prefix = parse_s3_uri(place)
        if region_of(bucket, region) == region:
            folder = f"{prefix.rstrip('/')}/" if prefix else ""
            return try_out(Scratch(client, bucket, folder, now))
    return None


def note_result(
    region: Region, tested: Tested, now: datetime, *, by_hand: Collection[str] = ()
) -> None:
    """What the list of Regions shows, and what was found out; `by_hand` are switches that a person
    has just set.
    """
    found = {name: on for name, on in tested.switches.items() if name not in by_hand}
    for name, on in found.items():
        setattr(region, name, on)
    region.checked_at = now
    region.check_error = tested.error
    region.save(update_fields=["checked_at", "check_error", *found])


def _reach(region: Region) -> Result:
    """Only the configured endpoint is called."""
    parts = urlsplit(region.endpoint_url)
    host = parts.hostname or ""
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try_to_connect(host, port, CONNECT_TIMEOUT_S)
    except socket.gaierror:
        return Result("Reach", "err", f'The name "{host}" is not known. Check the endpoint URL.')
    except ForbiddenAddressError as error:
        return Result("Reach", "err", str(error))
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
