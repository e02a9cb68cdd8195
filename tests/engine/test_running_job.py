"""What a worker keeps of a job between its chunks."""

import threading

import pytest
from django.utils import timezone

from jobs.engine.rates.pacing import Pacing
from jobs.engine.running_job import RunningJob
from jobs.errors import StorageError
from jobs.manifests.frozen_list import Rows
from jobs.models import Job, RoleCredentials
from tests.make import make_job, make_region, make_role

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


def test_bucket_of_a_named_region_is_reached_with_the_keys_of_the_role_there():
    home = make_region("home", endpoint_url="http://127.0.0.1:1")
    away = make_region("away", endpoint_url="http://127.0.0.1:2")
    role = make_role(home)
    RoleCredentials.objects.create(
        role=role, region=away, access_key_id="other", secret_access_key="secret"
    )
    parameters = {"TargetResource": "arn:aws:s3:::photos", "TargetRegion": "away"}
    job = make_job(
        "Active", region=home, role=role, operation="S3PutObjectCopy", parameters=parameters
    )
    with Pacing() as pacing:
        work = RunningJob(job, pacing, timezone.now).work(
            Rows(["photos"], ["a"], ["a"], [None]), threading.Event()
        )
    here, there = work.places.bucket("photos"), work.places.bucket_in("away", "photos")
    assert (here.endpoint.url, here.credentials.access_key_id) == ("http://127.0.0.1:1", "test")
    assert (there.endpoint.url, there.credentials.access_key_id) == ("http://127.0.0.1:2", "other")
    assert here.speaker != there.speaker


def test_region_that_is_gone_since_the_job_was_made_is_said():
    parameters = {"TargetResource": "arn:aws:s3:::photos", "TargetRegion": "away"}
    job = make_job("Active", operation="S3PutObjectCopy", parameters=parameters)
    with Pacing() as pacing, pytest.raises(StorageError) as caught:
        RunningJob(job, pacing, timezone.now).work(NONE, threading.Event())
    assert caught.value.message == 'There is no Region "away" here.'
