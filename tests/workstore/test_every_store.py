"""What every work storage keeps to, whether a folder or a bucket."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jobs.errors import WorkStoreError
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.work_store import S3Store
from jobs.workstore.store import FolderStore, WorkStore
from tests.operations.places import GATEWAY, GATEWAY_KEYS, GATEWAY_URL, Place
from tests.s3.scripted import KEYS

STORES = ["folder", "bucket", "prefix", *(["gateway"] if GATEWAY_URL else [])]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WorkStore]:
    """`gateway` is a real one where the environment names it (see tests/operations/places.py)."""
    if request.param == "gateway":
        yield from store_in_gateway()
    elif request.param == "folder":
        yield FolderStore(tmp_path / "work")
    else:
        yield store_in_bucket(request)


def store_in_gateway() -> Iterator[WorkStore]:
    place = Place(GATEWAY, make_client(GATEWAY, GATEWAY_KEYS))
    yield S3Store(GATEWAY, GATEWAY_KEYS, place.make_bucket(), "batch work/+ü")
    place.remove_buckets()


def store_in_bucket(request: pytest.FixtureRequest) -> WorkStore:
    make_bucket: Callable[[], str] = request.getfixturevalue("make_bucket")
    endpoint = Endpoint(request.getfixturevalue("s3_server"), "us-east-1", "path")
    return S3Store(endpoint, KEYS, make_bucket(), "batch/work" if request.param == "prefix" else "")


def test_put_again_replaces_the_content(store: WorkStore) -> None:
    store.put("12/a", b"a long first content")
    store.put("12/a", b"")
    assert (store.read("12/a"), store.size("12/a")) == (b"", 0)


def test_delete_takes_all_under_the_prefix_and_nothing_beside_it(store: WorkStore) -> None:
    for name in ("12/rows/1", "12/results/1", "12-3/x", "123/x"):
        store.put(name, b"")
    assert store.delete("12/")
    assert list(store.list("")) == ["12-3/x", "123/x"]
    assert store.delete("12")
    assert store.delete("123/x")
    assert list(store.list("")) == ["12-3/x"]


def test_odd_ranges_are_refused(store: WorkStore) -> None:
    store.put("a", b"0123")
    for offset, length in [(-1, 2), (0, -1)]:
        with pytest.raises(ValueError, match="a range cannot"):
            store.read_range("a", offset, length)
    with pytest.raises(WorkStoreError, match="ends at byte"):
        store.read_range("a", 4, 1)


def test_many_threads_read_ranges_at_once(store: WorkStore) -> None:
    data = bytes(range(256)) * 40
    store.put("12/a", data)
    with ThreadPoolExecutor(24) as threads:
        read = list(threads.map(lambda n: store.read_range("12/a", n * 100, 100), range(100)))
    assert read == [data[n * 100 : n * 100 + 100] for n in range(100)]


def test_what_was_put_is_read_whole_and_in_ranges(store: WorkStore) -> None:
    store.put("12/rows/1.seg", b"0123456789")
    assert store.read("12/rows/1.seg") == b"0123456789"
    assert store.read_range("12/rows/1.seg", 3, 4) == b"3456"
    assert store.read_range("12/rows/1.seg", 10, 0) == b""
    assert store.size("12/rows/1.seg") == 10


def test_reader_beside_a_writer_sees_one_content_or_the_other(store: WorkStore) -> None:
    contents = [b"a" * 100_000, b"b" * 50_000]
    store.put("12/a", contents[0])
    done = threading.Event()

    def write_in_turns() -> None:
        for turn in range(30):
            store.put("12/a", contents[turn % 2])
        done.set()

    writer = threading.Thread(target=write_in_turns)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(store.read("12/a"))
    writer.join()
    assert seen <= set(contents)


@pytest.mark.parametrize("ask", ["read", "size"])
def test_missing_name_gives_a_sentence_with_the_name(store: WorkStore, ask: str) -> None:
    with pytest.raises(WorkStoreError, match="12/a is not in the work storage"):
        getattr(store, ask)("12/a")


def test_range_of_a_missing_name_gives_the_same_sentence(store: WorkStore) -> None:
    with pytest.raises(WorkStoreError, match="12/a is not in the work storage"):
        store.read_range("12/a", 0, 1)


def test_range_beyond_the_end_gives_a_sentence_and_no_short_answer(store: WorkStore) -> None:
    store.put("12/a", b"0123")
    with pytest.raises(WorkStoreError, match="ends at byte 4, but is needed up to byte 6"):
        store.read_range("12/a", 2, 4)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../a", "12/../../a", "12//a", "12/", ".", "12/.part-x", "a\0b"],
)
def test_name_that_leads_elsewhere_is_refused_by_every_method(store: WorkStore, name: str) -> None:
    for call in (
        lambda: store.put(name, b"x"),
        lambda: store.read(name),
        lambda: store.read_range(name, 0, 1),
        lambda: store.size(name),
    ):
        with pytest.raises(ValueError, match="not a name"):
            call()
    assert list(store.list("")) == []


@pytest.mark.parametrize("prefix", ["..", "../other", "/", "12/..", "//"])
def test_prefix_that_leads_elsewhere_is_refused(store: WorkStore, prefix: str) -> None:
    with pytest.raises(ValueError, match=r"not a name|empty prefix"):
        store.delete(prefix)
    if prefix != "/":
        with pytest.raises(ValueError, match="not a name"):
            list(store.list(prefix))


def test_list_has_finished_names_under_the_prefix_only(store: WorkStore) -> None:
    for name in ("12/rows/2", "12/rows/1", "12/rows.txt", "123/x", "1"):
        store.put(name, b"")
    assert list(store.list("12")) == ["12/rows.txt", "12/rows/1", "12/rows/2"]
    assert list(store.list("12/")) == list(store.list("12"))
    assert list(store.list("12/rows/1")) == ["12/rows/1"]
    assert list(store.list("")) == ["1", "12/rows.txt", "12/rows/1", "12/rows/2", "123/x"]


def test_list_where_nothing_is_gives_nothing(store: WorkStore) -> None:
    assert list(store.list("12")) == []
    assert list(store.list("")) == []


def test_delete_of_everything_needs_more_than_an_empty_prefix(store: WorkStore) -> None:
    store.put("12/a", b"x")
    with pytest.raises(ValueError, match="empty prefix"):
        store.delete("")
    assert store.read("12/a") == b"x"
