from collections import Counter
from collections.abc import Callable

from jobs.manifests.listing.blocks import listed_blocks
from jobs.manifests.listing.listed import Keeps, Listed
from jobs.manifests.listing.places import PrefixOf, Wanted, disjoint
from tests.listing_storage import ListingStorage, entries
from tests.manifests.listings import WHOLE, keys_of, many, rows_of, with_versions


def keeps(test: Callable[[Listed], bool]) -> Callable[[str], Keeps]:
    return lambda bucket: lambda batch: [row for row in batch if test(row)]


def test_only_what_is_kept_comes():
    storage = ListingStorage({"photos": entries(many())})
    wanted = Wanted(WHOLE, keeps=keeps(lambda row: row.key.endswith("7")))
    found = rows_of(listed_blocks(wanted, storage.reading(3), page_rows=10))
    assert sorted(key for _, key, _ in found) == [key for key in many() if key.endswith("7")]


def test_how_far_a_listing_came_is_known_though_nothing_was_kept():
    storage = ListingStorage({"photos": entries(many())})
    wanted = Wanted(WHOLE, keeps=keeps(lambda row: False))
    blocks = listed_blocks(wanted, storage.reading(is_slow=lambda: True), page_rows=10)
    block = next(blocks)
    assert block.rows.rows == 0
    assert block.checkpoint["within"]["spans"][0][0] == many()[9]
    assert not rows_of(blocks)


def test_what_is_skipped_is_counted_once_with_the_blocks():
    storage = ListingStorage({"photos": with_versions(many())})
    skipped: Counter[str] = Counter()

    def without_markers(batch: list[Listed]) -> list[Listed]:
        kept = [row for row in batch if not row.is_delete_marker]
        skipped["delete markers"] += len(batch) - len(kept)
        return kept

    wanted = Wanted(WHOLE, True, lambda bucket: without_markers, skipped)
    blocks = list(listed_blocks(wanted, storage.reading(10), page_rows=10))
    counted = sum((Counter(block.skipped) for block in blocks), Counter())
    markers = sum(row.is_marker for row in with_versions(many()))
    assert counted == {"delete markers": markers}


def test_blocks_hold_as_many_rows_as_were_asked_for_and_say_of_which_buckets():
    storage = ListingStorage({"photos": entries(list("abcdef")), "more": entries(list("gh"))})
    places = (PrefixOf("photos"), PrefixOf("more"))
    blocks = list(listed_blocks(Wanted(places), storage.reading(5)))
    assert [block.rows.rows for block in blocks] == [5, 3]
    assert {name: rows for name, (rows, _) in blocks[1].buckets.items()} == {"photos": 1, "more": 2}


def test_prefixes_that_lie_in_others_are_listed_once():
    places = [PrefixOf("a", "x/y"), PrefixOf("a", "x"), PrefixOf("b", "x/y"), PrefixOf("a", "x")]
    assert disjoint(places) == (PrefixOf("a", "x"), PrefixOf("b", "x/y"))


def test_a_plus_and_a_space_in_keys_are_frozen_so_that_nobody_mistakes_them():
    storage = ListingStorage({"photos": entries(["a+b c"])})
    block = next(listed_blocks(Wanted(WHOLE), storage.reading()))
    assert block.rows.text == b"photos\0a%2Bb%20c\n"


def test_an_empty_bucket_has_no_rows():
    assert keys_of(ListingStorage({})) == []
