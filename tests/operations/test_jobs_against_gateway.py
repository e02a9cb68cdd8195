"""Whole jobs over 600 awkward keys of a real gateway, with a kill -9 of a worker in the middle and, where
BATCHCONSOLE_TEST_GATEWAY_STOP and _START have shell commands for it, a stop of the gateway as well:
each row of the report is compared with what the gateway then says of the object.
"""

import contextlib
import os
import random
import warnings
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest
from django.utils import timezone

from jobs.choices import JobStatus, ReportScope
from jobs.errors import JobStatusError
from jobs.lifecycle import commands, freezing
from jobs.lifecycle.creation import create_job
from jobs.lifecycle.limits import change_ceilings
from jobs.s3.clients import make_client
from jobs.spec.job import LimitsSpec
from tests import fault_counts
from tests.allowed import allowed
from tests.engine.houses import Parts, see, state_of
from tests.engine.places import TAGS
from tests.faults import Tally
from tests.operations import gateway_jobs
from tests.operations.gateway_jobs import Objects, compared, kill_worker_of, on_all, order
from tests.operations.places import GATEWAY, GATEWAY_KEYS, GATEWAY_URL, Place
from tests.servers import eventually

if not GATEWAY_URL:
    pytest.skip(
        "Gateway: BATCHCONSOLE_TEST_GATEWAY_URL is not set (for make soak)", allow_module_level=True
    )

pytestmark = [pytest.mark.house, pytest.mark.timeout(1200)]

STOP = os.environ.get("BATCHCONSOLE_TEST_GATEWAY_STOP", "")
START = os.environ.get("BATCHCONSOLE_TEST_GATEWAY_START", "")
OBJECTS = int(os.environ.get("BATCHCONSOLE_TEST_GATEWAY_OBJECTS", "600"))
SEED = int(os.environ.get("BATCHCONSOLE_TEST_GATEWAY_SEED", "1"))
CHUNK_ROWS = 50
CALLS_PER_S, BATCHES_PER_S = 400, 3
"""Slow enough for something to happen in the middle of a job, and fast enough for calls to meet a
gateway that is about to stop.
"""

STOPPED = pytest.param(
    True,
    id="and the gateway stops",
    marks=pytest.mark.skipif(
        not (STOP and START), reason="Gateway: nothing says how to stop and start it"
    ),
)


@pytest.fixture
def gateway():
    place = Place(GATEWAY, make_client(GATEWAY, GATEWAY_KEYS, max_connections=32))
    yield place
    gateway_jobs.empty(place)


@pytest.fixture
def place(transactional_db, gateway):
    return gateway_jobs.place_of_jobs(gateway)


@pytest.fixture
def objects(gateway, place):
    objects = Objects(gateway.client, place.source)
    objects.fill(OBJECTS, gateway_jobs.awkward_keys(random.Random(SEED)))
    return objects


@pytest.fixture
def parts(redis, process_environment, tmp_path):
    parts = Parts(folder=tmp_path, environment=process_environment)
    parts.start(BATCHCONSOLE_CHUNK_ROWS=str(CHUNK_ROWS), BATCHCONSOLE_IN_FLIGHT="32")
    yield parts
    parts.end()


@dataclass
class Trial:
    """A job over all objects to which something happens, and whether its report is true."""

    place: Any
    objects: Objects
    parts: Parts
    tally: Tally = field(default_factory=Tally)

    def run(self, operation, parameters, *, requests_per_s, stops):
        job = self.place.make_job(
            self.place.list_of(self.objects.contents),
            operation=operation,
            parameters=parameters,
            limits=LimitsSpec(requests_per_s=requests_per_s),
        )
        return self.to_its_end(job, stops=stops)

    def to_its_end(self, job, *, stops):
        eventually(lambda: see(job).status == JobStatus.SUSPENDED)
        commands.confirm(job.pk, by=allowed(), now=timezone.now())
        with contextlib.suppress(AssertionError):  # on some gateway nothing gets done for long
            eventually(lambda: see(job).tasks_done > OBJECTS // 10, within_s=20)
        if eventually(lambda: kill_worker_of(self.parts, job) or see(job).is_terminal) is not True:
            self.tally.faults += 1
        if stops and not see(job).is_terminal:
            order(STOP)
            order(START)
            self.tally.faults += 1
        at_full_speed(job)
        try:
            eventually(lambda: see(job).is_terminal, within_s=600)
        except AssertionError as late:
            raise AssertionError(state_of(job)) from late
        assert see(job).status == JobStatus.COMPLETE, see(job).failure_reason
        return see(job)

    def judge(self, job, is_done):
        """`is_done` asks the gateway about a key."""
        verdict = compared(self.place.report_rows(job), on_all(self.objects.contents, is_done))
        self.tally.add(verdict.tally)
        if verdict.failures:  # which may be true, and still more than there should be
            failed = ", ".join(
                f"{count}x {what}" for what, count in verdict.failures.most_common(5)
            )
            warnings.warn(f"{job.operation}: failed tasks: {failed}", stacklevel=1)
        assert verdict.tally.sound, str(verdict)


def at_full_speed(job):
    """Nothing else is to happen to it; one that ended meanwhile needs none."""
    with contextlib.suppress(JobStatusError):
        change_ceilings(
            job.pk, requests_per_s=None, in_flight=None, by=allowed(), now=timezone.now()
        )


@pytest.fixture
def trial(place, objects, parts, record_property):
    trial = Trial(place, objects, parts)
    yield trial
    fault_counts.note(trial.tally, record_property)


@pytest.mark.parametrize("stops", [False, STOPPED])
def test_copies_are_what_their_report_says(trial, gateway, objects, stops):
    archive = gateway.make_bucket()
    copying = {"TargetResource": f"arn:aws:s3:::{archive}"}
    job = trial.run("S3PutObjectCopy", copying, requests_per_s=CALLS_PER_S, stops=stops)
    trial.judge(job, lambda key: objects.has(archive, key, objects.contents[key]))


@pytest.mark.parametrize("stops", [False, STOPPED])
def test_tags_are_what_their_report_says(trial, objects, stops):
    job = trial.run("S3PutObjectTagging", TAGS, requests_per_s=CALLS_PER_S, stops=stops)
    trial.judge(job, lambda key: objects.tags(key) == TAGS["TagSet"])


def test_list_of_a_dry_run_is_run_for_real_and_what_changed_since_is_left_alone(
    trial, gateway, objects
):
    """With a kill in the middle of the job: the objects are tagged or not as its report says."""
    place = trial.place
    dry_run = place.make_job(
        place.list_of(objects.contents), dry_run=True, confirmation_required=False
    )
    eventually(lambda: see(dry_run).status == JobStatus.COMPLETE, within_s=300)
    changed = list(objects.contents)[::50]
    for key in changed:
        gateway.client.put_object(Bucket=objects.bucket, Key=key, Body=b"written since")
    job = trial.to_its_end(
        create_job(
            freezing.spec_of(see(dry_run), ReportScope.ALL_TASKS), by=allowed(), now=timezone.now()
        ),
        stops=False,
    )
    trial.judge(job, lambda key: objects.tags(key) == TAGS["TagSet"])
    told = {unquote(row[1]): row[5] for row in place.report_rows(job)}
    assert {key for key, code in told.items() if code == "ObjectChanged"} == set(changed)


@pytest.mark.parametrize("stops", [False, STOPPED])
def test_objects_are_as_gone_as_their_report_says(trial, objects, stops):
    bucket = objects.bucket
    job = trial.run("S3DeleteObject", {}, requests_per_s=BATCHES_PER_S, stops=stops)
    trial.judge(job, lambda key: not objects.facts(bucket, key))
