"""The demo's S3 server: moto in one process, which fills itself when it is loaded.

It keeps everything in memory, and nothing between starts.
"""

import json
from collections.abc import Callable
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import S3Backend, s3_backends
from moto.s3.responses import S3Response

from jobs.management import demo_objects

Answering = Callable[[S3Response, Any, str], Any]

REGION_CODE = "us-east-1"
DENIED = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
STATUS = "<VersioningConfiguration>{}</VersioningConfiguration>"


def versioning_of(response: S3Response) -> tuple[int, dict[str, str], str]:
    """GetBucketVersioning as S3 answers it: moto names its root otherwise."""
    status = response.backend.get_bucket_versioning(response.bucket_name)
    return 200, {}, STATUS.format(f"<Status>{status}</Status>" if status else "")


def with_reasons(answer: Answering) -> Answering:
    """Refusals by a bucket policy as S3 words them: moto's have no body."""

    def answer_with_reason(response: S3Response, request: Any, full_url: str) -> Any:
        answered = answer(response, request, full_url)
        refused = isinstance(answered, tuple) and answered[0] == 403 and not answered[2]
        return (403, {}, DENIED) if refused else answered

    return answer_with_reason


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
        (demo_objects.SCANNED, demo_objects.scan_manifest()),
        (demo_objects.MIXED, demo_objects.mixed_manifest()),
        (demo_objects.SOLD, demo_objects.sold_manifest()),
        (demo_objects.BROKEN, demo_objects.broken_manifest()),
        *demo_objects.inventory(),
    ):
        backend.put_object(demo_objects.MANIFESTS, key, body)
    _fill_scans(backend)


def _fill_scans(backend: S3Backend) -> None:
    """Some are archived, and some nobody may copy to the archive: jobs meet real refusals."""
    for key in demo_objects.scan_keys():
        storage = "GLACIER" if key.startswith(demo_objects.FROZEN) else "STANDARD"
        body = demo_objects.photo_body(key)
        backend.put_object(demo_objects.SCANS, key, body, storage=storage)
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{demo_objects.ARCHIVE}/{demo_objects.PRIVATE}*",
    }
    policy = {"Version": "2012-10-17", "Statement": [denied]}
    backend.put_bucket_policy(demo_objects.ARCHIVE, json.dumps(policy).encode())


S3Response.get_bucket_versioning = versioning_of
S3Response._key_response = with_reasons(S3Response._key_response)
fill(s3_backends[DEFAULT_ACCOUNT_ID]["aws"])
app = DomainDispatcherApplication(create_backend_app)
