"""The demo's S3 server: moto in one process, which fills itself when it is loaded.

It keeps everything in memory, and nothing between starts.
"""

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import S3Backend, s3_backends
from moto.s3.responses import S3Response

from jobs.management import demo_objects

REGION_CODE = "us-east-1"
STATUS = "<VersioningConfiguration>{}</VersioningConfiguration>"


def versioning_of(response: S3Response) -> tuple[int, dict[str, str], str]:
    """GetBucketVersioning as S3 answers it: moto names its root otherwise."""
    status = response.backend.get_bucket_versioning(response.bucket_name)
    return 200, {}, STATUS.format(f"<Status>{status}</Status>" if status else "")


def fill(backend: S3Backend) -> None:
    """Put all buckets and objects there; past HTTP it takes a fifth of a second."""
    for name in demo_objects.BUCKETS:
        backend.create_bucket(name, REGION_CODE)
    backend.put_bucket_versioning(demo_objects.PHOTOS, "Enabled")
    versions = {
        key: str(
            backend.put_object(demo_objects.PHOTOS, key, demo_objects.photo_body(key)).version_id
        )
        for key in demo_objects.photo_keys()
    }
    for key, body in (
        (demo_objects.PLAIN, demo_objects.plain_manifest()),
        (demo_objects.VERSIONED, demo_objects.versioned_manifest(versions)),
        (demo_objects.MISTAKEN, demo_objects.mistaken_manifest(versions)),
    ):
        backend.put_object(demo_objects.MANIFESTS, key, body)


S3Response.get_bucket_versioning = versioning_of
fill(s3_backends[DEFAULT_ACCOUNT_ID]["aws"])
app = DomainDispatcherApplication(create_backend_app)
