"""A job with an object that is copied in parts, whose worker is killed in the middle of it."""

import pytest
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.lifecycle import commands
from tests.allowed import allowed
from tests.engine import houses
from tests.engine.houses import see
from tests.engine.large_storage import LargeStorage
from tests.faults import kill
from tests.servers import eventually

PART_BYTES = 128 * 1024**2
PARTS = 80
IN_FLIGHT = 8
PARTS_AT_ONCE = 6
"""A quarter of the places is left to other rows."""
KEYS = 30
LARGE = KEYS - 1
"""Its row in the list: the last, so that its parts, which are held, keep no other from being begun."""


@pytest.fixture
def large_house(redis, process_environment, tmp_path):
    with houses.built(tmp_path, process_environment, LargeStorage) as house:
        yield house


def begun(house):
    """A job whose large object is in the middle, all else done."""
    house.start(BATCHCONSOLE_RECORD_EVERY_S="0.1", BATCHCONSOLE_IN_FLIGHT=str(IN_FLIGHT))
    storage, source = house.storage, house.place.source
    storage.holds_from = PARTS // 2
    parameters = {"TargetResource": f"arn:aws:s3:::{source}", "TargetKeyPrefix": "copies"}
    job = house.make(KEYS, operation="S3PutObjectCopy", parameters=parameters)
    storage.large[source, house.keys[job.pk][LARGE]] = PARTS * PART_BYTES - 1
    eventually(lambda: see(job).status == JobStatus.SUSPENDED)
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    eventually(
        lambda: len(storage.held) >= PARTS_AT_ONCE and see(job).tasks_done == KEYS - 1, within_s=150
    )
    return job


@pytest.mark.timeout(400)
def test_killed_worker_repeats_no_part_but_those_in_flight(large_house):
    storage = large_house.storage
    job = begun(large_house)
    kill(*large_house.family.horses("run"))
    large_house.fault()
    storage.holds_from = 0
    found = large_house.ends(job)
    assert (found.lost, found.doubled, found.repeated) == (0, 0, 0)
    assert sorted(storage.parts) == list(range(1, PARTS + 1))
    repeated = {number for number, times in storage.parts.items() if times > 1}
    assert repeated <= storage.held and len(repeated) <= IN_FLIGHT
    assert not any(number % 2 == 0 for number in repeated), "the storage had copied these"
    assert (storage.begun, storage.aborted, storage.copied) == (1, 0, {})


@pytest.mark.timeout(400)
def test_job_that_is_cancelled_in_the_middle_leaves_no_upload(large_house):
    storage = large_house.storage
    job = begun(large_house)
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    eventually(lambda: see(job).is_terminal, within_s=120)
    assert see(job).status == JobStatus.CANCELLED
    assert (see(job).tasks_done, storage.begun, storage.copied) == (KEYS - 1, 1, {})
    assert storage.aborted >= 1
