"""A Region over the real S3 server of the tests, and jobs that run there."""

import threading

import pytest
from django.utils import timezone

from jobs import background, conf
from jobs.engine import finisher, runner
from jobs.engine.preparing import planner
from jobs.lifecycle import commands
from jobs.models import Job
from jobs.workstore.store import FolderStore
from tests import fault_counts
from tests.allowed import allowed
from tests.bent_storage import Bent, bent
from tests.engine import houses, uploads
from tests.engine.places import new_place


@pytest.fixture
def place(transactional_db, s3, s3_server, make_bucket):
    return new_place(s3, s3_server, make_bucket)


@pytest.fixture
def house(redis, process_environment, tmp_path, record_property):
    """An installation that is not started yet; what it counts is printed at the end of the run."""
    with houses.built(tmp_path, process_environment) as house:
        yield house
        fault_counts.note(house.tally, record_property)


@pytest.fixture(name="uploads")
def storage_with_uploads(transactional_db, redis, settings, monkeypatch):
    with uploads.running(settings, monkeypatch) as storage:
        yield storage


class Steps:
    """The background calls, made by hand in this process."""

    def __init__(self):
        self.stop = threading.Event()
        self.work = FolderStore(conf.work_dir())

    def prepare(self, job):
        planner.prepare_job(job.pk, work=self.work, clock=timezone.now, stop=self.stop)
        return self.see(job)

    def confirm(self, job):
        return commands.confirm(job.pk, by=allowed(), now=timezone.now())

    def run(self):
        return runner.run_chunks(work=self.work, clock=timezone.now, stop=self.stop)

    def finish(self, job):
        finisher.finish_job(job.pk, work=self.work, clock=timezone.now, stop=self.stop)
        return self.see(job)

    def sweep(self):
        background.sweep()

    def all_the_way(self, job):
        self.prepare(job)
        self.confirm(job)
        self.run()
        return self.finish(job)

    def see(self, job):
        return Job.objects.get(pk=job.pk)


@pytest.fixture
def steps(place, redis):
    return Steps()


@pytest.fixture
def between(place, s3_server):
    bend = Bent()
    with bent(s3_server, bend) as url:
        place.region.endpoint_url = url
        place.region.save()
        yield bend
