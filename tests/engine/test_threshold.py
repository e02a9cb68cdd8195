"""Too many failed tasks fail a job, by AWS's rule or by the job's own numbers.

See docs/batch-operations.md, Failure threshold.
"""

import pytest
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.engine import job_status, recording
from jobs.engine.recording import TaskResult
from jobs.engine.threshold import exceeded
from jobs.lifecycle import pauses
from jobs.manifests.rows import Row
from tests.allowed import allowed
from tests.engine.test_pausing import DONE, GONE, see, status_of, take
from tests.make import make_chunk, make_job

DATABASE = pytest.mark.usefixtures("transactional_db", "redis")
ROW = Row("photos", "k", "k", None)


def run(job, *, failed, tasks):
    """The job's only chunk, of which the last `failed` tasks fail."""
    claim = take(job)
    outcomes = [DONE] * (tasks - failed) + [GONE] * failed
    results = [TaskResult(n, ROW, outcome) for n, outcome in enumerate(outcomes)]
    recording.record(claim, results, result_name="r", now=timezone.now())
    job_status.close_if_ended(job.pk, now=timezone.now())


def with_tasks(tasks, **fields):
    job = make_job(JobStatus.ACTIVE, total=tasks, succeeded=0, **fields)
    make_chunk(job, rows=tasks)
    return job


@DATABASE
@pytest.mark.parametrize(
    ("tasks", "failed", "numbers", "ends"),
    [
        (1000, 500, {}, JobStatus.COMPLETING),
        (1000, 501, {}, JobStatus.FAILING),
        (999, 999, {}, JobStatus.COMPLETING),
        (10, 3, {"failure_floor": 10, "failure_percent": 30}, JobStatus.COMPLETING),
        (10, 4, {"failure_floor": 10, "failure_percent": 30}, JobStatus.FAILING),
        (9, 9, {"failure_floor": 10, "failure_percent": 30}, JobStatus.COMPLETING),
        (10, 1, {"failure_floor": 1, "failure_percent": 0}, JobStatus.FAILING),
        (10, 10, {"failure_floor": 1, "failure_percent": 100}, JobStatus.COMPLETING),
    ],
)
def test_job_fails_when_more_than_its_share_failed_and_its_floor_is_reached(
    tasks, failed, numbers, ends
):
    job = with_tasks(tasks, **numbers)
    run(job, failed=failed, tasks=tasks)
    assert status_of(job) == ends


@DATABASE
def test_failed_job_says_the_numbers_that_failed_it():
    job = with_tasks(20, failure_floor=10, failure_percent=25)
    run(job, failed=8, tasks=20)
    failed = see(job)
    assert failed.failure_code == "FailureThresholdExceeded"
    assert failed.failure_reason == "8 of 20 tasks failed, more than 25%."


@DATABASE
def test_job_that_is_pausing_fails_all_the_same_by_what_its_last_requests_bring():
    job = with_tasks(20, failure_floor=10)
    claim = take(job)
    pauses.pause(job.pk, by=allowed(), now=timezone.now())
    results = [TaskResult(n, ROW, GONE) for n in range(12)]
    recording.record(claim, results, result_name="r", now=timezone.now())
    assert status_of(job) == JobStatus.FAILING


@pytest.mark.parametrize(
    ("succeeded", "failed", "stops"),
    [
        (0, 10, False),
        (0, 999, False),
        (499, 500, False),
        (500, 500, False),
        (499, 501, True),
        (0, 1000, True),
        (1_000_000, 1_000_000, False),
        (1_000_000, 1_000_001, True),
    ],
)
def test_job_stops_only_above_half_and_from_1000_tasks(succeeded, failed, stops):
    assert exceeded(succeeded=succeeded, failed=failed, floor=1000, percent=50) is stops
