"""An object that is put together over many requests: each part comes when it comes."""

from collections.abc import Sequence
from typing import Any, cast

from jobs.s3.clients import S3Client
from jobs.s3.translating import translated

ENDED = "NoSuchUpload"
"""The error code of an upload that was completed or aborted, by whomever."""


class Parts:
    """Of one object. Each method raises StorageError, and StorageUnavailableError where trying later may
    help. All parts but the last have the same size, of 5 MiB at least.
    """

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self._client = client
        self._where: dict[str, Any] = {"Bucket": bucket, "Key": key}

    def begin(self, content_type: str) -> str:
        """Returns the upload's ID."""
        with translated():
            answer = self._client.create_multipart_upload(**self._where, ContentType=content_type)
            return answer["UploadId"]

    def put(self, upload_id: str, number: int, data: bytes) -> str:
        """`number` counts from 1. Returns the part's ETag as the storage writes it."""
        with translated():
            answer = self._client.upload_part(
                **self._where, UploadId=upload_id, PartNumber=number, Body=data
            )
            return answer["ETag"]

    def complete(self, upload_id: str, etags: Sequence[str]) -> str:
        """`etags` are those of all parts, in order. Returns the object's ETag, without quotes."""
        parts = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, 1)]
        with translated():
            answer = self._client.complete_multipart_upload(
                **self._where, UploadId=upload_id, MultipartUpload=cast(Any, {"Parts": parts})
            )
            return answer.get("ETag", "").strip('"')

    def abort(self, upload_id: str) -> None:
        with translated():
            self._client.abort_multipart_upload(**self._where, UploadId=upload_id)
