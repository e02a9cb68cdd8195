"""Chunks that are claimed in the transaction that records others."""

import contextlib
import threading

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from jobs.choices import ChunkState, JobStatus
from jobs.engine import claims, recording
from jobs.engine.recording import Finished, Recorded, TaskResult, Wish
from jobs.lifecycle import commands
from jobs.manifests.rows import Row
from jobs.models import Chunk, Job
from jobs.operations.base import Outcome
from tests.allowed import allowed
from tests.make import make_chunk, make_job

pytestmark = pytest.mark.usefixtures("transactional_db", "redis")

GONE = Outcome(False, 404, "NoSuchKey", "The specified key does not exist.")
ROWS = 4


def with_chunks(number, *, status=JobStatus.ACTIVE, **fields):
    job = make_job(status, succeeded=0, total=number * ROWS, **fields)
    for n in range(number):
        make_chunk(job, position=n * ROWS, rows=ROWS)
    return job


def see(job):
    return Job.objects.get(pk=job.pk)


def take(job, limit=1):
    return claims.claim_chunks(job.pk, limit, owner="me", lease_s=10)


def wish(job, limit=1, *, if_alone=False):
    return Wish(job, limit, "me", 10, if_alone)


def record(claim, wished, *, failed=0):
    row = Row("photos", "k", "k", None)
    results = [TaskResult(n, row, GONE) for n in range(failed)]
    done = Finished(claim, range(claim.rows), results, f"{claim.chunk_id}")
    return recording.record_and_claim([done], wished, now=timezone.now())


def running(job):
    chunks = Chunk.objects.filter(job=job, state=ChunkState.RUNNING)
    return list(chunks.order_by("position").values_list("position", flat=True))


def test_next_chunks_of_a_job_are_claimed_with_the_record_of_the_last():
    job = with_chunks(4)
    [first] = take(job)
    recorded = record(first, wish(job, 2))
    assert (recorded.lost, recorded.alone) == ([], True)
    assert [(one.position, one.rows, one.fence) for one in recorded.claimed] == [
        (ROWS, ROWS, 1),
        (2 * ROWS, ROWS, 1),
    ]
    assert running(job) == [ROWS, 2 * ROWS]
    assert see(job).tasks_done == ROWS
    lease = Chunk.objects.get(pk=recorded.claimed[0].chunk_id)
    assert (lease.owner, lease.lease_expires_s > 0) == ("me", True)


def test_as_many_are_claimed_as_there_are_and_none_when_all_are_done():
    job = with_chunks(2)
    [first] = take(job)
    [second] = record(first, wish(job, 3)).claimed
    assert record(second, wish(job, 3)).claimed == []
    assert not claims.has_unfinished(job.pk)


@pytest.mark.parametrize("status", [JobStatus.PAUSING, JobStatus.CANCELLING, JobStatus.FAILING])
def test_nothing_is_claimed_of_a_job_that_was_ended_before_its_chunk_was_recorded(status):
    job = with_chunks(2)
    [first] = take(job)
    commands.move(job.pk, status, now=timezone.now())
    assert record(first, wish(job)).claimed == []
    assert (see(job).tasks_done, running(job)) == (ROWS, [])


def test_nothing_is_claimed_of_a_job_that_the_recorded_failures_end():
    job = with_chunks(2, failure_floor=1)
    [first] = take(job)
    assert record(first, wish(job), failed=3).claimed == []
    assert (see(job).status, running(job)) == (JobStatus.FAILING, [])


def test_nothing_is_claimed_of_a_job_that_its_canary_pauses():
    job = with_chunks(3, canary_tasks=ROWS)
    [first] = take(job, 3)
    assert record(first, wish(job, 2), failed=3).claimed == []
    assert (see(job).status, running(job)) == (JobStatus.PAUSED, [])


def test_what_lies_behind_a_canary_is_claimed_with_the_record_that_settles_it():
    job = with_chunks(4, canary_tasks=2 * ROWS)
    first, second = take(job, 4)
    assert record(first, wish(job, 2)).claimed == []
    assert [one.position for one in record(second, wish(job, 2)).claimed] == [2 * ROWS, 3 * ROWS]


def test_nothing_is_claimed_by_a_worker_that_lost_what_it_records():
    job = with_chunks(2)
    [first] = take(job)
    Chunk.objects.filter(pk=first.chunk_id).update(fence=9)
    assert record(first, wish(job)) == Recorded([first], None, False)
    assert running(job) == [0]


def test_nothing_is_claimed_of_another_job_than_those_recorded():
    job, other = with_chunks(1), with_chunks(1)
    [first] = take(job)
    assert record(first, wish(other)).claimed is None
    assert running(other) == []


@pytest.mark.parametrize("status", [JobStatus.READY, JobStatus.ACTIVE])
def test_job_beside_which_another_may_run_gets_chunks_only_if_its_turn_was_just_chosen(status):
    job, _ = with_chunks(3), make_job(status)
    [first] = take(job)
    recorded = record(first, wish(job, if_alone=True))
    assert (recorded.claimed, running(job)) == (None, [])
    [second] = take(job)
    recorded = record(second, wish(job))
    assert [one.position for one in recorded.claimed] == [2 * ROWS]
    assert not recorded.alone


@pytest.mark.parametrize("status", sorted(set(JobStatus) - {JobStatus.READY, JobStatus.ACTIVE}))
def test_jobs_that_may_not_run_leave_a_job_alone(status):
    job, _ = with_chunks(2), make_job(status)
    [first] = take(job)
    assert record(first, wish(job, if_alone=True)).alone
    assert running(job) == [ROWS]


def test_job_that_waits_for_its_storage_is_to_be_chosen_anew():
    job = with_chunks(2)
    [first] = take(job)
    Job.objects.update(waiting_for="No answer.", waiting_until_s=4e9)
    assert record(first, wish(job, if_alone=True)).claimed is None
    assert running(job) == []


@contextlib.contextmanager
def after_the_claim(happens):
    """`happens` once the statement that claims was executed, before its transaction ends."""

    def watch(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if "AS abandoned" in sql:
            happens()
        return answer

    with connection.execute_wrapper(watch):
        yield


def test_record_that_fails_after_its_claim_leaves_nothing_recorded_and_nothing_claimed():
    job = with_chunks(2)
    [first] = take(job)

    def fail():
        raise OperationalError("the server closed the connection unexpectedly")

    with after_the_claim(fail), pytest.raises(OperationalError):
        record(first, wish(job))
    assert (see(job).tasks_done, running(job)) == (0, [0])
    assert Chunk.objects.get(position=ROWS).fence == 0


class Other(threading.Thread):
    """Somebody else, over a database connection of their own. `of` says what they saw."""

    def __init__(self, does):
        super().__init__(daemon=True)
        self._does = does
        self.of = None

    def run(self):
        try:
            self.of = self._does()
        finally:
            connection.close()


def cancel_and_look(job):
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    return claims.has_holders(job.pk)


def test_cancel_that_comes_between_the_claim_and_the_commit_finds_the_claimed_chunk():
    job = with_chunks(2)
    [first] = take(job)
    other = Other(lambda: cancel_and_look(job))

    def begin_cancel():
        other.start()
        other.join(0.3)  # long enough to be done, if nothing held it up
        assert other.is_alive()

    with after_the_claim(begin_cancel):
        recorded = record(first, wish(job))
    other.join(60)
    assert [one.position for one in recorded.claimed] == running(job) == [ROWS]
    assert (other.of, see(job).status) == (True, JobStatus.CANCELLING)


def test_record_that_waits_for_a_cancel_claims_nothing_once_it_is_through():
    job = with_chunks(2)
    [first] = take(job)
    other = Other(lambda: record(first, wish(job)))
    with transaction.atomic():
        commands.cancel(job.pk, by=allowed(), now=timezone.now())
        other.start()
        other.join(0.3)  # long enough to be done, if nothing held it up
        assert other.is_alive()
    other.join(60)
    assert (other.of.claimed, running(job)) == ([], [])
    assert (see(job).status, see(job).tasks_done) == (JobStatus.CANCELLING, ROWS)


def test_workers_that_record_and_claim_at_once_get_every_chunk_once_and_do_not_wait_for_ever():
    jobs = [with_chunks(30), with_chunks(30)]

    def work():
        open_, done = [claim for job in jobs for claim in take(job)], []
        while open_:
            done += open_
            finished = [Finished(one, range(ROWS), [], f"{one.chunk_id}") for one in open_]
            wished = jobs[len(done) % 2]
            recorded = recording.record_and_claim(finished, wish(wished, 2), now=timezone.now())
            assert recorded.lost == []
            open_ = recorded.claimed or [claim for job in jobs for claim in take(job)]
        return [(one.job_id, one.position, one.fence) for one in done]

    workers = [Other(work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    done = [one for worker in workers for one in worker.of]
    assert sorted(done) == sorted((job.pk, n * ROWS, 1) for job in jobs for n in range(30))
    assert [see(job).tasks_done for job in jobs] == [30 * ROWS] * 2
