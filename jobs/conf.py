"""A typed view of our settings; each may be overridden in Django settings as BATCHCONSOLE_<NAME>."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

SUSPENDED_LIFETIME = timedelta(days=30)
"""A job suspended for longer fails (docs/batch-operations.md, Confirmation)."""

DRAFT_LIFETIME = timedelta(days=30)
DELIVERY_LIFETIME = timedelta(days=30)
"""Of what was sent, or given up, to whoever is told of jobs."""

LIST_LIFETIME = timedelta(days=30)
"""Of the list of a dry run that was not run for real."""


WEB_THREADS = 8
"""Of each process of the web server."""

DOWNLOADS_AT_ONCE = WEB_THREADS // 4
"""In each process: a download keeps its thread for as long as its client takes."""


def _int(name: str, default: int) -> int:
    return int(getattr(settings, f"BATCHCONSOLE_{name}", default))


def _float(name: str, default: float) -> float:
    return float(getattr(settings, f"BATCHCONSOLE_{name}", default))


def _text(name: str, default: str = "") -> str:
    return str(getattr(settings, f"BATCHCONSOLE_{name}", "") or default)


def account_id() -> str:
    """The 12 digits that stand for this installation in ARNs and in requests of AWS's clients."""
    return _text("ACCOUNT_ID", "123456789012")


def time_zone() -> ZoneInfo:
    """Whose hours and days access policies mean."""
    return ZoneInfo(_text("TIME_ZONE", "UTC"))


def confirmation_required() -> bool:
    """Whether a job waits where CreateJob does not say."""
    return bool(getattr(settings, "BATCHCONSOLE_CONFIRMATION_REQUIRED", True))


def ca_folder() -> Path:
    """Where the CA certificates of Regions lie as files."""
    return Path(settings.DATA_DIR) / "ca-certificates"


def work_dir() -> Path:
    """Folder of the work storage, where that is none in S3: prepared lists and results of chunks."""
    return Path(settings.BATCHCONSOLE_WORK_DIR)


@dataclass(frozen=True, slots=True)
class WorkBucket:
    """Without `access_key_id` the process's ambient credentials count."""

    bucket: str
    prefix: str
    endpoint_url: str
    region_code: str
    addressing_style: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


def work_bucket() -> WorkBucket | None:
    """Where work storage lies in S3; None when it is the folder `work_dir`."""
    place = _text("WORK_STORE")
    if not place:
        return None
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return WorkBucket(
        bucket=bucket,
        prefix=prefix.strip("/"),
        endpoint_url=_text("WORK_STORE_ENDPOINT"),
        region_code=_text("WORK_STORE_REGION", "us-east-1"),
        addressing_style=_text("WORK_STORE_ADDRESSING", "path"),
        access_key_id=_text("WORK_STORE_ACCESS_KEY_ID"),
        secret_access_key=_text("WORK_STORE_SECRET_ACCESS_KEY"),
    )


def sql_folder() -> Path:
    """Where files lie while a list is filtered by SQL: a local disk."""
    return Path(settings.BATCHCONSOLE_SQL_DIR)


def sql_disk_bytes() -> int:
    """How much of that disk one filter may use."""
    return _int("SQL_DISK_BYTES", 20 * 1024**3)


def sql_memory_bytes() -> int:
    """How much memory DuckDB may use for one filter, beside its own code's."""
    return _int("SQL_MEMORY_BYTES", 512 * 1024**2)


def sql_time_s() -> float:
    """How long one SELECT may take, over the whole list or over a part of it."""
    return _float("SQL_TIME_S", 600.0)


def encryption_keys() -> list[str]:
    """Fernet keys, newest first; secrets are written with the first and read with any."""
    return list(settings.BATCHCONSOLE_ENCRYPTION_KEYS)


def chunk_rows(wanted: int = 500) -> int:
    """Rows of a chunk: what a kill may repeat at most, per open chunk. `wanted` is what suits the
    operation, unless a setting says otherwise.
    """
    return _int("CHUNK_ROWS", wanted)


def segment_chunks() -> int:
    """Chunks that one object of work storage holds, and that one preparing transaction adds. Each object
    is waited for until it is on the disk, so there are few.
    """
    return _int("SEGMENT_CHUNKS", 256)


def time_box_s() -> float:
    """How long a background call works before it hands itself back to the queue."""
    return _float("TIME_BOX_S", 30.0)


def lease_s() -> float:
    """Work whose worker was not heard of for so long is anyone's again."""
    return _float("LEASE_S", 10.0)


def heartbeat_s() -> float:
    return _float("HEARTBEAT_S", 3.0)


def control_workers() -> int:
    """Processes that prepare and finish jobs, on each machine that runs the part "control"."""
    return _int("CONTROL_WORKERS", 4)


def keep_details_days() -> int:
    """How long the throughput of a job that ended, and samples that its report has, too, are kept; 0
    for ever.
    """
    return _int("KEEP_DETAILS_DAYS", 0)


def record_every_s() -> float:
    """A chunk that runs longer records what it has done so far and splits off the rest."""
    return _float("RECORD_EVERY_S", 2.0)


def in_flight() -> int:
    """Requests that one worker keeps in flight."""
    return _int("IN_FLIGHT", 128)


def threads_in_flight() -> int:
    """The same where boto3 makes them: more threads are slower, not faster."""
    return _int("THREADS_IN_FLIGHT", min(32, in_flight()))


def data_plane() -> bool:
    """Off (0), boto3 makes every request: for the one who suspects our own HTTP of a fault."""
    return bool(_int("DATA_PLANE", 1))


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """Whose word counts for who somebody is. `group_roles` says which role each of its groups has;
    with `trusts_email`, emails count that it does not call verified.
    """

    issuer: str
    client_id: str
    name: str
    scope: str
    groups_claim: str
    group_roles: Mapping[str, str]
    trusts_email: bool
    client_secret: str = field(repr=False)


def oidc_provider() -> OidcProvider | None:
    found = getattr(settings, "BATCHCONSOLE_OIDC", None)
    return OidcProvider(**found) if found else None


def can_mail() -> bool:
    """Whether a mail server is configured; without one, no mail is sent."""
    return bool(settings.EMAIL_HOST)


def public_url() -> str:
    """Where links lead that no request made, as https://console.example.com; "" where nobody said."""
    return _text("PUBLIC_URL")


def allow_link_local() -> bool:
    """Whether a Region may be at 169.254.0.0/16 or fe80::/10."""
    return bool(_int("ALLOW_LINK_LOCAL", 0))


def task_deadline_s() -> float:
    """How long one task is retried before it fails with its last answer."""
    return _float("TASK_DEADLINE_S", 60.0)


def answer_timeout_s() -> float:
    """How long nothing may come while an answer is waited for: a copy of a large object takes long."""
    return _float("ANSWER_TIMEOUT_S", 60.0)


def storage_patience_s() -> float:
    """How long a storage may give no answer at all before the job waits for it."""
    return _float("STORAGE_PATIENCE_S", 10.0)


def finish_box_s() -> float:
    """The same for finishing, which stops between two result files only."""
    return _float("FINISH_BOX_S", 5.0)


def report_file_rows() -> int:
    """A result file of a report has at most so many rows."""
    return _int("REPORT_FILE_ROWS", 1_000_000)


def report_part_bytes() -> int:
    """Size of the parts in which a result file is uploaded; S3 asks for 5 MiB at least."""
    return _int("REPORT_PART_BYTES", 5 * 1024 * 1024)
