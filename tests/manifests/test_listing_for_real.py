"""Listings of real storage: what we list is what boto3 lists, key by key."""

import itertools
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from jobs.manifests.frozen_list import taken_apart
from jobs.manifests.listing.blocks import listed_blocks
from jobs.manifests.listing.places import PrefixOf, Wanted
from jobs.manifests.source import Reading
from jobs.s3.storage import Storage
from tests.operations import places

OBJECTS = 3000
SIGNS = 'az09 +%&<>"\n\t,;=?#:@~ü語\U0001f600'


def keys_to_be():
    drawn = random.Random(7)
    keys = {f"flat/{number:08d}" for number in range(OBJECTS // 3)}
    keys |= {f"{drawn.getrandbits(64):016x}" for _ in range(OBJECTS // 3)}
    keys |= {
        f"{drawn.choice('abc')}/{drawn.randrange(30)}/{number}" for number in range(OBJECTS // 3)
    }
    keys |= {f"odd/{''.join(drawn.choices(SIGNS, k=4))}x" for _ in range(100)}
    keys |= {f"ab{sign}c" for sign in SIGNS} | set(places.AWKWARD_KEYS)
    return sorted(keys)


@pytest.fixture(scope="module", params=places.NAMES)
def place(request, s3_server):
    return places.place_of(request.param, s3_server)


@pytest.fixture(scope="module")
def bucket(place):
    """With the keys that this storage takes."""
    name = place.make_bucket()

    def put(key):
        try:
            place.client.put_object(Bucket=name, Key=key, Body=b"x")
        except ClientError:
            return ""
        return key

    with ThreadPoolExecutor(8) as threads:
        there = [key for key in threads.map(put, keys_to_be()) if key]
    assert len(there) > OBJECTS * 0.9
    yield name
    empty(place, name)


@pytest.fixture(scope="module")
def versions(place):
    """Of some keys several versions, and delete markers."""
    try:
        name = place.make_bucket(versioned=True)
    except ClientError as error:
        pytest.skip(f"Gateway: no versions here ({error})")

    def put(number):
        key = f"v/{number % 50:03d} +ü"
        for _ in range(number % 4 + 1):
            place.client.put_object(Bucket=name, Key=key, Body=b"x")
        if number % 3 == 0:
            place.client.delete_object(Bucket=name, Key=key)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(150)))
    yield name
    empty(place, name)


def empty(place, bucket):
    def delete(item):
        place.client.delete_object(Bucket=bucket, **item)

    found = [
        {"Key": key, "VersionId": version_id} for key, version_id in versions_of(place, bucket)
    ] or [{"Key": key} for key in keys_of(place, bucket)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(delete, found))
    place.client.delete_bucket(Bucket=bucket)
    place.buckets.remove(bucket)


def keys_of(place, bucket, prefix=""):
    """As boto3 lists them."""
    pages = place.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def versions_of(place, bucket):
    pages = place.client.get_paginator("list_object_versions").paginate(Bucket=bucket)
    return [
        (item["Key"], item["VersionId"])
        for page in pages
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    ]


def listed(place, wanted, *, page_rows, lives=()):
    """By workers of which all but the last die after so many blocks."""
    reading = Reading(lambda bucket: Storage(place.client), rows_per_block=100)
    found, checkpoint = [], None
    for life in [*lives, None]:
        blocks = listed_blocks(wanted, reading, checkpoint, page_rows=page_rows)
        for block in itertools.islice(blocks, life):
            rows = taken_apart(block.rows)
            found += zip(rows.keys, rows.version_ids, strict=True)
            checkpoint = block.checkpoint
        blocks.close()
    return found


@pytest.mark.parametrize("page_rows", [1000, 37])
@pytest.mark.parametrize("lives", [(), (1, 7, 3)])
def test_every_object_is_listed_once(place, bucket, page_rows, lives):
    found = listed(place, Wanted((PrefixOf(bucket),)), page_rows=page_rows, lives=lives)
    assert Counter(key for key, _ in found) == Counter(keys_of(place, bucket))


@pytest.mark.parametrize("prefix", ["flat/", "odd/", "a", "ab", "ab+", "ab%", "nothing", "b/1"])
def test_every_object_below_a_prefix_is_listed_once(place, bucket, prefix):
    found = listed(place, Wanted((PrefixOf(bucket, prefix),)), page_rows=20)
    assert Counter(key for key, _ in found) == Counter(keys_of(place, bucket, prefix))


@pytest.mark.parametrize("page_rows", [1000, 7])
@pytest.mark.parametrize("lives", [(), (1, 1)])
def test_every_version_and_delete_marker_is_listed_once(place, versions, page_rows, lives):
    wanted = Wanted((PrefixOf(versions),), with_versions=True)
    found = listed(place, wanted, page_rows=page_rows, lives=lives)
    assert Counter(found) == Counter(versions_of(place, versions))
