import itertools
import threading
from collections import Counter
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.manifests.listing.blocks import listed_blocks
from jobs.manifests.listing.places import PrefixOf, Wanted
from tests.listing_storage import ListingStorage, entries
from tests.manifests.listings import WHOLE, keys_of, many, rows_of, with_versions

signs = st.one_of(st.sampled_from("ab/0129 +%&<\n\x7fé\ud7ff\ue000\U0001f600"), st.characters())
texts = st.text(
    signs.filter(lambda sign: sign != "\0" and not "\ud800" <= sign <= "\udfff"), max_size=6
)
key_sets = st.lists(texts.filter(bool), max_size=60, unique=True)
page_sizes = st.integers(2, 9)


@settings(deadline=None)
@given(key_sets, page_sizes, texts)
def test_every_key_comes_once_whatever_the_keys_and_the_size_of_a_page(keys, page_rows, prefix):
    storage = ListingStorage({"photos": entries(keys)})
    found = keys_of(storage, (PrefixOf("photos", prefix),), page_rows)
    assert sorted(found) == sorted(key for key in keys if key.startswith(prefix))


@settings(deadline=None)
@given(st.integers(0, 300), page_sizes, st.booleans())
def test_every_key_of_ranges_that_are_divided_comes_once(count, page_rows, plus_for_space):
    keys = many(count)
    storage = ListingStorage({"photos": entries(keys)}, plus_for_space=plus_for_space)
    assert sorted(keys_of(storage, page_rows=page_rows)) == keys


@settings(deadline=None)
@given(key_sets, page_sizes)
def test_every_version_comes_once_whatever_the_keys_and_the_size_of_a_page(keys, page_rows):
    rows = with_versions(keys)
    storage = ListingStorage({"photos": rows})
    wanted = Wanted(WHOLE, with_versions=True)
    found = rows_of(listed_blocks(wanted, storage.reading(7), page_rows=page_rows))
    assert Counter(found) == Counter(("photos", row.key, row.version_id) for row in rows)


def test_versions_that_are_listed_before_all_delete_markers_of_a_page_come_once_each():
    rows = with_versions(many(100))
    storage = ListingStorage({"photos": rows}, groups_markers=True)
    wanted = Wanted(WHOLE, with_versions=True)
    found = rows_of(listed_blocks(wanted, storage.reading(10), page_rows=1000))
    assert Counter(found) == Counter(("photos", row.key, row.version_id) for row in rows)


def goes_on(
    wanted: Wanted, storage: ListingStorage, page_rows: int, deaths: Iterator[int]
) -> list[tuple[str, str, str | None]]:
    """Listed by workers of which each dies after so many blocks."""
    found, checkpoint = [], None
    for blocks_until_death in deaths:
        blocks = listed_blocks(wanted, storage.reading(4), checkpoint, page_rows=page_rows)
        for block in itertools.islice(blocks, blocks_until_death):
            found += rows_of(iter([block]))
            checkpoint = block.checkpoint
        blocks.close()
    rest = listed_blocks(wanted, storage.reading(4), checkpoint, page_rows=page_rows)
    return found + rows_of(rest)


@settings(deadline=None)
@given(st.integers(0, 200), page_sizes, st.lists(st.integers(0, 6), max_size=8), st.booleans())
def test_every_row_comes_once_wherever_workers_die(count, page_rows, deaths, versions):
    rows = with_versions(many(count)) if versions else entries(many(count))
    storage = ListingStorage({"photos": rows, "more": rows[::3]})
    wanted = Wanted((PrefixOf("photos"), PrefixOf("more", "l")), with_versions=versions)
    found = goes_on(wanted, storage, page_rows, iter(deaths))
    there = [("photos", row) for row in rows]
    there += [("more", row) for row in rows[::3] if row.key.startswith("l")]
    assert Counter(found) == Counter(
        (bucket, row.key, row.version_id if versions else None) for bucket, row in there
    )


@settings(deadline=None)
@given(st.integers(2, 200), st.lists(st.integers(0, 6), max_size=8), st.booleans())
def test_every_row_comes_once_from_a_storage_without_ranges_wherever_workers_die(
    count, deaths, versions
):
    rows = with_versions(many(count)) if versions else entries(many(count))
    storage = ListingStorage({"photos": rows}, ignores_start=not versions)
    wanted = Wanted(WHOLE, with_versions=versions)
    found = goes_on(wanted, storage, 5, iter(deaths))
    assert Counter(found) == Counter(
        ("photos", row.key, row.version_id if versions else None) for row in rows
    )


def test_a_checkpoint_names_keys_and_never_a_token():
    storage = ListingStorage({"photos": entries(many())})
    blocks = list(listed_blocks(Wanted(WHOLE), storage.reading(20), page_rows=10))
    spans = blocks[5].checkpoint["within"]["spans"]
    known = set(many())
    assert spans
    assert all(
        after in known or any(until == after for _, _, until in spans) for after, _, until in spans
    )


def test_requests_are_few_more_than_the_pages_need():
    keys = [f"key-{number:010d}" for number in range(20_000)]
    storage = ListingStorage({"photos": entries(keys)})
    assert sorted(keys_of(storage, page_rows=20)) == keys
    assert len(storage.asked) <= 1100


def test_ranges_are_asked_for_side_by_side():
    keys = [f"key-{number:010d}" for number in range(4_000)]
    storage = ListingStorage({"photos": entries(keys)})
    numbers, together = itertools.count(1), threading.Barrier(2)

    def meet(query: dict[str, str]) -> None:
        if next(numbers) in (3, 4):
            together.wait(60)

    storage.before_answer = meet
    assert sorted(keys_of(storage, page_rows=10)) == keys
    assert not together.broken
