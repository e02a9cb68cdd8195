"""The control plane: what pages, preparing and reports need of a storage."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from jobs.errors import StorageError, StorageUnavailableError
from jobs.s3 import uploading
from jobs.s3.answers import Answer
from jobs.s3.clients import S3Client
from jobs.s3.facts import ListedObject, ListPage, ObjectFacts, Put
from jobs.s3.listing import Listing
from jobs.s3.looking import NOT_FOR_US, look_at_bucket
from jobs.s3.sentences import describe
from jobs.s3.translating import odd_answer, translated
from jobs.s3.uploading import NOT_ASKED, PART_BYTES, Upload

__all__ = ["ListPage", "ListedObject", "ObjectFacts", "Storage", "describe"]

PIECE_BYTES = 1024 * 1024
_READ_BYTES = 32 * 1024
_PIECE_S = 1.0
"""A piece is given away after so long, however little it is."""

NAMES_LISTED = 100
"""Of one page of a listing. Some storage sends more than it is asked for."""

WRITE_TEST_NAME = ".batchconsole-write-test"
"""Always the same, so that a role that may write but not delete leaves one of them at most."""


class Storage:
    """Each method raises StorageError, and StorageUnavailableError where trying later may help."""

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self.listing = Listing(client)

    def head_object(self, bucket: str, key: str, version_id: str | None = None) -> ObjectFacts:
        """An object under a customer's key (SSE-C) is refused with the code CustomerKeyNeeded."""
        try:
            with translated():
                facts = self._client.head_object(Bucket=bucket, Key=key, **_version(version_id))
        except StorageError as error:
            raise _told(error, lambda: self._first_byte(bucket, key, version_id)) from error
        etag, changed = facts.get("ETag", "").strip('"'), facts.get("LastModified")
        if not etag or "ContentLength" not in facts or not isinstance(changed, datetime):
            raise odd_answer()
        return ObjectFacts(
            size_bytes=facts["ContentLength"],
            etag=etag,
            version_id=facts.get("VersionId"),
            last_modified=changed,
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
        """As much of `length` bytes as there is, and never more, whatever is sent."""
        if length <= 0:
            return b""
        try:
            with translated():
                body = self._get(bucket, key, start, start + length - 1, version_id, if_match)
                with contextlib.closing(body):
                    return b"".join(_beginning(body, length))
        except StorageError as error:
            if error.http_status != 416:
                raise
            return b""

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
        """The object from `start_byte` on, in pieces of about 1 MiB, or of a second."""
        try:
            with translated():
                body = self._get(bucket, key, start_byte, None, version_id, if_match)
        except StorageError as error:
            if error.http_status != 416:
                raise
            self._confirm_end(bucket, key, start_byte, version_id, if_match)
            yield iter(())
            return
        with contextlib.closing(body):
            yield _pieces(body)

    def put_object(self, bucket: str, key: str, data: bytes, content_type: str) -> str:
        """Returns the ETag, without quotes."""
        return self.put(bucket, key, data, content_type).etag

    def put(
        self,
        bucket: str,
        key: str,
        data: bytes,
        content_type: str,
        *,
        encryption: Mapping[str, str] = NOT_ASKED,
    ) -> Put:
        """`encryption` as parameters of PutObject."""
        asked: dict[str, Any] = dict(encryption)
        with translated():
            answer = self._client.put_object(
                Bucket=bucket, Key=key, Body=data, ContentType=content_type, **asked
            )
        return Put(answer.get("ETag", "").strip('"'), answer.get("VersionId"))

    def upload(
        self,
        bucket: str,
        key: str,
        content_type: str,
        *,
        part_bytes: int = PART_BYTES,
        alive: Callable[[], None] = uploading.always,
        encryption: Mapping[str, str] = NOT_ASKED,
    ) -> contextlib.AbstractContextManager[Upload]:
        """As `uploading.upload`: an object of any size, written as a stream."""
        return uploading.upload(
            self._client,
            bucket,
            key,
            content_type,
            part_bytes=part_bytes,
            alive=alive,
            encryption=encryption,
        )

    def check_bucket(self, bucket: str) -> None:
        """Raises StorageError unless the bucket is there and may be listed."""
        try:
            with translated():
                self._client.head_bucket(Bucket=bucket)
        except StorageError as error:
            raise _told(error, lambda: self._first_name(bucket)) from error

    def look_at_bucket(self, bucket: str, action: str) -> Answer:
        return look_at_bucket(self._client, bucket, action)

    def check_writable(self, bucket: str, prefix: str) -> None:
        """Writes a small object below `prefix` and deletes it, so that no version of it stays."""
        folder = f"{prefix.rstrip('/')}/" if prefix else ""
        where: dict[str, Any] = {"Bucket": bucket, "Key": folder + WRITE_TEST_NAME}
        with translated():
            put = self._client.put_object(**where, Body=b"", ContentType="text/plain")
        try:
            with translated():
                self._client.delete_object(**where, **_version(put.get("VersionId")))
        except StorageError as error:
            if error.retryable:
                raise

    def list_buckets(self) -> list[str]:
        with translated():
            return [one["Name"] for one in self._client.list_buckets().get("Buckets", [])]

    def list_page(self, bucket: str, prefix: str = "", token: str | None = None) -> ListPage:
        """One page of what stands directly below `prefix`, at most NAMES_LISTED folders and objects."""
        extra: dict[str, Any] = {"ContinuationToken": token} if token else {}
        with translated():
            page = self._client.list_objects_v2(
                Bucket=bucket, Prefix=prefix, Delimiter="/", MaxKeys=NAMES_LISTED, **extra
            )
            objects = [
                ListedObject(item["Key"], item["Size"], item["LastModified"])
                for item in page.get("Contents", [])[:NAMES_LISTED]
            ]
            folders = [item["Prefix"] for item in page.get("CommonPrefixes", [])[:NAMES_LISTED]]
            return ListPage(folders, objects, page.get("NextContinuationToken"))

    def versioning_enabled(self, bucket: str) -> bool | None:
        """None when the storage does not say."""
        try:
            with translated():
                answer = self._client.get_bucket_versioning(Bucket=bucket)
        except StorageError as error:
            if error.http_status not in NOT_FOR_US or error.code in {
                "InvalidAccessKeyId",
                "SignatureDoesNotMatch",
            }:
                raise
            return None
        return answer.get("Status") == "Enabled"

    def _get(
        self,
        bucket: str,
        key: str,
        start: int,
        last: int | None,
        version_id: str | None,
        if_match: str | None,
    ) -> Any:
        """The body from byte `start` to `last`, or to the end, of the very object with that ETag.

        What is asked for is checked in the answer: some storage ignores what it does not know.
        """
        extra = _version(version_id)
        if ranged := bool(start) or last is not None:
            extra["Range"] = f"bytes={start}-{'' if last is None else last}"
        if if_match:
            extra["IfMatch"] = _quoted(if_match)
        answer = self._client.get_object(Bucket=bucket, Key=key, **extra)
        if if_match and _quoted(answer.get("ETag", "")) != _quoted(if_match):
            answer["Body"].close()
            raise _changed()
        if ranged and not answer.get("ContentRange", "").startswith(f"bytes {start}-"):
            answer["Body"].close()
            raise StorageError("RangeIgnored", "The storage does not answer ranged reads.")
        return answer["Body"]

    def _first_byte(self, bucket: str, key: str, version_id: str | None) -> None:
        self._get(bucket, key, 0, 0, version_id, None).close()

    def _first_name(self, bucket: str) -> None:
        self._client.list_objects_v2(Bucket=bucket, MaxKeys=1)

    def _confirm_end(
        self, bucket: str, key: str, start_byte: int, version_id: str | None, if_match: str | None
    ) -> None:
        """There is nothing from `start_byte` on: because all was read, or because it changed?"""
        facts = self.head_object(bucket, key, version_id)
        if facts.size_bytes != start_byte or (if_match and facts.etag != if_match.strip('"')):
            raise _changed()


def _version(version_id: str | None) -> dict[str, Any]:
    return {"VersionId": version_id} if version_id else {}


def _quoted(etag: str) -> str:
    bare = etag.strip('"')
    return f'"{bare}"'


def _changed() -> StorageError:
    return StorageError("PreconditionFailed", "The object changed.", http_status=412)


def _pieces(body: Any) -> Iterator[bytes]:
    while True:
        until_s = time.monotonic() + _PIECE_S
        with translated():
            # Read in small bits: one large read of what trickles would come back after minutes.
            piece = b"".join(_beginning(body, PIECE_BYTES, until_s))
        if not piece:
            return
        yield piece


def _beginning(body: Any, length: int, until_s: float = math.inf) -> Iterator[bytes]:
    """At most `length` bytes, and one bit more after `until_s` (time.monotonic) at most."""
    while length > 0 and (bit := body.read(min(length, _READ_BYTES))):
        length -= len(bit)
        yield bit
        if time.monotonic() >= until_s:
            return


def _told(refusal: StorageError, ask: Callable[[], object]) -> StorageError:
    """Why HEAD was refused: its answers have a status only, so the same is asked with GET."""
    if refusal.retryable or not refusal.code.isdecimal():
        return refusal
    try:
        with translated():
            ask()
    except StorageUnavailableError:
        return refusal
    except StorageError as error:
        if refusal.http_status == 400 and "server side encryption" in error.message.lower():
            return StorageError("CustomerKeyNeeded", error.message, http_status=400)
        return error
    return refusal
