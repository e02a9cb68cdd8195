"""Work storage in a bucket, for workers on many machines (docs/engine.md, Work storage).

One small PUT is all or nothing by itself, so nothing half written ever needs cleaning.
"""

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NoReturn

from botocore.handlers import add_expect_header

from jobs import conf
from jobs.errors import (
    StorageError,
    StorageUnavailableError,
    WorkStoreError,
    WorkStoreFullError,
    WorkStoreLostError,
)
from jobs.s3.clients import S3Client, make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.patience import Patience
from jobs.s3.reachable import problem_with
from jobs.s3.translating import translated
from jobs.workstore.store import FolderStore, WorkStore, checked_folder, checked_name, never

DELETE_BATCH = 1000
CONNECTIONS = 16
ATTEMPTS = 4
TEST_FOLDER = "start-test"
_CREDENTIALS = "WORK_STORE_ACCESS_KEY_ID and WORK_STORE_SECRET_ACCESS_KEY"
_FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientCapacity", "507"})


class S3Store:
    """A `WorkStore` below a prefix of a bucket. Of use from many threads.

    The client is made at the first call: connections must not be older than a worker's fork.
    `prefix` has no slash at its end and may be empty.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials | None,
        bucket: str,
        prefix: str,
        patience: Patience | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._credentials = credentials
        self._bucket = bucket
        self._folder = f"{prefix}/" if prefix else ""
        self._patience = patience or Patience(silence_s=20)
        self._made: S3Client | None = None
        self._lock = threading.Lock()

    def put(self, name: str, data: bytes) -> None:
        where = self._where(name)
        with self._in_our_words(name, "written"):
            self._client.put_object(**where, Body=data)

    def read(self, name: str) -> bytes:
        return self._get(name)

    def read_range(self, name: str, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0:
            raise ValueError(f"a range cannot begin at {offset} or have {length} bytes")
        if length == 0:
            self.size(name)
            return b""
        data = self._get(name, Range=f"bytes={offset}-{offset + length - 1}")
        if len(data) != length:
            raise WorkStoreLostError(
                f"{name} in the work storage ends at byte {offset + len(data)}, but is needed up to"
                f" byte {offset + length}: it was cut short."
            )
        return data

    def size(self, name: str) -> int:
        where = self._where(name)
        with self._in_our_words(name, "read"):
            return self._client.head_object(**where)["ContentLength"]

    def free_bytes(self) -> int | None:
        return None  # a bucket says that it is full when it is

    def list(self, prefix: str) -> Iterator[str]:
        folder = prefix.removesuffix("/")
        return self._names(checked_name(folder) if folder else "")

    def delete(self, prefix: str, *, stop: Callable[[], bool] = never) -> bool:
        names = self._names(checked_folder(prefix))
        while batch := list(islice(names, DELETE_BATCH)):
            self._delete(prefix, batch)
            if stop() and len(batch) == DELETE_BATCH:
                return False
        return True

    def check(self) -> None:
        """Raises WorkStoreError unless things can be put, read, listed and deleted here.

        It is one that is not `retryable` where somebody has to set something right first.
        """
        name = f"{TEST_FOLDER}/{uuid.uuid4().hex}"  # others may start at the same moment
        try:
            self.put(name, b"test")
            self.read_range(name, 1, 2)
            list(self.list(name))
            self.delete(name)
        except WorkStoreError as error:
            cause = error.__cause__
            error.retryable = not isinstance(cause, StorageError) or cause.retryable
            raise

    @property
    def _client(self) -> S3Client:
        with self._lock:
            if self._made is None:
                self._made = make_client(
                    self._endpoint,
                    self._credentials,
                    max_connections=CONNECTIONS,
                    attempts=ATTEMPTS,
                    patience=self._patience,
                    checksums=False,  # Content-MD5 does, and every storage takes it
                )
                # It asks before it sends: twice the time for the little that a chunk writes.
                self._made.meta.events.unregister("before-call.s3", add_expect_header)
            return self._made

    def _where(self, name: str) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": self._folder + checked_name(name)}

    def _get(self, name: str, **extra: Any) -> bytes:
        where = self._where(name)
        try:
            with self._in_our_words(name, "read"):
                body = self._client.get_object(**where, **extra)["Body"]
                with contextlib.closing(body):
                    return body.read()
        except WorkStoreError as error:
            cause = error.__cause__
            if isinstance(cause, StorageError) and cause.http_status == 416:
                return b""
            raise

    def _names(self, folder: str) -> Iterator[str]:
        """The object of that very name, then what lies under it, sorted."""
        if not folder:
            return self._listed("")
        exact = (name for name in self._listed(folder, MaxKeys=1) if name == folder)
        return chain(islice(exact, 1), self._listed(f"{folder}/"))

    def _listed(self, start: str, **extra: Any) -> Iterator[str]:
        ask: dict[str, Any] = {"Bucket": self._bucket, "Prefix": self._folder + start, **extra}
        while True:
            with self._in_our_words(start, "listed"):
                page = self._client.list_objects_v2(**ask)
                names = [item["Key"] for item in page.get("Contents", [])]
                is_last = bool(extra) or not page.get("IsTruncated")
                if not is_last:
                    ask["ContinuationToken"] = page["NextContinuationToken"]
            yield from (name.removeprefix(self._folder) for name in names)
            if is_last:
                return

    def _delete(self, prefix: str, names: Sequence[str]) -> None:
        objects: Any = [{"Key": self._folder + name} for name in names]
        with self._in_our_words(prefix, "emptied"):
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True}
            )
            for refused in answer.get("Errors", []):
                raise StorageError(refused.get("Code", ""), refused.get("Message", ""))

    @contextlib.contextmanager
    def _in_our_words(self, name: str, done: str) -> Iterator[None]:
        """StorageError as WorkStoreError, for the person who looks after the installation."""
        try:
            with translated():
                yield
        except StorageError as error:
            self._raise(error, name, done)

    def _raise(self, error: StorageError, name: str, done: str) -> NoReturn:
        place = f"s3://{self._bucket}/{self._folder}{name}"
        if error.code in _FULL:
            raise WorkStoreFullError(
                f"The work storage at s3://{self._bucket} is full. Free some space: the job then"
                " goes on."
            ) from error
        if error.code == "NoSuchKey" or (error.code == "404" and done == "read"):
            raise WorkStoreLostError(
                f"{name} is not in the work storage: it was removed, or this worker has another"
                " WORK_STORE than the one that wrote it."
            ) from error
        if isinstance(error, StorageUnavailableError):
            raise WorkStoreError(
                f"The work storage at {self._endpoint.url} does not answer"
                f" ({error.message or error.code})."
            ) from error
        raise WorkStoreError(
            f"The work storage cannot be {done} at {place}: {error.message} ({error.code})."
            " Check WORK_STORE, its credentials and what they may do."
        ) from error


def work_storage(patience: Patience | None = None) -> WorkStore:
    """The one that this installation has: a folder, or a bucket for many machines. `patience` is
    that of somebody who has less than a worker.
    """
    place = conf.work_bucket()
    if place is None:
        return FolderStore(conf.work_dir())
    keys = Credentials(place.access_key_id, place.secret_access_key)
    return S3Store(
        Endpoint(place.endpoint_url, place.region_code, place.addressing_style),
        keys if place.access_key_id else None,
        place.bucket,
        place.prefix,
        patience,
    )


def check_work_storage() -> None:
    """Raises WorkStoreError when a bucket as work storage cannot be used as it is set.

    A folder needs no such test: it is made when it is first written to.
    """
    place, work = conf.work_bucket(), work_storage()
    if place and (problem := problem_with(place.endpoint_url, _CREDENTIALS)):
        refused = WorkStoreError(f"WORK_STORE_ENDPOINT: {problem}")
        refused.retryable = False
        raise refused
    if isinstance(work, S3Store):
        work.check()
