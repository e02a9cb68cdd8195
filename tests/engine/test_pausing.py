"""Jobs pause and go on: for a job of higher priority, by a person, with chunks in hand or not."""

import itertools
import random
from dataclasses import replace

import pytest
from django.utils import timezone

from jobs.choices import ChunkState, JobStatus, PauseCause
from jobs.engine import choosing, claims, job_status, recording
from jobs.engine.recording import TaskResult
from jobs.engine.sweep import sweep
from jobs.lifecycle import commands, pauses, precedence, priorities, waits
from jobs.manifests.rows import Row
from jobs.models import Chunk, Job, Region, RoleCredentials, StatusChange
from jobs.operations.base import Outcome
from tests.allowed import allowed
from tests.engine.test_races import in_threads
from tests.make import make_chunk, make_job, make_region
from tests.servers import eventually

DONE = Outcome(True, 200, "", "Successful")
GONE = Outcome(False, 404, "NoSuchKey", "The specified key does not exist.")


def with_chunks(status, *, chunks=10, rows=10, **fields):
    job = make_job(status, total=chunks * rows, succeeded=0, **fields)
    for n in range(chunks):
        make_chunk(job, position=n * rows, rows=rows)
    return job


def see(job):
    return Job.objects.get(pk=job.pk)


def status_of(job):
    return see(job).status


def confirm(job):
    commands.confirm(job.pk, by=allowed(), now=timezone.now())


def take(job, owner="ann"):
    return claims.claim_chunk(job.pk, owner=owner, lease_s=60)


def record(claim, outcome=DONE):
    results = [TaskResult(n, Row("photos", "k", "k", None), outcome) for n in range(claim.rows)]
    recording.record(claim, results, result_name="r", now=timezone.now())
    job_status.close_if_ended(claim.job_id, now=timezone.now())


def give_back(claim):
    claims.release([claim])
    job_status.close_if_ended(claim.job_id, now=timezone.now())


def way_of(job):
    return list(StatusChange.objects.filter(job=job).values_list("to_status", flat=True))


pytestmark = [pytest.mark.usefixtures("transactional_db", "redis"), pytest.mark.timeout(240)]


# For a job of higher priority


def test_job_stands_back_when_one_of_higher_priority_is_confirmed_and_says_for_whom():
    low = with_chunks(JobStatus.ACTIVE, priority=1)
    high = with_chunks(JobStatus.SUSPENDED, priority=2)
    confirm(high)
    paused = see(low)
    assert (paused.status, paused.paused_cause) == (JobStatus.PAUSED, PauseCause.PRIORITY)
    pausing = low.status_changes.get(to_status=JobStatus.PAUSING)
    assert pausing.reason == f"Job {high.short_id} with priority 2 runs first."


def test_job_with_a_chunk_in_hand_is_pausing_until_that_is_given_back():
    low = with_chunks(JobStatus.ACTIVE, priority=1)
    claim = take(low)
    confirm(with_chunks(JobStatus.SUSPENDED, priority=2))
    assert status_of(low) == JobStatus.PAUSING
    assert take(low) is None
    give_back(claim)
    assert status_of(low) == JobStatus.PAUSED


def test_jobs_of_equal_priority_or_of_another_region_do_not_stand_back():
    equal = with_chunks(JobStatus.ACTIVE, priority=2)
    elsewhere = with_chunks(JobStatus.ACTIVE, priority=1, region=make_region())
    confirm(with_chunks(JobStatus.SUSPENDED, priority=2))
    assert [status_of(equal), status_of(elsewhere)] == [JobStatus.ACTIVE] * 2


@pytest.mark.parametrize("end", ["complete", "cancel", "fail", "pause"])
def test_job_goes_on_by_itself_when_the_one_of_higher_priority_ends_or_is_paused(end):
    low = with_chunks(JobStatus.ACTIVE, priority=1)
    high = with_chunks(JobStatus.SUSPENDED, chunks=1, priority=2)
    confirm(high)
    commands.move(high.pk, JobStatus.ACTIVE, now=timezone.now())
    assert status_of(low) == JobStatus.PAUSED
    if end == "complete":
        record(take(high))
    elif end == "cancel":
        commands.cancel(high.pk, by=allowed(), now=timezone.now())
    elif end == "fail":
        commands.fail(high.pk, "X", "x", now=timezone.now())
    else:
        pauses.pause(high.pk, by=allowed(), now=timezone.now())
    assert status_of(low) == JobStatus.ACTIVE
    assert see(low).paused_cause == ""


def test_job_goes_on_when_all_chunks_of_the_other_are_taken_and_a_worker_has_nothing_to_do():
    low = with_chunks(JobStatus.ACTIVE, priority=1)
    high = with_chunks(JobStatus.SUSPENDED, chunks=2, priority=2)
    confirm(high)
    commands.move(high.pk, JobStatus.ACTIVE, now=timezone.now())
    take(high, "ann")
    assert choosing.choose(now=timezone.now()) == [high]
    take(high, "bob")
    assert choosing.choose(now=timezone.now()) == [low]
    assert status_of(low) == JobStatus.ACTIVE


def test_job_goes_on_while_the_other_waits_for_its_storage_and_stands_back_when_it_answers():
    low = with_chunks(JobStatus.ACTIVE, priority=1)
    high = with_chunks(JobStatus.ACTIVE, priority=2)
    commands.take_turns(low.region_id, now=timezone.now())
    assert status_of(low) == JobStatus.PAUSED
    say = {"until_s": 4e9, "now": timezone.now(), "only_in": {JobStatus.ACTIVE}}
    waits.wait_for(high.pk, "No answer.", **say)
    assert choosing.choose(now=timezone.now()) == [low]
    waits.stop_waiting(high.pk, now=timezone.now())
    assert status_of(low) == JobStatus.PAUSED


def test_last_chunks_that_are_split_again_and_again_send_no_other_job_away():
    low = with_chunks(JobStatus.ACTIVE, priority=1)
    high = with_chunks(JobStatus.ACTIVE, chunks=1, rows=50, priority=2)
    for _ in range(10):
        claim = take(high)
        commands.take_turns(low.region_id, now=timezone.now())
        one = TaskResult(0, Row("photos", "k", "k", None), DONE)
        recording.record(claim, [one], result_name="r", now=timezone.now())
    take(high)
    commands.take_turns(low.region_id, now=timezone.now())
    assert JobStatus.PAUSING not in way_of(low)


def test_changed_priorities_let_two_jobs_change_places():
    first = with_chunks(JobStatus.ACTIVE, priority=2)
    second = with_chunks(JobStatus.ACTIVE, priority=1)
    commands.take_turns(first.region_id, now=timezone.now())
    assert [status_of(first), status_of(second)] == [JobStatus.ACTIVE, JobStatus.PAUSED]
    priorities.reprioritise(second.pk, 3, by=allowed(), now=timezone.now())
    assert [status_of(first), status_of(second)] == [JobStatus.PAUSED, JobStatus.ACTIVE]


def test_of_three_priorities_only_the_highest_runs_and_each_goes_on_in_its_turn():
    jobs = [with_chunks(JobStatus.ACTIVE, chunks=1, priority=n) for n in (3, 2, 1)]
    commands.take_turns(jobs[0].region_id, now=timezone.now())
    for number, job in enumerate(jobs):
        expected = [JobStatus.COMPLETING] * number + [JobStatus.ACTIVE]
        expected += [JobStatus.PAUSED] * (2 - number)
        assert [status_of(each) for each in jobs] == expected
        record(take(job))


def test_sweep_notices_a_turn_that_nobody_else_noticed():
    low = with_chunks(JobStatus.ACTIVE, priority=1)
    with_chunks(JobStatus.READY, priority=2)
    sweep(now=timezone.now())
    assert status_of(low) == JobStatus.PAUSED


@pytest.mark.parametrize("seed", range(20))
def test_sweep_looks_at_every_region_in_which_a_job_has_to_stand_back_or_may_go_on(seed):
    drawn = random.Random(seed)
    regions = [make_region(f"region-{number}") for number in range(3)]
    for number in range(6):
        with_chunks(
            drawn.choice((JobStatus.READY, JobStatus.ACTIVE, JobStatus.PAUSING, JobStatus.PAUSED)),
            chunks=drawn.choice((0, 1, 6)),
            region=regions[number % 3],
            priority=drawn.choice((1, 2)),
            paused_cause=drawn.choice(("", *PauseCause.values)),
            waiting_for=drawn.choice(("", "", "the storage")),
        )
    turns = {one: precedence.turns_in(one) for one in Job.objects.values_list("region", flat=True)}
    wanted = {one for one, turn in turns.items() if turn.stand_back or turn.go_on}
    assert wanted <= set(precedence.contested())


def test_pausing_job_whose_worker_died_is_paused_by_the_sweep_when_the_lease_has_ended():
    low = with_chunks(JobStatus.ACTIVE, priority=1)
    take(low)
    pauses.pause(low.pk, by=allowed(), now=timezone.now())
    sweep(now=timezone.now())
    assert status_of(low) == JobStatus.PAUSING
    Chunk.objects.filter(state=ChunkState.RUNNING).update(lease_expires_s=1)
    sweep(now=timezone.now())
    assert status_of(low) == JobStatus.PAUSED


def test_pausing_job_whose_last_tasks_are_done_completes():
    job = with_chunks(JobStatus.ACTIVE, chunks=1)
    claim = take(job)
    pauses.pause(job.pk, by=allowed(), now=timezone.now())
    record(claim)
    assert way_of(job)[-2:] == [JobStatus.PAUSING, JobStatus.COMPLETING]


def test_many_who_change_priorities_at_once_end_with_the_highest_job_running_alone(caplog):
    jobs = [with_chunks(JobStatus.ACTIVE, priority=1) for _ in range(3)]
    turns = itertools.count(2)

    def shuffle():
        for _ in range(6):
            number = next(turns)
            priorities.reprioritise(jobs[number % 3].pk, number, by=allowed(), now=timezone.now())

    in_threads(4, shuffle)
    sweep(now=timezone.now())
    best = max(jobs, key=lambda job: see(job).priority)
    assert [job for job in jobs if status_of(job) == JobStatus.ACTIVE] == [best]
    assert [status_of(job) for job in jobs].count(JobStatus.PAUSED) == 2
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


# With real workers

LONG = {"BATCHCONSOLE_CHUNK_ROWS": "400", "BATCHCONSOLE_RECORD_EVERY_S": "60"}
"""Chunks that take 20 s on a slow storage, and are given back early only when asked to."""


def whole_chunks(job):
    return Chunk.objects.filter(job=job, state=ChunkState.DONE, rows=400).count()


def slowly(house, count, name, **facts):
    """A confirmed job of many tasks of 0.2 s each."""
    house.storage.delay_s = 0.2
    return house.begin(count, manifest_key=f"{name}.csv", **facts)


def test_urgent_job_takes_over_workers_amid_their_chunks_and_both_lose_nothing(house):
    house.start(**LONG)
    low = slowly(house, 4_000, "low", priority=1)
    eventually(lambda: Chunk.objects.filter(job=low, state=ChunkState.RUNNING).count() >= 2)
    high = house.make(4_000, manifest_key="high.csv", priority=9)
    eventually(lambda: status_of(high) == JobStatus.SUSPENDED)
    confirm(high)
    eventually(lambda: status_of(high) == JobStatus.ACTIVE)
    eventually(lambda: status_of(low) == JobStatus.PAUSED)
    assert not whole_chunks(low)
    house.ends(high)
    house.ends(low)
    assert see(high).terminated_at < see(low).terminated_at
    assert way_of(low).count(JobStatus.PAUSING) == 1


def test_pause_by_a_person_stops_workers_amid_their_chunks_and_repeats_nothing(house):
    house.start(**LONG)
    job = slowly(house, 1000, "all")
    eventually(lambda: Chunk.objects.filter(job=job, state=ChunkState.RUNNING).exists())
    pauses.pause(job.pk, by=allowed(), now=timezone.now())
    eventually(lambda: status_of(job) == JobStatus.PAUSED)
    done = see(job).tasks_done
    assert not whole_chunks(job)
    assert not Chunk.objects.filter(job=job, state=ChunkState.RUNNING).exists()
    sweep(now=timezone.now())
    assert (status_of(job), see(job).tasks_done) == (JobStatus.PAUSED, done)
    pauses.resume(job.pk, by=allowed(), now=timezone.now())
    found = house.ends(job)
    assert found.repeated == 0


def test_silent_region_that_has_all_workers_leaves_them_to_another(house):
    house.start(BATCHCONSOLE_STORAGE_PATIENCE_S="60")
    dead = house.begin(2000, manifest_key="dead.csv", priority=99)
    house.storage.silent.add(house.place.source)
    eventually(lambda: house.storage.unanswered > 0)
    there = Region.objects.create(
        name="There", slug="there", endpoint_url=house.storage.url, created_at=timezone.now()
    )
    RoleCredentials.objects.create(
        role=house.place.role, region=there, access_key_id="test", secret_access_key="test"
    )
    lively = replace(house.place, region=there, source="lively")
    job = lively.make_job(lively.list_of([f"{n}.jpg" for n in range(200)]), priority=1)
    eventually(lambda: status_of(job) == JobStatus.SUSPENDED)
    confirm(job)
    eventually(lambda: see(job).tasks_done == 200, within_s=50)
    assert not see(dead).is_terminal
    house.storage.silent.clear()
    house.storage.break_connections()
    house.ends(dead)


def test_job_that_a_person_pauses_when_its_last_task_is_recorded_already_completes(
    transactional_db, redis
):
    job = with_chunks(JobStatus.ACTIVE, chunks=1)
    claim = take(job)
    results = [TaskResult(n, Row("photos", "k", "k", None), DONE) for n in range(claim.rows)]
    recording.record(claim, results, result_name="r", now=timezone.now())
    commands.pause(job.pk, cause=PauseCause.PERSON, now=timezone.now())
    sweep(now=timezone.now())
    assert status_of(job) == JobStatus.COMPLETING
