"""The first tasks of a job go first, and what they find decides about the others."""

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from jobs.choices import ChunkState, JobStatus, PauseCause
from jobs.engine import choosing
from jobs.engine.threshold import Canary
from jobs.lifecycle import commands, pauses
from jobs.models import Chunk
from jobs.spec.job import LimitsSpec
from tests.allowed import allowed
from tests.engine.test_pausing import GONE, record, see, status_of, take, way_of
from tests.make import make_chunk, make_job
from tests.servers import eventually

DATABASE = pytest.mark.usefixtures("transactional_db", "redis")


def with_canary(tasks, *, chunks=4, rows=10, **fields):
    """An Active job, cut as preparing does it."""
    job = make_job(
        JobStatus.PREPARING, total=chunks * rows, succeeded=0, canary_tasks=tasks, **fields
    )
    for n in range(chunks):
        make_chunk(job, position=n * rows, rows=rows)
    commands.end_preparing(job, total_tasks=chunks * rows, now=timezone.now())
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    commands.move(job.pk, JobStatus.ACTIVE, now=timezone.now())
    return job


def take_all(job):
    claims = []
    while claim := take(job):
        claims.append(claim)
    return claims


def rows_of(claims):
    return [row for claim in claims for row in range(claim.position, claim.position + claim.rows)]


@DATABASE
@pytest.mark.parametrize("tasks", [1, 7, 10, 13, 20, 40, 1000])
def test_exactly_the_first_tasks_run_before_the_canary_is_judged_then_all_others(tasks):
    job = with_canary(tasks)
    canary = take_all(job)
    assert rows_of(canary) == list(range(min(tasks, 40)))
    assert choosing.choose(now=timezone.now()) == []
    for claim in canary:
        record(claim)
    others = take_all(job)
    assert rows_of(others) == list(range(min(tasks, 40), 40))
    for claim in others:
        record(claim)
    assert (status_of(job), see(job).tasks_done) == (JobStatus.COMPLETING, 40)


@DATABASE
def test_rows_cut_off_for_the_canary_lie_where_they_lay_before():
    with_canary(13)
    found = Chunk.objects.order_by("position").values_list("position", "rows", "skip", "offset")
    cut = [(10, 3, 0, 10), (13, 7, 3, 10)]
    assert list(found) == [(0, 10, 0, 0), *cut, (20, 10, 0, 20), (30, 10, 0, 30)]
    assert Chunk.objects.values("segment", "length").distinct().count() == 1


@DATABASE
def test_canary_that_fails_pauses_the_job_and_says_what_it_found():
    job = with_canary(10, canary_percent=10)
    record(take(job), GONE)
    paused = see(job)
    assert (paused.status, paused.paused_cause) == (JobStatus.PAUSED, PauseCause.CANARY)
    sentence = "10 of the first 10 tasks failed, more than 10%."
    assert job.status_changes.get(to_status=JobStatus.PAUSING).reason == sentence
    assert paused.failure_samples.count() == 5
    commands.take_turns(job.region_id, now=timezone.now())
    assert (
        status_of(job) == JobStatus.PAUSED
    )  # it asks, and goes on by nobody's doing but a person's
    assert take(job) is None


@DATABASE
def test_job_goes_on_in_spite_of_its_canary_when_a_person_says_so_and_is_not_asked_again():
    job = with_canary(10)
    record(take(job), GONE)
    pauses.resume(job.pk, by=allowed(), now=timezone.now())
    resumed = see(job)
    assert (resumed.status, resumed.canary_settled) == (JobStatus.ACTIVE, True)
    for claim in take_all(job):
        record(claim, GONE)
    assert (status_of(job), see(job).tasks_failed) == (JobStatus.COMPLETING, 40)
    assert way_of(job).count(JobStatus.PAUSING) == 1


@DATABASE
def test_job_paused_by_its_canary_can_be_cancelled():
    job = with_canary(10)
    record(take(job), GONE)
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    assert status_of(job) == JobStatus.CANCELLING


@DATABASE
def test_job_that_the_canary_ran_whole_completes_whatever_failed():
    job = with_canary(100, chunks=1)
    record(take(job), GONE)
    assert status_of(job) == JobStatus.COMPLETING


@DATABASE
def test_canary_asks_as_soon_as_its_verdict_is_certain():
    job = with_canary(20, canary_percent=10)
    first, second = take_all(job)
    record(first, GONE)
    assert (status_of(job), see(job).tasks_done) == (JobStatus.PAUSING, 10)
    record(second)
    assert status_of(job) == JobStatus.PAUSED


@DATABASE
def test_threshold_ends_a_job_that_its_canary_would_only_pause():
    job = with_canary(10, failure_floor=10)
    record(take(job), GONE)
    assert status_of(job) == JobStatus.FAILING


@DATABASE
def test_person_who_paused_a_job_resumes_it_with_its_canary_still_out():
    job = with_canary(10)
    pauses.pause(job.pk, by=allowed(), now=timezone.now())
    pauses.resume(job.pk, by=allowed(), now=timezone.now())
    resumed = see(job)
    assert (resumed.status, resumed.canary_settled) == (JobStatus.ACTIVE, False)
    assert rows_of(take_all(job)) == list(range(10))


@DATABASE
def test_canary_that_fails_while_a_person_pauses_the_job_asks_all_the_same():
    job = with_canary(10)
    claim = take(job)
    pauses.pause(job.pk, by=allowed(), now=timezone.now())
    record(claim, GONE)
    assert see(job).paused_cause == PauseCause.CANARY
    assert job.events.filter(kind="held").exists()


@given(st.integers(1, 200), st.integers(0, 100), st.data())
def test_canary_pauses_exactly_when_more_than_its_share_failed(tasks, percent, data):
    failed = data.draw(st.integers(0, tasks))
    canary = Canary(tasks, percent, tasks - failed, failed)
    assert canary.is_through
    assert canary.found_too_many == (failed / tasks > percent / 100 + 1e-12)


def test_canary_of_a_real_job_runs_its_25_tasks_asks_and_reports_every_row_once(house):
    house.start()
    keys = [f"gone/{n}" for n in range(30)] + [f"there/{n}" for n in range(170)]
    job = house.place.make_job(house.place.list_of(keys), limits=LimitsSpec(canary_tasks=25))
    house.keys[job.pk] = keys
    eventually(lambda: status_of(job) == JobStatus.SUSPENDED)
    commands.confirm(job.pk, by=allowed(), now=timezone.now())
    eventually(lambda: status_of(job) == JobStatus.PAUSED)
    assert (see(job).tasks_done, see(job).paused_cause) == (25, PauseCause.CANARY)
    assert sum(house.storage.asked.values()) == 25
    pauses.resume(job.pk, by=allowed(), now=timezone.now())
    house.ends(job)
    assert (see(job).tasks_failed, see(job).tasks_succeeded) == (30, 170)
    assert not Chunk.objects.filter(job=job).exclude(state=ChunkState.DONE).exists()
