"""An object that is written as a stream: in one PUT while it is small, in parts when it grows.

Memory holds the part that fills and those under way, whatever the object's size.
"""

import contextlib
import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import Any, TypeVar, cast

from jobs.errors import StorageError, StorageUnavailableError
from jobs.s3.clients import S3Client
from jobs.s3.translating import translated

T = TypeVar("T")

MIN_PART_BYTES = 5 * 1024 * 1024
"""S3 refuses smaller parts, the last one excepted."""

PART_BYTES = MIN_PART_BYTES
"""Larger ones are not faster; 10,000 of these, S3's limit, are 50 GB."""

PARTS_UNDER_WAY = 2
POLL_S = 0.5
ABORT_WAIT_S = 3.0
"""How long an abort waits for requests that are under way, since they could outlive it, and then
for its own.
"""


NOT_ASKED: Mapping[str, str] = {}
"""What a bucket does by itself is all the encryption that is wanted."""


def always() -> None:
    """For `alive`: nobody wants to stop."""


@contextlib.contextmanager
def upload(
    client: S3Client,
    bucket: str,
    key: str,
    content_type: str,
    *,
    part_bytes: int,
    alive: Callable[[], None],
    encryption: Mapping[str, str] = NOT_ASKED,
) -> Iterator["Upload"]:
    """The object is there when the block has ended, and is not touched when it raises.

    `alive` is called often, also while a part is under way, and may raise to stop. `encryption` has
    parameters of PutObject. Raises StorageError.
    """
    running = Upload(client, bucket, key, content_type, part_bytes, alive, encryption)
    try:
        yield running
        running.finish()
    except BaseException:
        running.abort()
        raise
    finally:
        running.close()


class Upload:
    """`md5` (hex digits) and `size_bytes` are those of what was written so far."""

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        key: str,
        content_type: str,
        part_bytes: int,
        alive: Callable[[], None],
        encryption: Mapping[str, str] = NOT_ASKED,
    ) -> None:
        self._client = client
        self._asked_for: dict[str, Any] = {"ContentType": content_type, **encryption}
        self._where: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._part_bytes = max(part_bytes, MIN_PART_BYTES)
        self._alive = alive
        self._threads = ThreadPoolExecutor(PARTS_UNDER_WAY)
        self._buffer = bytearray(self._part_bytes)
        self._filled = 0
        self._spare: list[bytearray] = []
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._upload_id = ""
        self._parts: list[dict[str, Any]] = []
        self._under_way: deque[tuple[Future[dict[str, Any]], bytearray]] = deque()
        self._asked: Future[Any] | None = None
        self.size_bytes = 0

    @property
    def md5(self) -> str:
        return self._md5.hexdigest()

    def write(self, data: bytes) -> None:
        self._md5.update(data)
        self.size_bytes += len(data)
        rest = memoryview(data)
        while rest:
            piece = rest[: self._part_bytes - self._filled]
            self._buffer[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            rest = rest[len(piece) :]
            if self._filled == self._part_bytes:
                # All but the last of the same size: some storage insists.
                self._send_part()

    def finish(self) -> None:
        del self._buffer[self._filled :]
        if not self._upload_id:
            self._ask(self._put)
            return
        if self._filled:
            self._send_part()
        while self._under_way:
            self._collect()
        self._ask(self._complete)
        self._upload_id = ""

    def abort(self) -> None:
        """Leave nothing behind, as far as the storage lets us."""
        under_way = [sent for sent, _ in self._under_way if not sent.cancel()]
        wait_for(under_way + ([self._asked] if self._asked else []), timeout=ABORT_WAIT_S)
        if self._upload_id:
            # In a thread of its own: whoever is told to stop cannot wait for a silent storage,
            # and those of the parts may be waiting for it.
            ending = threading.Thread(target=self._end_upload, daemon=True)
            ending.start()
            ending.join(ABORT_WAIT_S)

    def _end_upload(self) -> None:
        with contextlib.suppress(StorageError):
            self._abort_one(self._upload_id)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        # botocore's requests know each other in circles, and would keep them for a while.
        for buffer in (self._buffer, *self._spare):
            with contextlib.suppress(BufferError):  # a request that we gave up reads it still
                buffer.clear()

    def _send_part(self) -> None:
        if not self._upload_id:
            self._abort_left_behind()
            self._ask(self._create)
        if len(self._under_way) == PARTS_UNDER_WAY:
            self._collect()
        number = len(self._parts) + len(self._under_way) + 1
        sent = self._threads.submit(self._put_part, number, self._buffer)
        self._under_way.append((sent, self._buffer))
        self._buffer = self._spare.pop() if self._spare else bytearray(self._part_bytes)
        self._filled = 0

    def _collect(self) -> None:
        sent, buffer = self._under_way.popleft()
        self._parts.append(self._wait(sent))
        # Used again: what a part is made of is taken from the system three times, not thousands.
        self._spare.append(buffer)

    def _ask(self, call: Callable[..., T], *args: Any) -> T:
        self._asked = asked = self._threads.submit(call, *args)
        return self._wait(asked)

    def _wait(self, future: "Future[T]") -> T:
        while not wait_for([future], timeout=POLL_S).done:
            self._alive()
        return future.result()

    def _abort_left_behind(self) -> None:
        """What a worker that was killed began for this key: it would take space for ever."""
        with contextlib.suppress(StorageError):
            for upload_id in self._ask(self._left_behind):
                self._alive()
                self._ask(self._abort_one, upload_id)

    def _left_behind(self) -> list[str]:
        with translated():
            found = self._client.list_multipart_uploads(
                Bucket=self._where["Bucket"], Prefix=self._where["Key"]
            ).get("Uploads", [])
            return [one["UploadId"] for one in found if one["Key"] == self._where["Key"]]

    def _abort_one(self, upload_id: str) -> None:
        with translated():
            self._client.abort_multipart_upload(**self._where, UploadId=upload_id)

    def _put(self) -> None:
        with translated():
            self._client.put_object(
                **self._where, Body=cast(bytes, self._buffer), **self._asked_for
            )

    def _create(self) -> None:
        with translated():
            answer = self._client.create_multipart_upload(**self._where, **self._asked_for)
            self._upload_id = answer["UploadId"]

    def _put_part(self, number: int, data: bytearray) -> dict[str, Any]:
        with _aborted_is_repeated(), translated():
            answer = self._client.upload_part(
                **self._where, UploadId=self._upload_id, PartNumber=number, Body=cast(bytes, data)
            )
            return {"PartNumber": number, "ETag": answer["ETag"]}

    def _complete(self) -> None:
        with _aborted_is_repeated(), translated():
            self._client.complete_multipart_upload(
                **self._where,
                UploadId=self._upload_id,
                MultipartUpload=cast(Any, {"Parts": self._parts}),
            )


@contextlib.contextmanager
def _aborted_is_repeated() -> Iterator[None]:
    """Whoever took this file over has aborted our upload, or a completion was answered twice."""
    try:
        yield
    except StorageError as error:
        if error.code != "NoSuchUpload":
            raise
        sentence = "The upload was ended from elsewhere. It begins anew."
        raise StorageUnavailableError(error.code, sentence, http_status=404) from error
