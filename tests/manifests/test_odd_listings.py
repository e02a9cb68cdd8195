import itertools
import random
import threading
from dataclasses import replace

import pytest

from jobs.errors import StoppedError, StorageError, StorageUnavailableError
from jobs.manifests.frozen_list import taken_apart
from jobs.manifests.listing import asking
from jobs.manifests.listing.blocks import listed_blocks
from jobs.manifests.listing.checking import UNUSABLE
from jobs.manifests.listing.places import PrefixOf, Wanted
from jobs.manifests.source import ListAnewError
from tests.listing_storage import Entry, ListingStorage, entries, slow_down
from tests.manifests.listings import WHOLE, keys_of, many, rows_of


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_LONGEST_WAIT_S", 0.0)


def test_a_storage_that_takes_no_notice_of_start_after_is_listed_page_by_page():
    keys = many()
    storage = ListingStorage({"photos": entries(keys)}, ignores_start=True)
    assert sorted(keys_of(storage)) == keys
    assert storage.asked[-1].keys() >= {"continuation-token"}


def test_a_storage_that_lists_out_of_order_is_listed_page_by_page():
    keys = many()
    shuffled = random.Random(2).sample(entries(keys), len(keys))
    storage = ListingStorage({"photos": shuffled}, ignores_start=True)
    assert sorted(keys_of(storage, page_rows=50)) == keys


def test_a_storage_that_begins_to_list_out_of_order_later_on_is_listed_anew_page_by_page():
    rows = entries(many())
    rows[-20:] = rows[:-21:-1]
    storage = ListingStorage({"before": entries(["x"]), "photos": rows})
    wanted = Wanted((PrefixOf("before"), *WHOLE))
    with pytest.raises(ListAnewError, match="out of order") as caught:
        list(listed_blocks(wanted, storage.reading(7), page_rows=5))
    checkpoint, found = caught.value.checkpoint, []
    for _ in range(10):
        blocks = listed_blocks(wanted, storage.reading(7), checkpoint, page_rows=5)
        for block in itertools.islice(blocks, 9):
            found += rows_of(iter([block]))
            checkpoint = block.checkpoint
        blocks.close()
    assert sorted(key for _, key, _ in found) == sorted(["x", *many()])


def test_a_storage_without_ranges_whose_last_key_is_gone_after_a_restart_is_listed_anew():
    storage = ListingStorage({"photos": entries(many())}, ignores_start=True)
    first = next(listed_blocks(Wanted(WHOLE), storage.reading(7), page_rows=5))
    first = first.checkpoint | {"within": {"next": {}, "last": ["gone", ""], "only": None}}
    with pytest.raises(ListAnewError, match="changed while it was listed"):
        list(listed_blocks(Wanted(WHOLE), storage.reading(7), first, page_rows=5))


def test_a_storage_that_sends_smaller_pages_than_it_is_asked_for_is_listed_whole():
    keys = many()
    storage = ListingStorage({"photos": entries(keys)}, most_rows=3)
    assert sorted(keys_of(storage, page_rows=1000)) == keys


def test_a_storage_that_sends_one_key_at_a_time_is_listed_whole():
    keys = many(40)
    storage = ListingStorage({"photos": entries(keys)}, most_rows=1)
    assert sorted(keys_of(storage)) == keys


def test_a_storage_that_does_not_encode_keys_is_read_as_it_writes_them():
    keys = ["a+b", "a%20b", "a&amp;b", "a<b", "ä"]
    storage = ListingStorage({"photos": entries(keys)}, ignores_encoding=True)
    assert sorted(keys_of(storage)) == sorted(keys)


def test_a_page_that_is_left_out_is_told_of_with_the_key_before_it():
    keys = [f"{number:04d}" for number in range(50)]
    storage = ListingStorage({"photos": entries(keys)}, leaves_out=9)
    with pytest.raises(StorageError, match='leaves out objects.*"0008"') as caught:
        keys_of(storage, page_rows=9)
    assert caught.value.code == UNUSABLE


def test_a_version_that_is_left_out_since_its_marker_is_ignored_is_told_of():
    rows = [Entry("a", f"v{number}", number == 0) for number in range(20)]
    storage = ListingStorage({"photos": rows}, ignores_version_marker=True)
    wanted = Wanted(WHOLE, with_versions=True)
    with pytest.raises(StorageError, match="leaves out objects"):
        rows_of(listed_blocks(wanted, storage.reading(), page_rows=5))


def test_an_object_that_is_deleted_between_two_pages_is_no_page_left_out():
    keys = [f"{number:04d}" for number in range(30)]
    storage = ListingStorage({"photos": entries(keys)})

    def delete_the_last(query: dict[str, str]) -> None:
        if len(storage.asked) == 1:
            storage.rows["photos"] = [row for row in storage.rows["photos"] if row.key != "0009"]

    storage.before_answer = delete_the_last
    assert sorted(keys_of(storage, page_rows=10)) == keys


@pytest.mark.parametrize("ignores_start", [True, False])
def test_a_storage_that_says_for_ever_that_more_follows_is_told_of(ignores_start):
    storage = ListingStorage(
        {"photos": entries(many(20))}, says_more=True, ignores_start=ignores_start
    )
    with pytest.raises(StorageError) as caught:
        keys_of(storage)
    assert caught.value.code == UNUSABLE
    assert "more" in caught.value.message


def test_a_page_that_is_repeated_is_told_of():
    storage = ListingStorage({"photos": entries(many())}, ignores_start=True, repeats=True)
    with pytest.raises(StorageError, match="repeats itself"):
        keys_of(storage)


def test_a_storage_without_ranges_that_gives_no_token_is_told_of():
    storage = ListingStorage({"photos": entries(many())}, ignores_start=True, forgets_token=True)
    with pytest.raises(StorageError, match="has more objects than"):
        keys_of(storage)


def test_a_storage_that_takes_no_notice_of_the_prefix_is_told_of_with_a_key():
    storage = ListingStorage({"photos": entries(["a", "b"])}, ignores_prefix=True)
    with pytest.raises(StorageError, match='begin with "b", and listed "a"'):
        keys_of(storage, (PrefixOf("photos", "b"),))


def test_a_key_that_is_not_utf8_is_told_of_as_it_was_listed():
    class Latin(ListingStorage):
        def _text(self, key: str) -> str:
            return "caf%E9"

    with pytest.raises(StorageError, match="not UTF-8, URL-encoded: caf%E9"):
        keys_of(Latin({"photos": entries(["x"])}))


# --- Throttling, stops and refusals


def test_a_throttled_page_is_asked_for_again_and_no_row_is_lost():
    keys = many()
    storage = ListingStorage({"photos": entries(keys)}, refusals=[slow_down() for _ in range(9)])
    assert sorted(keys_of(storage)) == keys


def test_a_storage_that_throttles_is_asked_for_less_at_once():
    pace = asking._Pace(lambda: 100.0)
    pace.refused(slow_down())
    assert pace.limit == asking.AT_ONCE / 2
    assert pace.not_before_s == 100.0


def test_a_storage_that_wants_to_be_asked_later_is(monkeypatch):
    monkeypatch.setattr(asking, "_LONGEST_WAIT_S", 60.0)
    pace, error = asking._Pace(lambda: 100.0), slow_down()
    error.retry_after_s = 17.0
    pace.refused(error)
    assert pace.not_before_s == 117.0


def test_what_was_listed_before_the_storage_fell_silent_comes_before_the_error(monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE_S", 0.0)
    storage = ListingStorage({"photos": entries(many())})

    def fall_silent(query: dict[str, str]) -> None:
        if len(storage.asked) == 2:
            storage.refusals = [slow_down() for _ in range(1000)]

    storage.before_answer = fall_silent
    found, checkpoint = [], None
    with pytest.raises(StorageUnavailableError):
        for block in listed_blocks(Wanted(WHOLE), storage.reading(1000), page_rows=10):
            found += taken_apart(block.rows).keys
            checkpoint = block.checkpoint
    assert found
    storage.before_answer, storage.refusals = lambda query: None, []
    rest = listed_blocks(Wanted(WHOLE), storage.reading(1000), checkpoint, page_rows=10)
    assert sorted([*found, *(key for _, key, _ in rows_of(rest))]) == many()


def test_whoever_waits_in_front_of_a_page_is_told_of_the_first_refusal():
    storage = ListingStorage({"photos": entries(["a"])}, refusals=[slow_down() for _ in range(9)])
    reading = replace(storage.reading(1000), patience_s=0.0)
    with pytest.raises(StorageUnavailableError):
        list(listed_blocks(Wanted(WHOLE), reading))
    assert len(storage.asked) == 1


def test_a_refusal_that_is_final_is_not_asked_about_again():
    denied = StorageError("AccessDenied", "Access Denied", http_status=403)
    storage = ListingStorage({"photos": entries(["a"])}, refusals=[denied])
    with pytest.raises(StorageError, match="Access Denied"):
        keys_of(storage)
    assert len(storage.asked) == 1


def test_a_stop_is_heard_while_the_storage_gives_no_answer():
    stop, asked, may_answer = threading.Event(), threading.Event(), threading.Event()

    def wait(query: dict[str, str]) -> None:
        asked.set()
        may_answer.wait()

    storage = ListingStorage({"photos": entries(many())}, before_answer=wait)
    threading.Thread(target=lambda: (asked.wait(), stop.set()), daemon=True).start()
    try:
        with pytest.raises(StoppedError):
            list(listed_blocks(Wanted(WHOLE), storage.reading(stop=stop)))
    finally:
        may_answer.set()


def test_a_block_is_cut_short_as_soon_as_reading_is_slow():
    storage = ListingStorage({"photos": entries(many())})
    reading = storage.reading(1000, is_slow=lambda: True)
    first = next(listed_blocks(Wanted(WHOLE), reading, page_rows=10))
    assert first.rows.rows == 10


def bent_pages(storage, change):
    """Of a storage that is listed page by page: each answer is changed."""
    answer = storage.answer
    storage.answer = lambda action, bucket, query: change(answer(action, bucket, query), query)
    return storage


def test_a_page_that_says_to_be_another_than_was_asked_for_is_noticed():
    storage = ListingStorage({"photos": entries(many())}, ignores_start=True)

    def of_another(body, query):
        mark = b"<ContinuationToken>another</ContinuationToken></ListBucketResult>"
        return body.replace(b"</ListBucketResult>", mark) if "continuation-token" in query else body

    with pytest.raises(StorageError, match="answered with another") as caught:
        keys_of(bent_pages(storage, of_another))
    assert caught.value.code == UNUSABLE


def test_a_page_with_fewer_rows_than_it_says_is_noticed():
    storage = ListingStorage({"photos": entries(many())}, ignores_start=True)

    def short(body, query):
        mark = b"<KeyCount>9</KeyCount></ListBucketResult>"
        return body.replace(b"</ListBucketResult>", mark) if "continuation-token" in query else body

    with pytest.raises(StorageError, match="says that it has 9 rows, and has 5"):
        keys_of(bent_pages(storage, short))


def test_pages_that_name_their_own_token_and_number_are_taken():
    keys = many()
    storage = ListingStorage({"photos": entries(keys)}, ignores_start=True)

    def honest(body, query):
        if "continuation-token" not in query:
            return body
        token = query["continuation-token"].encode()
        mark = b"<ContinuationToken>%s</ContinuationToken></ListBucketResult>" % token
        return body.replace(b"</ListBucketResult>", mark)

    assert sorted(keys_of(bent_pages(storage, honest))) == keys


@pytest.mark.parametrize("rows", [5, 50])
def test_page_that_is_left_out_between_two_tokens_is_told_of_with_the_key_before_it(rows):
    keys = sorted(many())
    storage = ListingStorage({"photos": entries(keys)}, ignores_start=True, token_leaves_out=rows)
    with pytest.raises(StorageError, match="leaves out objects of the bucket photos") as caught:
        keys_of(storage, page_rows=rows)
    assert caught.value.code == UNUSABLE
    assert f'"{keys[3 * rows - 1]}"' in caught.value.message


def test_second_looks_at_where_pages_meet_are_few_and_bear_what_is_written_meanwhile():
    keys = sorted(many())
    storage = ListingStorage({"photos": entries(keys)}, ignores_start=True)

    def deleting(body, query):
        if query["max-keys"] == "25" and len(storage.rows["photos"]) == len(keys):
            del storage.rows["photos"][60]
        return body

    listed = keys_of(bent_pages(storage, deleting), page_rows=50)
    assert set(keys) - set(listed) == {keys[150]}  # its tokens are places
    second = [query for query in storage.asked if query["max-keys"] == "25"]
    assert len(second) == 2
