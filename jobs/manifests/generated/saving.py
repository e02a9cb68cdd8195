"""A generated list as an inventory looks: manifest.json, its checksum, and data files of gzipped CSV. Pure.

See docs/manifests.md, Saved lists.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jobs.manifests.frozen_list import Rows
from jobs.spec.generator import GeneratorSpec
from jobs.spec.manifest_output import SAVED_FORMAT, SSE_KMS, SSE_S3, ManifestOutput
from jobs.spec.names import bucket_arn

VERSION = "2021-11-30"
_SMALL, _LARGE = 100_000, 400_000
_SMALL_FILES = 20


def rows_of_file(number: int) -> int:
    """At least so many rows has file `number`, counted from 0, save the last: small lists are written in
    steps that are soon done, large ones in fewer files.
    """
    return _SMALL if number < _SMALL_FILES else _LARGE


def folder(output: ManifestOutput, job_id: str) -> str:
    """With a slash at its end. Not that of the completion report, which may have the same prefix."""
    prefix = f"{output.prefix.rstrip('/')}/" if output.prefix else ""
    return f"{prefix}list-of-job-{job_id}/"


def data_key(output: ManifestOutput, job_id: str, number: int) -> str:
    """The same whenever it is written again."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{job_id}/{number}")
    return f"{folder(output, job_id)}data/{name}.csv.gz"


def encryption_of(output: ManifestOutput) -> dict[str, str]:
    """As parameters of PutObject and CreateMultipartUpload."""
    if output.encryption == SSE_S3:
        return {"ServerSideEncryption": "AES256"}
    if output.encryption == SSE_KMS and output.key_id:
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": output.key_id}
    return {}


def csv_of(rows: Rows) -> bytes:
    """Keys stay URL-encoded, and hold no quotes."""
    if rows.version_ids[0] is None:
        lines = [
            f'"{bucket}","{key}"\n' for bucket, key in zip(rows.buckets, rows.raw_keys, strict=True)
        ]
    else:
        columns = zip(rows.buckets, rows.raw_keys, rows.version_ids, strict=True)
        lines = [f'"{bucket}","{key}","{_quoted(version)}"\n' for bucket, key, version in columns]
    return "".join(lines).encode()


def _quoted(version_id: str | None) -> str:
    return (version_id or "").replace('"', '""')


def manifest_of(
    spec: GeneratorSpec,
    output: ManifestOutput,
    files: Sequence[Mapping[str, Any]],
    created_at: datetime,
) -> bytes:
    """manifest.json; `files` have at least key, size and MD5checksum."""
    listed = ("key", "size", "MD5checksum")
    facts = {
        "sourceBucket": spec.bucket,
        "destinationBucket": bucket_arn(output.bucket),
        "version": VERSION,
        "creationTimestamp": str(int(created_at.timestamp() * 1000)),
        "fileFormat": "CSV",
        "fileSchema": ", ".join(field.value for field in spec.fields),
        "files": [{name: file[name] for name in listed} for file in files],
    }
    return json.dumps(facts, indent=2).encode()


def checksum_of(manifest: bytes) -> bytes:
    return hashlib.md5(manifest, usedforsecurity=False).hexdigest().encode()


def descriptor(
    output: ManifestOutput, key: str, etag: str, version_id: str | None
) -> dict[str, Any]:
    """GeneratedManifestDescriptor in its wire form."""
    location = {"ObjectArn": f"{bucket_arn(output.bucket)}/{key}", "ETag": etag}
    if version_id:
        location["ObjectVersionId"] = version_id
    return {"Format": SAVED_FORMAT, "Location": location}
