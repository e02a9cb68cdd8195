"""What a worker keeps of a job between its chunks."""

import threading

import pytest
from django.utils import timezone

from jobs.engine.rates.pacing import Pacing
from jobs.engine.running_job import RunningJob
from jobs.manifests.frozen_list import Rows
from jobs.models import Job
from tests.make import make_job

pytestmark = pytest.mark.usefixtures("transactional_db", "redis")
NONE = Rows.of([])


def test_waiver_of_checks_reaches_a_worker_that_has_the_job_in_hand():
    job = make_job("Active")
    pacing = Pacing()
    running = RunningJob(job, pacing, timezone.now)

    def trust():
        return running.work(NONE, threading.Event()).trust

    before = trust()
    assert not before.waived
    running.heed(job)
    assert trust() is before
    Job.objects.update(checks_waived=True)
    job.refresh_from_db()
    running.heed(job)
    waived = trust()
    assert waived.waived
    running.heed(job)
    assert trust() is waived
    pacing.close()
