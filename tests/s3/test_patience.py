"""What a storage sends is read for so long and so far, and no longer and no further."""

import threading
import time

import pytest

from jobs.errors import StoppedError, StorageError, StorageUnavailableError
from jobs.s3 import patience as patience_module
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials
from jobs.s3.patience import ANSWER_BYTES, Patience
from jobs.s3.storage import NAMES_LISTED, PIECE_BYTES, Storage
from tests.bad_storage import answering

KEYS = Credentials("test", "test")
SOON = Patience(silence_s=0.4, answer_s=0.4)
OBJECT = ('ETag: "ab"', "Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT")


def storage(bad, patience=SOON, **options):
    return Storage(make_client(bad.endpoint, KEYS, patience=patience, **options))


@pytest.fixture
def short_span(monkeypatch):
    monkeypatch.setattr(patience_module, "SPAN_S", 0.3)


def body_that(does, length=10**12):
    def answer(wire, asked):
        wire.head(
            *OBJECT, f"Content-Length: {length}", f"Content-Range: bytes 0-{length - 1}/{length}"
        )
        if not asked.startswith("HEAD"):
            does(wire)

    return answer


def test_head_that_never_comes_is_given_up():
    with (
        answering(lambda wire, asked: wire.hang()) as bad,
        pytest.raises(StorageUnavailableError, match="[Tt]imeout|time"),
    ):
        storage(bad).head_object("bucket", "key")


def test_head_that_trickles_is_given_up_although_something_comes_all_the_time():
    def answer(wire, asked):
        wire.write(b"HTTP/1.1 200 OK\r\nx-odd:")
        wire.trickle()

    with answering(answer) as bad, pytest.raises(StorageUnavailableError) as raised:
        storage(bad).head_object("bucket", "key")
    assert raised.value.code == "ReadTimeoutError"


def test_listing_that_trickles_is_given_up():
    def answer(wire, asked):
        wire.head("Content-Length: 1000000")
        wire.trickle()

    with answering(answer) as bad, pytest.raises(StorageUnavailableError):
        storage(bad).list_page("bucket")


def test_listing_without_end_is_read_up_to_a_limit():
    def answer(wire, asked):
        wire.head("Connection: close")
        wire.write(b"<ListBucketResult>")
        wire.flood(b"<Contents><Key>a</Key></Contents>" * 1000)

    with (
        answering(answer) as bad,
        pytest.raises(StorageError, match="larger than 16 MiB") as raised,
    ):
        storage(bad, Patience(answer_s=60)).list_page("bucket")
        assert bad.sent_bytes < 2 * ANSWER_BYTES
    assert (raised.value.code, raised.value.retryable) == ("AnswerTooLarge", False)


def test_refusal_without_end_is_read_up_to_a_limit():
    def answer(wire, asked):
        wire.head("Connection: close", status=403)
        wire.flood()

    with (
        answering(answer) as bad,
        pytest.raises(StorageError, match="larger"),
    ):
        storage(bad, Patience(answer_s=60)).read_range("bucket", "key", 0, 10)
        assert bad.sent_bytes < 2 * ANSWER_BYTES


def test_of_more_names_than_were_asked_for_some_are_taken():
    item = "<Contents><Key>k</Key><Size>1</Size><LastModified>2026-01-02T03:04:05Z</LastModified>"
    items = f"{item}</Contents><CommonPrefixes><Prefix>f/</Prefix></CommonPrefixes>" * 5000
    body = f"<ListBucketResult>{items}</ListBucketResult>".encode()

    def answer(wire, asked):
        wire.head(f"Content-Length: {len(body)}")
        wire.write(body)

    with answering(answer) as bad:
        page = storage(bad, Patience()).list_page("bucket")
    assert (len(page.objects), len(page.folders)) == (NAMES_LISTED, NAMES_LISTED)


def test_range_is_no_longer_than_it_was_asked_for_whatever_is_sent():
    with answering(body_that(lambda wire: wire.flood())) as bad:
        assert storage(bad).read_range("bucket", "key", 0, 100_000) == b"x" * 100_000
        assert bad.sent_bytes < 16 * 1024 * 1024  # what the buffers of two sockets may hold


def test_object_that_trickles_is_given_up(short_span):
    with (
        answering(body_that(lambda wire: wire.trickle())) as bad,
        pytest.raises(StorageUnavailableError) as raised,
    ):
        storage(bad).read_range("bucket", "key", 0, 100)
    assert raised.value.code == "ReadTimeoutError"


def test_object_that_comes_slowly_but_well_is_read_to_its_end(short_span):
    block = b"x" * int(patience_module.LEAST_BYTES_PER_S * 0.2)

    def slowly(wire):
        for _ in range(12):
            wire.write(block)
            wire.is_over.wait(0.1)

    length = 12 * len(block)
    with answering(body_that(slowly, length)) as bad:
        assert len(storage(bad).read_range("bucket", "key", 0, length)) == length


def test_time_that_the_reader_takes_is_not_the_storages(short_span):
    def answer(wire):
        wire.write(b"x" * 3 * PIECE_BYTES)

    with (
        answering(body_that(answer, 3 * PIECE_BYTES)) as bad,
        storage(bad).open_object("bucket", "key") as pieces,
    ):
        sizes = []
        for piece in pieces:
            sizes.append(len(piece))
            time.sleep(0.5)  # work on it
    assert sum(sizes) == 3 * PIECE_BYTES


def test_slow_object_is_given_out_in_parts_as_it_comes(monkeypatch):
    monkeypatch.setattr("jobs.s3.storage._PIECE_S", 0.05)

    def slowly(wire):
        for _ in range(6):
            wire.write(b"x" * 32768)
            wire.is_over.wait(0.1)

    with (
        answering(body_that(slowly, 6 * 32768)) as bad,
        storage(bad).open_object("bucket", "key") as pieces,
    ):
        assert len([len(piece) for piece in pieces]) >= 3


@pytest.mark.parametrize("does", ["hang", "trickle", "flood"])
def test_stop_is_heard_while_something_is_awaited(does):
    stop = threading.Event()
    patience = Patience(is_stopped=stop.is_set)
    threading.Timer(0.3, stop.set).start()
    with (
        answering(body_that(lambda wire: getattr(wire, does)())) as bad,
        pytest.raises(StoppedError),
        storage(bad, patience).open_object("bucket", "key") as pieces,
    ):
        for _ in pieces:
            pass


def test_stop_is_heard_while_an_answer_is_awaited_and_nothing_is_tried_again():
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with answering(lambda wire, asked: wire.hang()) as bad:
        patient = storage(bad, Patience(is_stopped=stop.is_set), attempts=5)
        with pytest.raises(StoppedError):
            patient.head_object("bucket", "key")
        assert len(bad.wires) == 1


def test_stop_is_heard_while_a_storage_takes_nothing():
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()

    def answer(wire, asked):
        wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        wire.hang()

    with answering(answer) as bad:
        patient = storage(bad, Patience(is_stopped=stop.is_set))
        with pytest.raises(StoppedError):
            patient.put_object("bucket", "key", b"x" * 50_000_000, "text/plain")


def test_several_calls_share_the_time_until_a_moment():
    with answering(body_that(lambda wire: wire.trickle())) as bad:
        patient = storage(bad, Patience(until_s=time.monotonic() + 0.5))
        assert patient.head_object("bucket", "key").etag == "ab"
        with pytest.raises(StorageUnavailableError):
            patient.read_range("bucket", "key", 0, 10_000)
        asked = len(bad.wires)
        with pytest.raises(StorageUnavailableError):
            patient.head_object("bucket", "key")
        assert len(bad.wires) == asked


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", OBJECT[1]),
        ("Content-Length: 5", OBJECT[0]),
        ("Content-Length: 5", OBJECT[0], "Last-Modified: some day"),
        ("Content-Length: 5", OBJECT[1], "ETag: "),
    ],
    ids=["no ETag", "no date", "an odd date", "an empty ETag"],
)
def test_object_whose_answer_lacks_something_is_refused_in_words(headers):
    with (
        answering(lambda wire, asked: wire.head(*headers)) as bad,
        pytest.raises(StorageError) as raised,
    ):
        storage(bad).head_object("bucket", "key")
    assert (raised.value.code, raised.value.retryable) == ("OddAnswer", False)


@pytest.mark.parametrize("lacks", ["Key", "Size", "LastModified"])
def test_listing_whose_entries_lack_something_is_refused_in_words(lacks):
    members = {"Key": "k", "Size": "1", "LastModified": "2026-01-02T03:04:05Z"}
    item = "".join(f"<{name}>{text}</{name}>" for name, text in members.items() if name != lacks)
    body = f"<ListBucketResult><Contents>{item}</Contents></ListBucketResult>".encode()

    def answer(wire, asked):
        wire.head(f"Content-Length: {len(body)}")
        wire.write(body)

    with answering(answer) as bad, pytest.raises(StorageError, match="lacks what it must have"):
        storage(bad).list_page("bucket")


def test_object_of_another_time_without_an_etag_is_not_read():
    def answer(wire, asked):
        wire.head("Content-Length: 4")
        wire.write(b"text")

    with answering(answer) as bad, pytest.raises(StorageError, match="changed"):
        storage(bad).read_range("bucket", "key", 0, 4, if_match="ab")
