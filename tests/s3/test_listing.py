"""Pages of listings as they go over the wire."""

import threading

import pytest

from jobs.errors import StoppedError, StorageError, StorageUnavailableError
from jobs.manifests.listing import asking
from jobs.manifests.listing.blocks import listed_blocks
from jobs.manifests.listing.pages import read_page
from jobs.manifests.listing.places import PrefixOf, Wanted
from jobs.manifests.source import Reading
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.listing import OBJECTS, VERSIONS
from jobs.s3.patience import ANSWER_BYTES, Patience
from jobs.s3.storage import Storage
from tests.bad_storage import answering
from tests.listing_storage import ListingStorage, entries, slow_down
from tests.s3.scripted import KEYS, MARKED, refusal, serving
from tests.s3_double import reply, running, signature_holds

AWKWARD = ["sp ace", "pl+us", "per%20", "a,b;c&d=e?f#g", "new\nline", "日本/ü\U0001f600", "a//b"]
EMPTY = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
PATIENCE = Patience()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE_S", 0.0)
    monkeypatch.setattr(asking, "_LONGEST_WAIT_S", 0.0)


def storage_at(url, patience=PATIENCE, region_code="us-east-1"):
    return Storage(make_client(Endpoint(url, region_code, "path"), KEYS, patience=patience))


def page(storage, query=None, action=OBJECTS):
    return storage.listing.page(action, "photos", query or {})


def test_every_request_is_signed_with_whatever_it_asks_for():
    with running() as double:
        double.answer = lambda received: reply(200, EMPTY)
        storage = storage_at(double.endpoint.url)
        for key in AWKWARD:
            page(storage, {"prefix": key, "start-after": f"{key}~", "max-keys": "7"})
            page(storage, {"key-marker": key, "version-id-marker": "a+b/="}, VERSIONS)
        assert len(double.received) == 2 * len(AWKWARD)
        assert all(signature_holds(one, KEYS) for one in double.received)


def test_requests_are_signed_for_a_region_code_that_botocore_does_not_know():
    with serving((200, MARKED, EMPTY)) as server:
        page(storage_at(server.url, region_code="RegionOne_1"))
    assert "/RegionOne_1/s3/aws4_request" in server.seen[0][2]


def test_an_encoded_listing_is_always_asked_for():
    with serving((200, MARKED, EMPTY)) as server:
        page(storage_at(server.url))
        page(storage_at(server.url), action=VERSIONS)
    assert [path for _, path, _ in server.seen] == [
        "/photos?list-type=2&encoding-type=url",
        "/photos?versions=&encoding-type=url",
    ]


def test_a_bucket_is_named_in_the_host_where_the_region_says_so():
    client = make_client(Endpoint("https://s3.example.com", "us-east-1", "virtual"), KEYS)
    assert Storage(client).listing._address("photos") == "https://photos.s3.example.com/"


@pytest.mark.parametrize("key", [key for key in AWKWARD if "\n" not in key])
def test_a_page_begins_behind_a_key_byte_for_byte(storage, s3, bucket, key):
    for name in (key, f"{key}~"):
        s3.put_object(Bucket=bucket, Key=name, Body=b"x")
    body = storage.listing.page(OBJECTS, bucket, {"prefix": key, "start-after": key})
    assert [row.key for row in read_page(body).rows] == [f"{key}~"]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", StorageError),
        (404, "NoSuchBucket", StorageError),
        (503, "SlowDown", StorageUnavailableError),
        (200, "InternalError", StorageUnavailableError),
    ],
)
def test_a_refusal_has_the_code_and_the_words_of_the_storage(status, code, kind):
    with serving((status, MARKED, refusal(code))) as server, pytest.raises(kind) as raised:
        blocks_at(server.url)
    assert (raised.value.code, raised.value.message) == (code, "Said so.")
    assert raised.value.retryable is (kind is StorageUnavailableError)


def test_a_storage_says_when_it_wants_to_be_asked_again():
    answer = (503, {**MARKED, "Retry-After": "17"}, refusal("SlowDown"))
    with serving(answer) as server, pytest.raises(StorageUnavailableError) as raised:
        page(storage_at(server.url))
    assert raised.value.retry_after_s == 17


@pytest.mark.parametrize(
    "body",
    [b"<html><title>Sign in</title></html>", b"", b"{}", b"<ListBucketResult/>", EMPTY[:-3]],
)
def test_an_answer_that_is_no_listing_is_no_empty_bucket(body):
    with serving((200, {}, body)) as server, pytest.raises(StorageError):
        blocks_at(server.url)


def blocks_at(url, patience=PATIENCE, **more):
    storage = storage_at(url, patience)
    return list(listed_blocks(Wanted((PrefixOf("photos"),)), Reading(lambda _: storage, 9, **more)))


def test_an_answer_that_breaks_off_is_no_listing():
    def answer(wire, asked):
        wire.head(f"Content-Length: {len(EMPTY) + 10}", "Connection: close")
        wire.write(EMPTY)

    with answering(answer) as bad, pytest.raises(StorageUnavailableError):
        page(storage_at(bad.endpoint.url, Patience(silence_s=0.4, answer_s=0.4)))


def test_a_listing_without_end_is_read_up_to_a_limit():
    def answer(wire, asked):
        wire.head("Connection: close")
        wire.write(b"<ListBucketResult>")
        wire.flood(b"<Contents><Key>a</Key></Contents>" * 1000)

    with answering(answer) as bad:
        with pytest.raises(StorageError, match="larger than 16 MiB"):
            page(storage_at(bad.endpoint.url, Patience(answer_s=60)))
        assert bad.sent_bytes < 2 * ANSWER_BYTES


def test_a_stop_is_heard_while_a_page_trickles():
    stop = threading.Event()

    def answer(wire, asked):
        wire.head("Content-Length: 1000000")
        stop.set()
        wire.trickle()

    with answering(answer) as bad, pytest.raises(StoppedError):
        blocks_at(bad.endpoint.url, Patience(is_stopped=stop.is_set), stop=stop)


def test_a_bucket_is_listed_over_the_wire_though_it_throttles(monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE_S", 60.0)
    keys = [f"{number:05d} ü+%" for number in range(5000)]
    storage = ListingStorage({"photos": entries(keys)}, refusals=[slow_down()] * 3)
    with storage.serving() as url:
        blocks = blocks_at(url)
    assert sum(block.rows.rows for block in blocks) == len(keys)
