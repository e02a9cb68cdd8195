"""Real control workers, one storage that trickles or is silent, and another that is well."""

import contextlib
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.lifecycle import commands
from jobs.models import Job, Region
from tests import counting_storage, servers
from tests.allowed import allowed
from tests.engine.houses import see
from tests.engine.places import Place
from tests.faults import kill
from tests.servers import eventually

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def slow(house):
    """A Region of its own whose manifests trickle."""
    with counting_storage.running() as storage:
        region = Region.objects.create(
            name="Slow", slug="slow", endpoint_url=storage.url, created_at=timezone.now()
        )
        role = house.place.role
        role.credentials.create(region=region, access_key_id="test", secret_access_key="test")
        place = Place(servers.s3_client(storage.url), region, role, "slow-photos", "slow-reports")
        storage.trickling.add(place.source)
        with contextlib.ExitStack() as at_end:
            at_end.callback(storage.trickling.clear)
            yield Slow(place, storage)


class Slow:
    def __init__(self, place, storage):
        self.place, self.storage = place, storage

    def make(self):
        return self.place.make_job(self.place.list_of(f"{number:04d}" for number in range(400)))

    def holds(self, count):
        """Whether so many workers are at its jobs."""
        return self.storage.trickled >= count and held(self.place.region) >= count


def held(region):
    return sum(
        job.control_owner != "" and job.control_lease_expires_s > timezone.now().timestamp()
        for job in Job.objects.filter(region=region, status=JobStatus.PREPARING)
    )


def test_jobs_of_another_region_are_prepared_and_finished_while_manifests_of_one_trickle(
    house, slow
):
    jobs = [slow.make() for _ in range(3)]
    house.start(BATCHCONSOLE_CONTROL_WORKERS="2", BATCHCONSOLE_TIME_BOX_S="60")
    eventually(lambda: slow.holds(2))
    house.ends(house.begin(40))
    assert all(not see(job).is_terminal and see(job).total_tasks is None for job in jobs)


def test_lone_control_worker_turns_to_another_region_when_its_time_is_over(house, slow):
    slow.make()
    house.start(BATCHCONSOLE_CONTROL_WORKERS="1", BATCHCONSOLE_TIME_BOX_S="60")
    eventually(lambda: slow.holds(1))
    house.ends(house.begin(40))


def test_sweep_runs_while_all_control_workers_are_held(house, slow):
    slow.make(), slow.make()
    house.start(BATCHCONSOLE_CONTROL_WORKERS="2", BATCHCONSOLE_TIME_BOX_S="60")
    eventually(lambda: slow.holds(2))
    old = house.make(10)
    eventually(lambda: see(old).status == JobStatus.SUSPENDED)
    Job.objects.filter(pk=old.pk).update(suspended_at=timezone.now() - timedelta(days=31))
    eventually(lambda: see(old).failure_code == "SuspendedTooLong")


def test_cancelled_job_whose_manifest_trickles_sets_its_worker_free(house, slow):
    job = slow.make()
    house.start(BATCHCONSOLE_CONTROL_WORKERS="1", BATCHCONSOLE_TIME_BOX_S="600")
    eventually(lambda: slow.holds(1))
    [horse] = house.family.horses("control")
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    assert see(job).status == JobStatus.CANCELLED
    eventually(lambda: not horse.is_running() or see(job).work_stored == 0)
    house.ends(house.begin(20))


def test_killed_control_workers_of_a_slow_region_are_replaced_and_its_job_is_prepared(house, slow):
    job = slow.make()
    house.start(BATCHCONSOLE_CONTROL_WORKERS="1", BATCHCONSOLE_TIME_BOX_S="600")
    eventually(lambda: slow.holds(1))
    kill(*house.family.workers("control"), *house.family.horses("control"))
    slow.storage.trickling.clear()
    house.fault()
    eventually(lambda: see(job).status == JobStatus.SUSPENDED, within_s=120)
    assert see(job).total_tasks == 400
