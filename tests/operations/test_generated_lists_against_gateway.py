"""Whole jobs over lists that are made by listing a real gateway, and by asking each of its objects."""

import random
from urllib.parse import unquote

import pytest

from jobs.choices import JobStatus
from jobs.lifecycle.generated_lists import saved_list
from jobs.s3.clients import make_client
from tests.engine.conftest import Steps
from tests.engine.test_generated_lists import generator, make_job, read_saved, saved
from tests.operations import gateway_jobs
from tests.operations.gateway_jobs import Objects, on_all
from tests.operations.places import GATEWAY, GATEWAY_KEYS, GATEWAY_URL, Place

if not GATEWAY_URL:
    pytest.skip(
        "Gateway: BATCHCONSOLE_TEST_GATEWAY_URL is not set (for make soak)", allow_module_level=True
    )

pytestmark = pytest.mark.timeout(1200)
OBJECTS = 400


@pytest.fixture
def place(transactional_db):
    gateway = Place(GATEWAY, make_client(GATEWAY, GATEWAY_KEYS, max_connections=32))
    yield gateway_jobs.place_of_jobs(gateway)
    gateway_jobs.empty(gateway)


@pytest.fixture
def keys(place):
    """As the gateway lists them: some keep keys in another spelling, and have folders as objects."""
    Objects(place.s3, place.source).fill(OBJECTS, gateway_jobs.awkward_keys(random.Random(3)))
    pages = place.s3.get_paginator("list_objects_v2").paginate(Bucket=place.source)
    return sorted(item["Key"] for page in pages for item in page.get("Contents", ()))


@pytest.fixture
def tagged(place, keys):
    """Every third of those that are no folder."""
    some = [key for key in keys if not key.endswith("/")][::3]
    tagging = {"TagSet": [{"Key": "team", "Value": "blue"}]}
    on_all(
        some,
        lambda key: place.s3.put_object_tagging(Bucket=place.source, Key=key, Tagging=tagging),
    )
    return some


@pytest.fixture
def steps(redis):
    return Steps()


def reported(place, job):
    return sorted(unquote(row[1]) for row in place.report_rows(job))


def test_whole_bucket_is_listed_saved_and_run_with_every_row_once(place, steps, keys):
    first = make_job(place, generator(place, **(saved(place) | no_encryption(place))))
    first = steps.all_the_way(first)
    assert (first.status, first.total_tasks) == (JobStatus.COMPLETE, len(keys))
    assert reported(place, first) == keys
    assert sorted(unquote(row[1]) for row in read_saved(place, first)[1]) == keys
    second = steps.all_the_way(make_job(place, saved_list(first)))
    assert reported(place, second) == keys


def no_encryption(place):
    """What a gateway without keys cannot do."""
    location = dict(saved(place)["ManifestOutputLocation"])
    del location["ManifestEncryption"]
    return {"ManifestOutputLocation": location}


def test_tags_of_every_object_are_asked_and_those_that_match_are_listed(place, steps, keys, tagged):
    more = {"Tags": [{"Key": "team", "Glob": "b*"}]}
    job = steps.all_the_way(make_job(place, generator(place, more=more)))
    assert job.looked_up_objects == len(keys)
    assert reported(place, job) == tagged
