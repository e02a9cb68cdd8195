"""Whole jobs over inventories that lie in a real gateway, in each format, and over lists whose objects it is asked
about.
"""

import random
from dataclasses import replace
from urllib.parse import unquote

import pytest

from jobs.choices import JobStatus, ManifestField
from jobs.engine import control_turns
from jobs.engine.preparing import list_parts
from jobs.manifests.inventory import sharing
from jobs.s3.clients import make_client
from jobs.spec.manifest import ManifestSpec
from jobs.spec.pairs import Pair
from tests.engine.conftest import Steps
from tests.engine.test_inventories import FORMATS, job_over, put, rows_of
from tests.operations import gateway_jobs
from tests.operations.gateway_jobs import Objects, on_all
from tests.operations.places import GATEWAY, GATEWAY_KEYS, GATEWAY_URL, Place

if not GATEWAY_URL:
    pytest.skip(
        "Gateway: BATCHCONSOLE_TEST_GATEWAY_URL is not set (for make soak)", allow_module_level=True
    )

pytestmark = pytest.mark.timeout(1200)
OBJECTS = 120
TEAM = (Pair("team", glob="b*"),)


@pytest.fixture
def place(transactional_db):
    gateway = Place(GATEWAY, make_client(GATEWAY, GATEWAY_KEYS, max_connections=32))
    yield gateway_jobs.place_of_jobs(gateway)
    gateway_jobs.empty(gateway)


@pytest.fixture
def keys(place):
    """As the gateway lists them, without folders."""
    Objects(place.s3, place.source).fill(OBJECTS, gateway_jobs.awkward_keys(random.Random(3)))
    pages = place.s3.get_paginator("list_objects_v2").paginate(Bucket=place.source)
    found = sorted(item["Key"] for page in pages for item in page.get("Contents", ()))
    return [key for key in found if not key.endswith("/")]


@pytest.fixture
def tagged(place, keys):
    """Every third."""
    tagging = {"TagSet": [{"Key": "team", "Value": "blue"}]}
    on_all(
        keys[::3],
        lambda key: place.s3.put_object_tagging(Bucket=place.source, Key=key, Tagging=tagging),
    )
    return keys[::3]


@pytest.fixture
def steps(redis):
    return Steps()


def inventory(place, keys, file_format="CSV"):
    """Three data files."""
    third = len(keys) // 3 + 1
    parts = [rows_of(place, keys[n : n + third]) for n in range(0, len(keys), third)]
    return put(place, place.reports, parts, file_format=file_format)


def reported(place, job):
    return [unquote(row[1]) for row in place.report_rows(job)]


@pytest.mark.parametrize("file_format", FORMATS)
def test_job_over_an_inventory_reports_every_row_once_and_its_key_byte_for_byte(
    place, steps, keys, file_format
):
    job = steps.all_the_way(job_over(place, inventory(place, keys, file_format)))
    assert (job.status, job.total_tasks, job.tasks_failed) == (JobStatus.COMPLETE, len(keys), 0)
    assert reported(place, job) == keys


def test_parts_of_an_inventory_make_one_list_in_its_order(place, steps, keys, monkeypatch):
    monkeypatch.setattr(control_turns, "free_workers", lambda: 2)
    monkeypatch.setattr(sharing, "LEAST_BYTES", 1)
    left, add = [], list_parts.add
    monkeypatch.setattr(list_parts, "add", lambda job, parts: (left.extend(parts), add(job, parts)))
    job = steps.all_the_way(job_over(place, inventory(place, keys)))
    assert len(left) == 2
    assert reported(place, job) == keys


def test_inventory_is_filtered_by_the_tags_that_the_gateway_has(place, steps, keys, tagged):
    spec = replace(inventory(place, keys), tags=TEAM)
    assert reported(place, steps.all_the_way(job_over(place, spec))) == tagged


def test_rows_of_a_csv_manifest_are_pinned_to_what_the_gateway_has(place, steps, keys):
    key, etag = place.put_manifest(place.list_of(keys), key="list-of-all.csv")
    fields = (ManifestField.BUCKET, ManifestField.KEY)
    spec = ManifestSpec(place.source, key, etag, fields, plus_is_space=False, pins_versions=True)
    job = steps.prepare(job_over(place, spec))
    assert (job.failure_reason, job.total_tasks) == ("", len(keys))
    assert job.names_versions
