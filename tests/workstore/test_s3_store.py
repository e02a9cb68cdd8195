"""A bucket as work storage: its sentences, its batches, and when its client is made."""

import pytest

from jobs.errors import WorkStoreError, WorkStoreFullError
from jobs.s3 import work_store
from jobs.s3.endpoints import Endpoint
from jobs.s3.work_store import S3Store
from tests import s3_double as double
from tests.s3.scripted import KEYS, refusal, serving


def at(url, bucket="work", prefix="batch"):
    return S3Store(Endpoint(url, "us-east-1", "path"), KEYS, bucket, prefix)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(work_store, "ATTEMPTS", 1)


def test_names_lie_below_the_prefix(s3, s3_server, bucket):
    at(s3_server, bucket).put("12/a", b"x")
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["batch/12/a"]


def test_more_names_than_one_page_or_batch_has_are_listed_and_deleted(
    s3_server, bucket, monkeypatch
):
    store = at(s3_server, bucket)
    monkeypatch.setattr(work_store, "DELETE_BATCH", 2)
    names = [f"12/{n}" for n in range(5)]
    for name in names:
        store.put(name, b"")
    store._client.meta.events.register(
        "provide-client-params.s3.ListObjectsV2", lambda params, **_: params | {"MaxKeys": 2}
    )
    assert list(store.list("12")) == names
    assert not store.delete("12", stop=lambda: True)
    assert list(store.list("12")) == names[2:]
    assert store.delete("12")
    assert list(store.list("")) == []


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (403, "AccessDenied", WorkStoreError, "written at s3://work/batch/12/a: Said so."),
        (404, "NoSuchBucket", WorkStoreError, "Check WORK_STORE"),
        (403, "InvalidAccessKeyId", WorkStoreError, "its credentials"),
        (503, "SlowDown", WorkStoreError, r"does not answer \(Said so.\)"),
        (403, "QuotaExceeded", WorkStoreFullError, "is full. Free some space"),
    ],
)
def test_trouble_is_told_as_a_sentence_and_may_be_tried_again(status, code, kind, words):
    with (
        serving((status, {}, refusal(code))) as server,
        pytest.raises(WorkStoreError, match=words) as caught,
    ):
        at(server.url).put("12/a", b"x")
    assert type(caught.value) is kind and caught.value.retryable


def test_storage_that_is_away_is_told_with_its_address():
    with pytest.raises(WorkStoreError, match=r"at http://127.0.0.1:9 does not answer"):
        at("http://127.0.0.1:9").read("12/a")


def test_object_that_may_not_be_deleted_is_told(monkeypatch):
    listed = (
        b"<ListBucketResult><Contents><Key>batch/12</Key></Contents>"
        b"<IsTruncated>false</IsTruncated></ListBucketResult>"
    )
    errors = (
        b"<DeleteResult><Error><Key>batch/12</Key><Code>AccessDenied</Code>"
        b"<Message>Not yours.</Message></Error></DeleteResult>"
    )
    with (
        serving((200, {}, listed), (200, {}, listed), (200, {}, errors)) as server,
        pytest.raises(WorkStoreError, match="emptied at s3://work/batch/12: Not yours"),
    ):
        at(server.url).delete("12")


def test_answer_that_breaks_off_is_not_taken_for_the_whole():
    with (
        serving((200, {"Content-Length": "10"}, b"0123")) as server,
        pytest.raises(WorkStoreError, match="does not answer"),
    ):
        at(server.url).read("12/a")


def test_client_is_made_at_the_first_call_and_kept(s3_server, bucket, monkeypatch):
    made = []
    real = work_store.make_client
    monkeypatch.setattr(
        work_store, "make_client", lambda *a, **more: made.append(1) or real(*a, **more)
    )
    store = at(s3_server, bucket)
    assert made == []
    store.put("a", b"")
    store.read("a")
    assert made == [1]


def test_check_leaves_nothing_behind(s3_server, bucket):
    store = at(s3_server, bucket)
    store.check()
    assert list(store.list("")) == []


def test_checks_of_machines_that_start_together_do_not_meet(s3_server, bucket, monkeypatch):
    first, second = at(s3_server, bucket), at(s3_server, bucket)
    read_range = first.read_range

    def read_later(*asked):
        second.check()
        return read_range(*asked)

    monkeypatch.setattr(first, "read_range", read_later)
    first.check()
    assert list(first.list("")) == []


def test_check_tells_what_must_be_set_right_from_what_may_pass(s3_server):
    with pytest.raises(WorkStoreError, match="NoSuchBucket") as caught:
        at(s3_server, "no-such-bucket-here").check()
    assert not caught.value.retryable
    with pytest.raises(WorkStoreError) as caught:
        at("http://127.0.0.1:9").check()
    assert caught.value.retryable


def test_put_is_one_round_trip():
    asked = []
    with double.running() as server:
        at(f"http://127.0.0.1:{server.port}").put("12/a", b"x")
        asked = [one.headers for one in server.received]
    assert len(asked) == 1 and "expect" not in asked[0]
