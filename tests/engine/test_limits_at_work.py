"""Limits over two real workers: held by both together, changed while the job runs, and found."""

import time

import pytest
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.engine.rates.rate_limit import START_PER_S
from jobs.engine.rates.rate_sharing import key_of_destination, throttled_rate
from jobs.lifecycle import commands
from jobs.lifecycle.limits import change_ceilings
from jobs.services.s3 import bucket_at
from jobs.spec.job import LimitsSpec
from tests.allowed import allowed
from tests.engine.houses import see
from tests.servers import eventually

pytestmark = pytest.mark.timeout(240)
MANY = {"BATCHCONSOLE_IN_FLIGHT": "32", "BATCHCONSOLE_CHUNK_ROWS": "50"}


def asked(house):
    return sum(house.storage.asked.values())


def rate_of(house, requests):
    """Requests per second while the next so many are sent."""
    begun_s = time.monotonic()
    first = asked(house)
    eventually(lambda: asked(house) >= first + requests, every_s=0.005)
    return (asked(house) - first) / (time.monotonic() - begun_s)


def key_of_source(place):
    return key_of_destination(bucket_at(place.region.endpoint(), None, place.source))


def holders(job):
    return job.chunks.exclude(owner="").values("owner").distinct().count()


def lift(job):
    change_ceilings(job.pk, requests_per_s=None, in_flight=None, by=allowed(), now=timezone.now())


def test_ceiling_holds_over_all_workers_until_it_is_lifted(house):
    house.start(**MANY)
    job = house.make(2_000, limits=LimitsSpec(requests_per_s=100))
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    begun_s = time.monotonic()
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    eventually(lambda: asked(house) > 300, every_s=0.005)
    assert asked(house) / (time.monotonic() - begun_s) < 130
    assert holders(job) >= 2
    lift(job)
    eventually(lambda: rate_of(house, 50) > 150)
    house.ends(job)


def test_concurrency_holds_in_each_worker_until_it_is_lifted(house):
    house.storage.delay_s = 0.05
    house.start(**MANY)
    job = house.begin(600, limits=LimitsSpec(in_flight=1))
    eventually(lambda: asked(house) > 20)
    assert rate_of(house, 60) < 2 * 1 / 0.05 * 1.1
    lift(job)
    eventually(lambda: rate_of(house, 50) > 2 * 2 * 1 / 0.05 or see(job).is_terminal)
    house.ends(job)


def test_storage_that_throttles_is_asked_less_and_no_task_fails_of_it(house, redis):
    house.storage.throttled = 0.2
    house.start(**MANY)
    job = house.begin(800)
    key = key_of_source(house.place)
    eventually(lambda: (throttled_rate([key], redis) or START_PER_S) < 0.9 * START_PER_S)
    house.storage.throttled = 0.0
    house.ends(job)
    assert set(job.failure_causes.values_list("code", flat=True)) <= {"NoSuchKey"}


def test_rate_that_is_known_outlives_the_workers_that_found_it(house, redis):
    house.start(**MANY)
    first = house.begin(300)
    house.ends(first)
    key = key_of_source(house.place)
    assert redis.hgetall(key).keys() == {b"known"}
