"""The control plane: what pages, preparing and reports need of a storage."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from jobs.errors import StorageError, StorageUnavailableError
from jobs.s3.clients import S3Client
from jobs.s3.faults import RETRIED_CODES, RETRIED_STATUSES

PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """`etag` without quotes; `encryption` as S3 says it ("aws:kms"); `customer_key` for SSE-C."""

    size_bytes: int
    etag: str
    version_id: str | None
    last_modified: datetime
    encryption: str | None
    customer_key: bool


@dataclass(frozen=True, slots=True)
class ListedObject:
    key: str
    size_bytes: int
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class ListPage:
    """One level below a prefix: `folders` end in a slash."""

    folders: list[str]
    objects: list[ListedObject]
    next_token: str | None


class Storage:
    """Each method raises StorageError, and StorageUnavailableError where trying later may help."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def head_object(self, bucket: str, key: str, version_id: str | None = None) -> ObjectFacts:
        with _translated():
            facts = self._client.head_object(Bucket=bucket, Key=key, **_version(version_id))
        return ObjectFacts(
            size_bytes=facts["ContentLength"],
            etag=facts["ETag"].strip('"'),
            version_id=facts.get("VersionId"),
            last_modified=facts["LastModified"],
            encryption=facts.get("ServerSideEncryption"),
            customer_key="SSECustomerAlgorithm" in facts,
        )

    def read_range(
        self,
        bucket: str,
        key: str,
        start: int,
        length: int,
        version_id: str | None = None,
        if_match: str | None = None,
    ) -> bytes:
        extra = {"Range": f"bytes={start}-{start + length - 1}"}
        with _translated():
            answer = self._get(bucket, key, version_id, if_match, extra)
            return bytes(answer["Body"].read())

    @contextlib.contextmanager
    def open_object(
        self,
        bucket: str,
        key: str,
        *,
        start_byte: int = 0,
        version_id: str | None = None,
        if_match: str | None = None,
    ) -> Iterator[Iterator[bytes]]:
        """The object from `start_byte` on, in pieces of about 1 MiB."""
        extra = {"Range": f"bytes={start_byte}-"} if start_byte else {}
        try:
            with _translated():
                body = self._get(bucket, key, version_id, if_match, extra)["Body"]
        except StorageError as error:
            if error.code != "InvalidRange":
                raise
            yield iter(())  # everything up to the end was read before
            return
        try:
            yield _pieces(body)
        finally:
            body.close()

    def put_object(self, bucket: str, key: str, data: bytes, content_type: str) -> str:
        """Returns the ETag, without quotes."""
        with _translated():
            answer = self._client.put_object(
                Bucket=bucket, Key=key, Body=data, ContentType=content_type
            )
        return answer["ETag"].strip('"')

    def upload_file(self, bucket: str, key: str, path: Path, content_type: str) -> None:
        """Streams a file, in parts when it is large."""
        with _translated():
            self._client.upload_file(
                str(path),
                bucket,
                key,
                ExtraArgs={"ContentType": content_type},
                Config=TransferConfig(max_concurrency=4),
            )

    def delete_object(self, bucket: str, key: str) -> None:
        with _translated():
            self._client.delete_object(Bucket=bucket, Key=key)

    def check_bucket(self, bucket: str) -> None:
        with _translated():
            self._client.head_bucket(Bucket=bucket)

    def check_writable(self, bucket: str, prefix: str) -> None:
        """Writes a small object below `prefix` and deletes it."""
        key = f"{prefix}/.write-test-{uuid.uuid4().hex}".lstrip("/")
        self.put_object(bucket, key, b"", "text/plain")
        self.delete_object(bucket, key)

    def can_write(self, bucket: str, prefix: str) -> None:
        self.check_writable(bucket, prefix)

    def list_buckets(self) -> list[str]:
        with _translated():
            return [bucket["Name"] for bucket in self._client.list_buckets()["Buckets"]]

    def list_page(self, bucket: str, prefix: str = "", token: str | None = None) -> ListPage:
        extra: dict[str, Any] = {"ContinuationToken": token} if token else {}
        with _translated():
            page = self._client.list_objects_v2(
                Bucket=bucket, Prefix=prefix, Delimiter="/", MaxKeys=100, **extra
            )
        objects = [
            ListedObject(item["Key"], item["Size"], item["LastModified"])
            for item in page.get("Contents", [])
        ]
        folders = [item["Prefix"] for item in page.get("CommonPrefixes", [])]
        return ListPage(folders, objects, page.get("NextContinuationToken"))

    def versioning_enabled(self, bucket: str) -> bool | None:
        """None when the storage does not say."""
        try:
            with _translated():
                answer = self._client.get_bucket_versioning(Bucket=bucket)
        except StorageError as error:
            if error.retryable:
                raise
            return None
        return answer.get("Status") == "Enabled"

    def _get(
        self,
        bucket: str,
        key: str,
        version_id: str | None,
        if_match: str | None,
        extra: dict[str, Any],
    ) -> Any:
        if if_match:
            extra = extra | {"IfMatch": f'"{if_match}"'}
        return self._client.get_object(Bucket=bucket, Key=key, **_version(version_id), **extra)


def _version(version_id: str | None) -> dict[str, Any]:
    return {"VersionId": version_id} if version_id else {}


def _pieces(body: Any) -> Iterator[bytes]:
    while True:
        with _translated():
            piece = body.read(PIECE_BYTES)
        if not piece:
            return
        yield piece


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turns what botocore and urllib3 raise into our errors."""
    try:
        yield
    except ClientError as error:
        raise _refusal(error) from error
    except S3UploadFailedError as error:
        cause = error.__cause__ or error.__context__
        if isinstance(cause, ClientError):
            raise _refusal(cause) from error
        raise StorageUnavailableError("NoAnswer", str(error)) from error
    except (BotoCoreError, HTTPError) as error:
        raise StorageUnavailableError(type(error).__name__, str(error)) from error


def _refusal(error: ClientError) -> StorageError:
    detail = error.response.get("Error", {})
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = str(detail.get("Code") or status)
    message = str(detail.get("Message") or code)
    retryable = status in RETRIED_STATUSES or code in RETRIED_CODES
    kind = StorageUnavailableError if retryable else StorageError
    return kind(code, message, http_status=status)


_SENTENCES = {
    "NoSuchBucket": "{place}: the bucket does not exist. Check its name and the Region.",
    "NoSuchKey": "{place} does not exist. Check the path.",
    "404": "{place} does not exist. Check the path.",
    "AccessDenied": "This connection cannot read {place} (AccessDenied)."
    " Check the path or choose another IAM role.",
    "403": "This connection cannot read {place} (AccessDenied)."
    " Check the path or choose another IAM role.",
    "PreconditionFailed": "{place} changed meanwhile. Check it again.",
    "412": "{place} changed meanwhile. Check it again.",
    "InvalidAccessKeyId": "The storage does not know the IAM role's access key."
    " Correct the role's credentials.",
    "SignatureDoesNotMatch": "The storage refused the IAM role's secret key."
    " Correct the role's credentials.",
    "SSLError": "The storage's TLS certificate could not be verified.",
    "EndpointConnectionError": "The storage does not answer. Check the Region's endpoint URL.",
    "ConnectTimeoutError": "The storage does not answer. Check the Region's endpoint URL.",
    "ReadTimeoutError": "The storage did not answer in time. Try again.",
}


def describe(error: StorageError, *, place: str) -> str:
    """The sentence for a person: what is wrong with `place` (s3://…) and what to do."""
    sentence = _SENTENCES.get(error.code)
    if sentence:
        return sentence.format(place=place)
    return f"{place} could not be used: {error.message} ({error.code})."
