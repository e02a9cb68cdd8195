"""Which work storage this installation has: a folder, or a bucket for many machines."""

from jobs import conf
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.work_store import S3Store
from jobs.workstore.store import FolderStore, WorkStore


def work_storage() -> WorkStore:
    place = conf.work_bucket()
    if place is None:
        return FolderStore(conf.work_dir())
    keys = Credentials(place.access_key_id, place.secret_access_key)
    return S3Store(
        Endpoint(place.endpoint_url, place.region_code, place.addressing_style),
        keys if place.access_key_id else None,
        place.bucket,
        place.prefix,
    )


def check() -> None:
    """Raises WorkStoreError when a bucket as work storage can not be used as it is set.

    A folder needs no such test: it is made when it is first written to.
    """
    work = work_storage()
    if isinstance(work, S3Store):
        work.check()
