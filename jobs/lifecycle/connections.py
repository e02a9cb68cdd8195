"""From a job or a Region to the storage behind it: which endpoint, which credentials."""

from collections.abc import Iterable

from jobs.errors import StorageError
from jobs.models import Bucket, Job, Region, Role, RoleCredentials
from jobs.s3.clients import S3Client, make_client
from jobs.s3.endpoints import Credentials, Endpoint
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


def credentials_of(role: Role, region: Region) -> Credentials | None:
    """Raises StorageError when the role has no credentials in that Region."""
    known = RoleCredentials.objects.filter(role=role, region=region).first()
    if known is None:
        raise StorageError(
            "NoCredentials",
            f"The IAM role {role.arn} has no credentials in Region {region.name}.",
        )
    return known.to_credentials()


def storage_for(bucket: str, region: Region, role: Role, *, attempts: int = 3) -> Storage:
    """Control-plane access to `bucket`, as `role`, wherever the bucket lies."""
    there = region_of(bucket, region)
    client = make_client(there.endpoint(), credentials_of(role, there), attempts=attempts)
    return Storage(client)


def storage_for_page(bucket: str, region: Region, role: Role) -> Storage:
    """The same for somebody who waits in front of a page: soon an answer, or none."""
    there = region_of(bucket, region)
    return Storage(client_for_page(there.endpoint(), credentials_of(role, there)))


def client_for_page(endpoint: Endpoint, credentials: Credentials | None) -> S3Client:
    return make_client(endpoint, credentials, connect_timeout_s=3, read_timeout_s=10)


def storage_to_look_at(bucket: str, job: Job) -> Storage:
    """For what any storage that works answers soon: while one is silent, the worker that prepares
    has no time for other jobs.
    """
    there = region_of(bucket, job.region)
    credentials = credentials_of(job.role, there)
    client = make_client(there.endpoint(), credentials, attempts=2, read_timeout_s=LOOK_TIMEOUT_S)
    return Storage(client)


def manifest_storage(job: Job) -> Storage:
    return storage_to_look_at(job.manifest_bucket, job)


def report_storage(job: Job) -> Storage:
    return storage_for(job.report_bucket, job.region, job.role)
