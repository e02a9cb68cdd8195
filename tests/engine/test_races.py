"""What workers do to each other: late ones, two at once, and persons in between."""

import threading
from dataclasses import replace

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from jobs.choices import ChunkState, JobStatus
from jobs.engine import claims, job_status, recording, runner
from jobs.engine.chunk_rows import MISSING_VERSION, encode
from jobs.engine.heartbeats import Heartbeats
from jobs.engine.recording import TaskResult
from jobs.errors import JobStatusError, LeaseLostError
from jobs.lifecycle import commands, waits
from jobs.manifests.frozen_list import Rows
from jobs.manifests.rows import Row
from jobs.models import Chunk, Job, StatusChange
from jobs.operations.base import Outcome
from tests.allowed import allowed
from tests.make import make_chunk, make_job
from tests.servers import eventually

DONE = Outcome(True, 200, "", "Successful")


def confirmed(place, steps, keys):
    place.put_objects(keys)
    job = steps.prepare(place.make_job(place.list_of(keys)))
    return steps.confirm(job)


def results_of(place, keys):
    return [TaskResult(n, Row(place.source, key, key, None), DONE) for n, key in enumerate(keys)]


def take(job, owner="zombie"):
    return claims.claim_chunk(job.pk, owner=owner, lease_s=10)


def let_lease_end(claim):
    Chunk.objects.filter(pk=claim.chunk_id).update(lease_expires_s=1)


def test_worker_that_wakes_after_the_report_was_begun_cannot_add_rows_to_the_counters(
    place, steps, settings
):
    settings.BATCHCONSOLE_CHUNK_ROWS = 2
    job = confirmed(place, steps, ["a", "b", "c", "d"])
    Job.objects.update(status=JobStatus.ACTIVE)
    zombie = take(job)
    settings.BATCHCONSOLE_TIME_BOX_S = 0.0001
    steps.run()
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    assert steps.finish(job).status == JobStatus.CANCELLING  # it may still record
    let_lease_end(zombie)
    job = steps.finish(job)
    assert job.status == JobStatus.CANCELLED
    late = results_of(place, ["a", "b"])
    with pytest.raises(LeaseLostError):
        recording.record(zombie, late, result_name="late", now=timezone.now())
    assert not claims.heartbeat(zombie, lease_s=10)
    job = steps.see(job)
    assert job.tasks_done == len(place.report_rows(job)) == 2


class Interrupted:
    """A work storage before whose first put of results something happens."""

    def __init__(self, work, event):
        self._work = work
        self._event = event

    def __getattr__(self, name):
        return getattr(self._work, name)

    def put(self, name, data):
        event, self._event = self._event, None
        if event:
            event()
        self._work.put(name, data)


def test_late_results_never_replace_those_of_a_chunk_that_was_split_off_at_the_same_place(
    place, steps
):
    keys = ["a", "b", "c", "d"]
    job = confirmed(place, steps, keys)

    def meanwhile():
        let_lease_end(claims.Claim(*Chunk.objects.values_list("pk")[0], *[0] * 10))
        second = take(job, "second")
        lines = results_of(place, keys)[2:]
        name = f"{job.pk}/results/second.bin"
        steps.work.put(
            name, encode(Rows.of([line.row for line in lines]), [line.outcome for line in lines])
        )
        recording.record(second, lines, result_name=name, now=timezone.now())
        steps.run()  # takes what the second left: the first rows, at the first one's position
        assert steps.see(job).status == JobStatus.COMPLETING

    work = Interrupted(steps.work, meanwhile)
    runner.run_chunks(work=work, clock=timezone.now, stop=threading.Event())
    job = steps.finish(job)
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, 4)
    assert sorted(row[1] for row in place.report_rows(job)) == keys


def test_results_that_come_after_the_end_of_a_job_are_removed(place, steps):
    job = confirmed(place, steps, ["a"])

    def meanwhile():
        let_lease_end(claims.Claim(*Chunk.objects.values_list("pk")[0], *[0] * 10))
        steps.run()
        assert steps.finish(job).status == JobStatus.COMPLETE

    work = Interrupted(steps.work, meanwhile)
    runner.run_chunks(work=work, clock=timezone.now, stop=threading.Event())
    assert list(steps.work.list(job.pk))
    steps.finish(job)  # the hint that the late worker gave
    assert list(steps.work.list(job.pk)) == []


@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        (JobStatus.NEW, JobStatus.PREPARING, JobStatus.CANCELLED),
        (JobStatus.PREPARING, JobStatus.SUSPENDED, JobStatus.CANCELLED),
        (JobStatus.SUSPENDED, JobStatus.READY, JobStatus.CANCELLED),
        (JobStatus.READY, JobStatus.ACTIVE, JobStatus.CANCELLING),
        (JobStatus.ACTIVE, JobStatus.PAUSING, JobStatus.CANCELLING),
    ],
)
def test_cancel_holds_when_the_job_moves_on_at_the_same_moment(
    transactional_db, redis, before, after, ends
):
    job = make_job(before)
    moved, may_commit = threading.Event(), threading.Event()

    def move_on():
        try:
            with transaction.atomic():
                assert commands.move(job.pk, after, now=timezone.now())
                moved.set()
                may_commit.wait(0.3)  # long enough for the other to have begun
        finally:
            connection.close()

    other = threading.Thread(target=move_on)
    other.start()
    assert moved.wait(60)
    cancelled = commands.cancel(job.pk, by=allowed(), now=timezone.now())
    may_commit.set()
    other.join()
    assert cancelled.status == ends
    way = list(StatusChange.objects.filter(job=job).values_list("from_status", "to_status"))
    assert way[-2:] == [(before, after), (after, ends)]


def test_of_two_who_confirm_at_once_one_succeeds_and_the_other_reads_why(transactional_db, redis):
    job = make_job(JobStatus.SUSPENDED)
    answers = in_threads(8, lambda: confirm_or_say(job))
    assert answers.count(JobStatus.READY) == 1
    assert sum("Ready" in answer for answer in answers) == 8
    assert StatusChange.objects.filter(job=job, to_status=JobStatus.READY).count() == 1


def confirm_or_say(job):
    try:
        return commands.confirm(job.pk, by=allowed(), now=timezone.now()).status
    except JobStatusError as error:
        return error.message


def in_threads(number, call):
    """What `call` returns in each of `number` threads that start together."""
    gate, answers = threading.Barrier(number), []

    def run():
        try:
            gate.wait()
            answers.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == number
    return answers


def test_chunks_claimed_by_many_at_once_go_to_one_each(transactional_db):
    job = make_job(JobStatus.ACTIVE)
    for position in range(0, 600, 10):
        left = position % 3 == 0  # by a dead worker
        state = ChunkState.RUNNING if left else ChunkState.PENDING
        make_chunk(job, position=position, state=state, lease_expires_s=1)

    def claim_all():
        claimed = []
        while claim := take(job, threading.current_thread().name):
            claimed.append(claim)
        return claimed

    claimed = [claim for those in in_threads(8, claim_all) for claim in those]
    assert sorted(claim.position for claim in claimed) == list(range(0, 600, 10))
    assert set(Chunk.objects.values_list("state", "fence")) == {(ChunkState.RUNNING, 1)}
    # A worker that saw nothing while others held the row must not have left it behind.
    assert take(job) is None


def test_records_of_many_at_once_add_up(transactional_db, redis):
    rows, threads = 4, 8
    job = make_job(JobStatus.ACTIVE, succeeded=0, total=threads * 5 * rows)
    for position in range(0, threads * 5 * rows, rows):
        make_chunk(job, position=position, rows=rows)
    failed = replace(DONE, succeeded=False, http_status=404, code="NoSuchKey")
    row = Row("photos", "k", "k", None)
    results = [TaskResult(n, row, failed if n == 1 else DONE) for n in range(rows - 1)]

    def record_all():
        done = 0
        while claim := take(job, threading.current_thread().name):
            part = results[: claim.rows]
            recording.record(claim, part, result_name="r", now=timezone.now())
            done += len(part)
        return done

    assert sum(in_threads(threads, record_all)) == threads * 5 * rows
    job.refresh_from_db()
    assert job.tasks_done == job.total_tasks
    assert job.tasks_failed == sum(c.tasks for c in job.failure_causes.all()) == threads * 5
    assert job.failure_samples.count() == 5
    assert sum(s.succeeded + s.failed for s in job.rate_samples.all()) == job.total_tasks
    assert not claims.has_unfinished(job.pk)


def claimed_twice(job, *, rows):
    """A chunk that a worker lost while it slept, and claimed anew when it woke."""
    make_chunk(job, rows=rows)
    first = take(job)
    let_lease_end(first)
    return first, take(job)


def test_chunk_that_a_worker_lost_and_claimed_anew_is_counted_once_when_it_brings_both(
    transactional_db, redis
):
    job = make_job(JobStatus.ACTIVE, succeeded=0, total=3)
    first, second = claimed_twice(job, rows=3)
    lost = recording.record_all(
        [
            recording.Finished(first, [0, 1], [], "late"),
            recording.Finished(second, [0, 1, 2], [], "r"),
        ],
        now=timezone.now(),
    )
    job.refresh_from_db()
    assert (lost, job.tasks_done) == ([first], 3)
    assert list(Chunk.objects.values_list("rows", "result")) == [(3, "r")]


def test_chunk_that_a_worker_claimed_anew_is_kept_when_it_lets_the_lost_one_go(
    transactional_db, settings
):
    settings.BATCHCONSOLE_HEARTBEAT_S = 0
    job = make_job(JobStatus.ACTIVE)
    first, second = claimed_twice(job, rows=3)
    heartbeats = Heartbeats(threading.Event(), lambda ceilings: None)
    try:
        told, not_told = heartbeats.add(first), heartbeats.add(second)
        heartbeats.drop([first])
        assert told.is_set() and not not_told.is_set()
        let_lease_end(second)
        eventually(lambda: Chunk.objects.get().lease_expires_s > 1)
    finally:
        heartbeats.close()


def test_threshold_that_the_last_chunk_exceeds_fails_the_job_instead_of_completing_it(
    transactional_db, redis
):
    job = make_job(JobStatus.ACTIVE, succeeded=0, total=1, failure_floor=1)
    make_chunk(job, rows=1)
    row = TaskResult(0, Row("photos", "k", "k", ""), MISSING_VERSION)
    recording.record(take(job), [row], result_name="r", now=timezone.now())
    job_status.close_if_ended(job.pk, now=timezone.now())
    job.refresh_from_db()
    assert (job.status, job.failure_code) == (JobStatus.FAILING, "FailureThresholdExceeded")


def test_worker_that_was_overtaken_does_not_say_what_the_job_waits_for(transactional_db):
    job = make_job(JobStatus.SUSPENDED)
    say = {"until_s": 4e9, "now": timezone.now()}
    waits.wait_for(job.pk, "Preparing waits.", only_in={JobStatus.PREPARING}, **say)
    job.refresh_from_db()
    assert (job.waiting_for, job.waiting_until_s, job.events.count()) == ("", 0, 0)


def test_cancelled_job_does_not_wait_for_what_it_waited_for_before(place, steps):
    job = confirmed(place, steps, ["a"])
    Job.objects.update(status=JobStatus.ACTIVE)
    waits.wait_for(
        job.pk, "No answer.", until_s=4e9, now=timezone.now(), only_in={JobStatus.ACTIVE}
    )
    job = commands.cancel(job.pk, by=allowed(), now=timezone.now())
    assert (job.status, job.waiting_for) == (JobStatus.CANCELLING, "")
    assert steps.finish(job).status == JobStatus.CANCELLED
