import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.manifests.listing.checking import Lister
from jobs.manifests.listing.pinning import current_versions
from jobs.manifests.listing.places import PrefixOf
from jobs.s3.listing import VERSIONS
from tests.listing_storage import ListingStorage
from tests.manifests.listings import many, with_versions


class Asked:
    """As HEAD answers; counts."""

    def __init__(self, rows):
        self.count = 0
        self.there = {
            row.key: None if row.is_marker else row.version_id for row in rows if row.is_latest
        }

    def __call__(self, key):
        self.count += 1
        return self.there.get(key)


def pinned(storage, keys, page_rows=1000):
    ask = Asked(storage.rows["photos"])
    lister = Lister(storage, VERSIONS, PrefixOf("photos"), page_rows=page_rows)
    found = current_versions(lister, keys)
    return found | {key: ask(key) for key in keys if key not in found}, ask


@given(st.integers(0, 200), st.integers(1, 200), st.integers(1, 40), st.booleans())
def test_the_current_version_of_every_key_is_told(count, chosen, page_rows, ignores_start):
    rows = with_versions(many(200))
    keys = random.Random(count).sample([*many(200), "gone", "zzz", "0"], chosen)
    storage = ListingStorage({"photos": rows}, ignores_start=ignores_start)
    found, ask = pinned(storage, keys, page_rows)
    assert found == {key: ask.there.get(key) for key in keys}


def test_keys_that_lie_close_together_take_a_request_for_a_thousand_versions():
    rows = with_versions(many(400))
    storage = ListingStorage({"photos": rows})
    found, ask = pinned(storage, many(400))
    assert len(found) == len(many(400))
    assert ask.count == 0
    assert len(storage.asked) == 2


def test_keys_that_lie_far_apart_are_asked_for_one_by_one():
    rows = with_versions(many(4000))
    storage = ListingStorage({"photos": rows})
    found, ask = pinned(storage, many(4000)[::400], page_rows=100)
    assert len(found) == 10
    assert len(storage.asked) == 1
    assert ask.count >= 8


@pytest.mark.parametrize("faults", [{"groups_markers": True}, {"ignores_start": True}])
def test_a_storage_that_cannot_be_listed_so_is_asked_for_each_key(faults):
    rows = with_versions(many(100))
    storage = ListingStorage({"photos": rows}, **faults)
    found, ask = pinned(storage, many(100)[50:])
    assert found == {key: ask.there[key] for key in many(100)[50:]}
