"""From a job or a Region to the storage behind it: which endpoint, which credentials."""

import threading
from collections.abc import Iterable

from jobs.errors import StorageError
from jobs.lifecycle.page_turns import page_patience
from jobs.models import Bucket, Job, Region, Role, RoleCredentials
from jobs.s3.clients import S3Client, make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.multipart import Parts
from jobs.s3.patience import Patience
from jobs.s3.storage import Storage

LOOK_TIMEOUT_S = 20.0


def region_of(bucket: str, default: Region) -> Region:
    """Where a bucket lies: in `default`, unless a Bucket row says otherwise."""
    known = Bucket.objects.select_related("region").filter(name=bucket).first()
    return known.region if known else default


def regions_of(buckets: Iterable[str], default: Region) -> dict[str, Region]:
    """The same for several, in one query."""
    names = list(buckets)
    known = Bucket.objects.select_related("region").filter(name__in=names)
    return dict.fromkeys(names, default) | {bucket.name: bucket.region for bucket in known}


def region_named(slug: str) -> Region:
    """Raises StorageError where there is none."""
    region = Region.objects.filter(slug=slug).first()
    if region is None:
        raise StorageError("NoSuchRegion", f'There is no Region "{slug}" here.')
    return region


def credentials_of(role: Role, region: Region) -> Credentials | None:
    """Raises StorageError when the role has no credentials in that Region."""
    known = RoleCredentials.objects.filter(role=role, region=region).first()
    if known is None:
        raise StorageError(
            "NoCredentials",
            f"The IAM role {role.arn} has no credentials in Region {region.name}.",
        )
    return known.to_credentials()


def storage_for(
    bucket: str, region: Region, role: Role, stop: threading.Event, *, silence_s: float = 60.0
) -> Storage:
    """Control-plane access to `bucket`, as `role`, wherever the bucket lies; for a worker, until it
    is told to stop: its calls then raise StoppedError.
    """
    there = region_of(bucket, region)
    patience = Patience(silence_s=silence_s, is_stopped=stop.is_set)
    credentials = credentials_of(role, there)
    return Storage(make_client(there.endpoint(), credentials, attempts=2, patience=patience))


def storage_for_page(bucket: str, region: Region, role: Role) -> Storage:
    """The same for somebody who waits in front of a page, within a `page_turn`: soon an answer, or
    none.
    """
    there = region_of(bucket, region)
    return Storage(client_for_page(there.endpoint(), credentials_of(role, there)))


def parts_for_page(bucket: str, key: str, region: Region, role: Role) -> Parts:
    """An object that a person uploads part by part, each within a `page_turn`."""
    there = region_of(bucket, region)
    return Parts(client_for_page(there.endpoint(), credentials_of(role, there)), bucket, key)


def parts_for(bucket: str, key: str, region: Region, role: Role, stop: threading.Event) -> Parts:
    """The same for who clears up, and has others to go to."""
    there = region_of(bucket, region)
    patience = Patience(silence_s=LOOK_TIMEOUT_S, is_stopped=stop.is_set)
    client = make_client(there.endpoint(), credentials_of(role, there), patience=patience)
    return Parts(client, bucket, key)


def client_for_page(endpoint: Endpoint, credentials: Credentials | None) -> S3Client:
    """Within a `page_turn`."""
    return make_client(endpoint, credentials, connect_timeout_s=3, patience=page_patience())


def storage_in_region(slug: str, role: Role) -> Storage:
    """For a page, as `role`, in the Region of that slug. Raises StorageError."""
    region = region_named(slug)
    return Storage(client_for_page(region.endpoint(), credentials_of(role, region)))


def storage_for_download(bucket: str, region: Region, role: Role) -> Storage:
    """For an object that somebody saves, which may take as long as it comes."""
    there = region_of(bucket, region)
    patience = Patience(silence_s=10.0, answer_s=10.0)
    return Storage(make_client(there.endpoint(), credentials_of(role, there), patience=patience))


def storage_to_look_at(bucket: str, job: Job, stop: threading.Event) -> Storage:
    """For what any storage that works answers soon: while one is silent, the worker that prepares
    has no time for other jobs.
    """
    return storage_for(bucket, job.region, job.role, stop, silence_s=LOOK_TIMEOUT_S)


def report_storage(job: Job, stop: threading.Event) -> Storage:
    return storage_for(job.report_bucket, job.region, job.role, stop)
