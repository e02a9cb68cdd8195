import hashlib

import pytest

from jobs.errors import StorageError, StorageUnavailableError
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.storage import PIECE_BYTES, WRITE_TEST_NAME, Storage, describe
from tests.s3.scripted import KEYS, refusal, serving

AWKWARD = ["sp ace", "pl+us", "per%20cent", "quo'te\"", "a,b;c&d=e", "日本/ü", "a//b", "./x/../y"]


def code_of(error):
    return (error.value.code, error.value.http_status)


@pytest.fixture
def scripted():
    def at(server):
        return Storage(make_client(Endpoint(server.url, "us-east-1", "path"), KEYS))

    return at


@pytest.mark.parametrize("key", AWKWARD)
def test_object_with_an_awkward_key_is_written_seen_and_read(storage, bucket, key):
    etag = storage.put_object(bucket, key, b"content", "text/plain")
    facts = storage.head_object(bucket, key)
    assert (facts.etag, facts.size_bytes, facts.encryption) == (etag, 7, None)
    assert facts.etag == hashlib.md5(b"content", usedforsecurity=False).hexdigest()
    assert storage.read_range(bucket, key, 2, 3, if_match=etag) == b"nte"


def test_facts_name_the_version_and_the_encryption(storage, s3, make_bucket):
    bucket = make_bucket(versioned=True)
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1", ServerSideEncryption="aws:kms")
    s3.put_object(Bucket=bucket, Key="k", Body=b"22")
    facts = storage.head_object(bucket, "k", first["VersionId"])
    assert (facts.version_id, facts.size_bytes) == (first["VersionId"], 1)
    assert (facts.encryption, facts.customer_key) == ("aws:kms", False)
    assert storage.head_object(bucket, "k").size_bytes == 2


@pytest.mark.parametrize(
    ("start", "length", "read"),
    [(0, 4, b"abcd"), (4, 100, b"ef"), (6, 1, b""), (100, 5, b""), (0, 0, b"")],
)
def test_range_is_as_much_as_there_is(storage, bucket, start, length, read):
    storage.put_object(bucket, "k", b"abcdef", "text/plain")
    assert storage.read_range(bucket, "k", start, length) == read


def test_range_of_an_empty_object_is_empty(storage, bucket):
    storage.put_object(bucket, "k", b"", "text/plain")
    assert storage.read_range(bucket, "k", 0, 1000) == b""


def test_large_object_comes_in_pieces_from_any_byte(storage, bucket):
    data = bytes(range(256)) * 10_000
    etag = storage.put_object(bucket, "k", data, "application/octet-stream")
    for start in (0, 1, 2_000_000, len(data)):
        with storage.open_object(bucket, "k", start_byte=start, if_match=etag) as pieces:
            read = list(pieces)
        assert b"".join(read) == data[start:]
        assert all(len(piece) <= PIECE_BYTES for piece in read)


def test_changed_object_is_not_read_on(storage, bucket):
    old = storage.put_object(bucket, "k", b"first content", "text/plain")
    storage.put_object(bucket, "k", b"second", "text/plain")
    for start in (0, 3, 6, 13):
        with (
            pytest.raises(StorageError) as error,
            storage.open_object(bucket, "k", start_byte=start, if_match=old) as pieces,
        ):
            list(pieces)
        assert code_of(error) == ("PreconditionFailed", 412)


def test_storage_that_ignores_the_condition_does_not_pass_a_changed_object_on(scripted):
    with serving((200, {"ETag": '"new"'}, b"content")) as server:
        storage = scripted(server)
        with (
            pytest.raises(StorageError) as error,
            storage.open_object("b", "k", if_match="old"),
        ):
            pass
    assert error.value.code == "PreconditionFailed"


def test_end_of_a_changed_object_is_not_the_end_of_the_old_one(scripted):
    with serving(
        (416, {}, refusal("InvalidRange")),
        (200, {"ETag": '"new"', "Last-Modified": "Sat, 21 Nov 2026 07:00:00 GMT"}, b"12345"),
    ) as server:
        storage = scripted(server)
        with (
            pytest.raises(StorageError) as error,
            storage.open_object("b", "k", start_byte=9, if_match="old"),
        ):
            pass
    assert error.value.code == "PreconditionFailed"


def test_storage_that_ignores_ranges_does_not_begin_again(scripted):
    with serving((200, {"ETag": '"e"'}, b"content")) as server:
        storage = scripted(server)
        with pytest.raises(StorageError) as error, storage.open_object("b", "k", start_byte=3):
            pass
        with pytest.raises(StorageError) as again:
            storage.read_range("b", "k", 3, 2)
    assert {error.value.code, again.value.code} == {"RangeIgnored"}


def test_connection_that_breaks_in_the_middle_is_unavailability(scripted):
    with serving((200, {"Content-Length": "3000000"}, b"x" * 1_500_000)) as server:
        storage = scripted(server)
        read = []
        with (
            pytest.raises(StorageUnavailableError),
            storage.open_object("b", "k") as pieces,
        ):
            read.extend(pieces)
    assert sum(map(len, read)) >= PIECE_BYTES


@pytest.mark.parametrize(
    "ask",
    [
        lambda storage: storage.head_object("no-such-bucket-here", "k"),
        lambda storage: storage.check_bucket("no-such-bucket-here"),
        lambda storage: storage.list_page("no-such-bucket-here"),
        lambda storage: storage.check_writable("no-such-bucket-here", "out"),
        lambda storage: storage.versioning_enabled("no-such-bucket-here"),
    ],
)
def test_missing_bucket_is_said_to_be_missing(storage, ask):
    with pytest.raises(StorageError) as error:
        ask(storage)
    assert code_of(error) == ("NoSuchBucket", 404)


def test_missing_key_is_told_from_a_missing_bucket(storage, bucket):
    with pytest.raises(StorageError) as error:
        storage.head_object(bucket, "k")
    assert code_of(error) == ("NoSuchKey", 404)


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied"])
def test_why_head_was_refused_is_found_out(scripted, code):
    with serving((403, {}, refusal(code))) as server:
        storage = scripted(server)
        for ask in (lambda: storage.head_object("b", "k"), lambda: storage.check_bucket("b")):
            with pytest.raises(StorageError) as error:
                ask()
            assert code_of(error) == (code, 403)
    assert [method for method, _, _ in server.seen] == ["HEAD", "GET"] * 2


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidRequest", "The object was stored using a form of Server Side Encryption."),
        ("InvalidArgument", "Requests specifying Server Side Encryption with Customer provided…"),
    ],
)
def test_object_under_a_customers_key_is_refused_as_that(scripted, code, message):
    with serving((400, {}, refusal(code, message))) as server, pytest.raises(StorageError) as error:
        scripted(server).head_object("b", "k")
    assert error.value.code == "CustomerKeyNeeded"
    assert "SSE-C" in describe(error.value, place="s3://b/k")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_busy_storage_is_unavailable_and_not_asked_again(scripted, status):
    with (
        serving((status, {}, refusal("SlowDown"))) as server,
        pytest.raises(StorageUnavailableError),
    ):
        scripted(server).head_object("b", "k")
    assert len(server.seen) == 1


def test_storage_that_is_not_there_is_unavailable():
    nowhere = Storage(make_client(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), KEYS))
    for ask in (nowhere.list_buckets, lambda: nowhere.head_object("b", "k")):
        with pytest.raises(StorageUnavailableError) as error:
            ask()
        assert error.value.http_status == 0


def test_what_a_request_cannot_be_made_of_is_refused_and_not_waited_for(storage):
    with pytest.raises(StorageError) as error:
        storage.head_object("b b", "k")
    assert not error.value.retryable


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("prefix", ["", "out", "out/deep/"])
def test_write_test_leaves_nothing_behind(storage, s3, make_bucket, versioned, prefix):
    bucket = make_bucket(versioned=versioned)
    storage.check_writable(bucket, prefix)
    left = s3.list_object_versions(Bucket=bucket)
    assert (left.get("Versions"), left.get("DeleteMarkers")) == (None, None)


def test_write_test_is_passed_by_a_role_that_may_not_delete(scripted):
    with serving((200, {"ETag": '"e"'}, b""), (403, {}, refusal("AccessDenied"))) as server:
        scripted(server).check_writable("b", "out")
    path = f"/b/out/{WRITE_TEST_NAME}"
    assert [request[:2] for request in server.seen] == [("PUT", path), ("DELETE", path)]


def test_page_of_a_listing_has_folders_and_objects_and_the_way_on(storage, s3, bucket):
    for n in range(101):
        s3.put_object(Bucket=bucket, Key=f"in/{n:03d} +%", Body=b"x")
    s3.put_object(Bucket=bucket, Key="in/sub dir/k", Body=b"x")
    first = storage.list_page(bucket, "in/", None)
    second = storage.list_page(bucket, "in/", first.next_token)
    names = [found.key for found in first.objects + second.objects]
    assert names == [f"in/{n:03d} +%" for n in range(101)]
    assert first.folders + second.folders == ["in/sub dir/"]
    assert second.next_token is None


def test_buckets_are_listed(storage, make_bucket):
    made = {make_bucket(), make_bucket()}
    assert made <= set(storage.list_buckets())


def test_versioning_is_known(storage, make_bucket):
    assert storage.versioning_enabled(make_bucket(versioned=True)) is True
    assert storage.versioning_enabled(make_bucket()) is False


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (501, "NotImplemented"), (405, "MethodNotAllowed")]
)
def test_versioning_is_unknown_where_the_storage_does_not_say(scripted, status, code):
    with serving((status, {}, refusal(code))) as server:
        assert scripted(server).versioning_enabled("b") is None
