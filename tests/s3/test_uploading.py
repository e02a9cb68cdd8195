"""Objects written as a stream: in one PUT or in parts, whole or not at all."""

import hashlib
import threading
import time

import pytest

from jobs.errors import StorageError, StorageUnavailableError
from jobs.s3.uploading import MIN_PART_BYTES, PART_BYTES
from tests.servers import eventually

MIB = 1024 * 1024


def unfinished(s3, bucket):
    return [one["Key"] for one in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]


def keys(s3, bucket):
    return [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


@pytest.mark.parametrize("size_bytes", [0, 1, PART_BYTES - 1])
def test_small_object_is_one_put(storage, s3, bucket, size_bytes):
    data = b"x" * size_bytes
    with storage.upload(bucket, "k", "text/csv") as upload:
        upload.write(data)
    there = s3.get_object(Bucket=bucket, Key="k")
    assert (there["Body"].read(), there["ContentType"]) == (data, "text/csv")
    assert there["ETag"].strip('"') == upload.md5 == hashlib.md5(data).hexdigest()
    assert upload.size_bytes == size_bytes


@pytest.mark.parametrize("size_bytes", [PART_BYTES, 2 * PART_BYTES + 1])
def test_large_object_goes_in_parts_of_one_size(storage, s3, bucket, size_bytes):
    data = bytes(range(256)) * (size_bytes // 256 + 1)
    data = data[:size_bytes]
    with storage.upload(bucket, "k", "text/csv") as upload:
        for start in range(0, size_bytes, 3 * MIB + 7):
            upload.write(data[start : start + 3 * MIB + 7])
    there = s3.get_object(Bucket=bucket, Key="k")
    assert there["ETag"].strip('"').endswith(f"-{-(-size_bytes // PART_BYTES)}")
    assert there["Body"].read() == data
    assert there["ContentType"] == "text/csv"
    assert upload.md5 == hashlib.md5(data).hexdigest()
    assert unfinished(s3, bucket) == []


def test_parts_are_never_smaller_than_storage_takes(storage, s3, bucket):
    with storage.upload(bucket, "k", "text/csv", part_bytes=1) as upload:
        upload.write(b"x" * (2 * MIN_PART_BYTES + 1))
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 2 * MIN_PART_BYTES + 1


@pytest.mark.parametrize("size_bytes", [10, 3 * PART_BYTES])
def test_block_that_raises_leaves_nothing_behind_and_what_was_there(
    storage, s3, bucket, size_bytes
):
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    with pytest.raises(RuntimeError), storage.upload(bucket, "k", "text/csv") as upload:
        upload.write(b"x" * size_bytes)
        raise RuntimeError
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"
    eventually(lambda: unfinished(s3, bucket) == [])


@pytest.mark.parametrize("size_bytes", [10, 2 * PART_BYTES])
def test_upload_to_nowhere_is_refused_with_its_reason(storage, size_bytes):
    with (
        pytest.raises(StorageError) as error,
        storage.upload("no-such-bucket-here", "k", "text/csv") as upload,
    ):
        upload.write(b"x" * size_bytes)
    assert (error.value.code, error.value.http_status) == ("NoSuchBucket", 404)


def refusing(client, code, status):
    def refuse(**_):
        error = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise client.exceptions.ClientError(error, "UploadPart")

    return refuse


@pytest.mark.parametrize("call", ["upload_part", "complete_multipart_upload"])
def test_part_that_is_refused_ends_the_upload_and_leaves_nothing(
    storage, client, s3, bucket, monkeypatch, call
):
    monkeypatch.setattr(client, call, refusing(client, "AccessDenied", 403))
    with (
        pytest.raises(StorageError, match="Access Denied"),
        storage.upload(bucket, "k", "text/csv") as upload,
    ):
        upload.write(b"x" * PART_BYTES)
    eventually(lambda: (keys(s3, bucket), unfinished(s3, bucket)) == ([], []))


def test_upload_that_a_killed_worker_began_for_the_key_is_ended(storage, s3, bucket):
    for key in ("k", "k2"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    with storage.upload(bucket, "k", "text/csv") as upload:
        upload.write(b"x" * PART_BYTES)
    assert unfinished(s3, bucket) == ["k2"]


@pytest.mark.parametrize("call", ["upload_part", "complete_multipart_upload"])
def test_upload_that_somebody_ended_is_worth_another_try(
    storage, client, bucket, monkeypatch, call
):
    monkeypatch.setattr(client, call, refusing(client, "NoSuchUpload", 404))
    with (
        pytest.raises(StorageUnavailableError, match="ended from elsewhere"),
        storage.upload(bucket, "k", "text/csv") as upload,
    ):
        upload.write(b"x" * PART_BYTES)


@pytest.mark.parametrize("call", ["put_object", "upload_part"])
def test_stop_is_heard_while_the_storage_is_silent(storage, client, bucket, monkeypatch, call):
    silent, stop = threading.Event(), threading.Event()

    def alive():
        if stop.is_set():
            raise InterruptedError

    monkeypatch.setattr(client, call, lambda **_: silent.wait(150))
    threading.Timer(0.3, stop.set).start()
    began_s = time.monotonic()
    with (
        pytest.raises(InterruptedError),
        storage.upload(bucket, "k", "text/csv", alive=alive) as upload,
    ):
        upload.write(b"x" * (PART_BYTES if call == "upload_part" else 1))
    assert time.monotonic() - began_s < 120
    silent.set()
