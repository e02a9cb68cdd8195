"""Workers on machines that share a database, Redis and a bucket as work storage, and no disk."""

import pytest
from django.conf import settings

from tests.engine.houses import running_chunks, see
from tests.faults import Family, kill
from tests.servers import eventually

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def machines(house, redis, s3_server, bucket, tmp_path):
    """Starts one: machines(1) -> its folder. All parts but the pages run on each."""

    def start(number):
        folder = tmp_path / f"machine-{number}"
        house.start(
            DJANGO_SETTINGS_MODULE="tests.machine_settings",
            DATA_DIR=str(folder),
            REDIS_URL=f"unix://{settings.BATCHCONSOLE_REDIS_SOCKET}",
            ENCRYPTION_KEYS=",".join(settings.BATCHCONSOLE_ENCRYPTION_KEYS),
            WORKERS="1",
            WORK_STORE=f"s3://{bucket}/batch",
            WORK_STORE_ENDPOINT=s3_server,
            WORK_STORE_ACCESS_KEY_ID="test",
            WORK_STORE_SECRET_ACCESS_KEY="test",
        )
        return folder

    return start


def is_at_work(program, job):
    """Whether a process of the machine has taken a chunk that it still runs."""
    owners = running_chunks(job).values_list("owner", flat=True)
    pids = {process.pid for process in Family(program.process.pid).everyone()}
    return any(int(owner.rpartition(":")[2]) in pids for owner in owners)


def test_machines_that_share_no_disk_run_a_job_together_and_one_may_die(
    house, machines, s3, bucket
):
    folders = [machines(1), machines(2)]
    job = house.in_the_middle(600)
    assert s3.list_objects_v2(Bucket=bucket, Prefix=f"batch/{job.pk}/segments/")["KeyCount"] > 0
    eventually(lambda: all(is_at_work(machine, job) for machine in house.programs))
    kill(*Family(house.programs[0].process.pid).everyone())
    house.fault()
    house.ends(job)
    assert see(job).tasks_done == 600
    eventually(lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0)
    assert not any(folder.exists() for folder in folders)  # nothing was written to a disk


def test_machine_whose_work_storage_is_not_there_refuses_to_start_with_one_line(
    house, machines, s3, bucket, tmp_path
):
    s3.delete_bucket(Bucket=bucket)
    machines(1)
    (program,) = house.programs
    assert program.process.wait(60) == 2
    said = program.log.read_text().splitlines()
    assert len(said) == 1 and "Check WORK_STORE" in said[0] and bucket in said[0], said
    s3.create_bucket(Bucket=bucket)


def test_machine_with_another_key_refuses_to_start_with_one_line(house, machines, monkeypatch):
    monkeypatch.setattr(settings, "BATCHCONSOLE_ENCRYPTION_KEYS", [32 * "A" + 11 * "A" + "="])
    machines(1)
    (program,) = house.programs
    assert program.process.wait(60) == 2
    said = program.log.read_text().splitlines()
    assert len(said) == 1 and said[0].startswith("ENCRYPTION_KEYS cannot read"), said
