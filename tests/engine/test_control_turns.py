"""Whose turn it is to be prepared or finished, and when who is at it makes room."""

import threading

import pytest
from django.utils import timezone

from jobs import queueing
from jobs.choices import ChunkState, JobStatus
from jobs.engine import control, control_lease, control_turns
from jobs.engine.database import now_s
from jobs.engine.preparing import planner
from jobs.models import Chunk, Job, Region
from tests.make import make_job, make_region

FAR_S = 4e9


@pytest.fixture
def waiting(db, monkeypatch):
    """How many hints wait: a list of one number."""
    number = [0]
    monkeypatch.setattr(queueing, "waiting_in", lambda queue: number[0])
    monkeypatch.setattr(queueing, "workers_of", lambda queue: 4)
    monkeypatch.setattr(queueing, "_enqueue", lambda name, args: None)
    return number


@pytest.fixture
def here(db):
    return make_region()


@pytest.fixture
def there(db):
    return make_region()


def preparing(region, **facts):
    return make_job(JobStatus.PREPARING, region=region, **facts)


def held(region, **facts):
    return preparing(region, control_lease_expires_s=FAR_S, **facts)


def turns(count):
    """The jobs of the next turns, each of them held when the next is taken."""
    taken = []
    for _ in range(count):
        if turn := control_turns.take_turn():
            taken.append(turn.job_id)
            Job.objects.filter(pk=turn.job_id).update(control_lease_expires_s=FAR_S)
    return taken


def test_region_with_many_jobs_and_region_with_one_go_turn_by_turn(here, there):
    many = [make_job(JobStatus.NEW, region=here) for _ in range(4)]
    one = make_job(JobStatus.NEW, region=there)
    assert set(turns(2)) == {many[0].pk, one.pk}


def test_free_worker_turns_to_a_region_that_nobody_is_at(here, there):
    held(here)
    preparing(here)
    job = preparing(there)
    assert turns(1) == [job.pk]


def test_lone_region_gets_all_workers(here):
    jobs = [make_job(JobStatus.NEW, region=here) for _ in range(3)]
    assert set(turns(4)) == {job.pk for job in jobs}


def test_region_served_longest_ago_is_next_among_equals(here, there):
    first, second = preparing(here), preparing(there)
    Region.objects.filter(pk=here.pk).update(control_served_s=2)
    Region.objects.filter(pk=there.pk).update(control_served_s=1)
    assert turns(2) == [second.pk, first.pk]


def test_job_served_longest_ago_is_next_within_a_region(here):
    late, early = (preparing(here, control_lease_expires_s=s) for s in (2, 1))
    fresh = make_job(JobStatus.NEW, region=here)
    assert turns(3) == [fresh.pk, early.pk, late.pk]


def test_jobs_that_wait_for_a_silent_storage_come_after_others_and_one_at_a_time(here, there):
    silent = [
        preparing(here, waiting_for="No answer.", waiting_until_s=tried_s) for tried_s in (3, 1, 2)
    ]
    others = [preparing(here), preparing(there)]
    assert set(turns(2)) == {job.pk for job in others}
    Job.objects.filter(pk__in=[job.pk for job in others]).update(waiting_until_s=FAR_S)
    Job.objects.update(control_lease_expires_s=0)
    assert turns(3) == [silent[1].pk]


def test_job_is_finished_once_nobody_holds_a_chunk_of_it(here):
    job = make_job(JobStatus.CANCELLING, region=here)
    Chunk.objects.update_or_create(
        job=job,
        position=0,
        defaults={
            **{"rows": 1, "segment": "s", "offset": 0, "length": 1},
            **{"state": ChunkState.RUNNING, "lease_expires_s": FAR_S},
        },
    )
    assert turns(1) == []
    Chunk.objects.filter(job=job).update(lease_expires_s=1)
    assert turns(1) == [job.pk]


def test_what_ended_jobs_left_behind_is_cleared_when_nothing_else_is_due(here):
    ended = make_job(JobStatus.COMPLETE, region=here, work_stored=9)
    due = preparing(here)
    assert turns(3) == [due.pk, ended.pk]


def test_turn_goes_on_for_as_long_as_it_likes_while_no_hint_waits(
    waiting, here, there, monkeypatch
):
    monkeypatch.setattr(control_turns, "TURN_S", 0)
    job = held(here)
    preparing(there)
    assert goes_on(job)


def test_turn_at_preparing_ends_after_its_time_when_hints_wait(waiting, here, monkeypatch):
    job = held(here)
    waiting[0] = 1
    assert goes_on(job)
    monkeypatch.setattr(control_turns, "TURN_S", 0)
    assert not goes_on(job)


def test_last_of_several_workers_at_a_region_makes_room_at_once_for_a_region_that_has_none(
    waiting, here, there
):
    jobs = sorted((held(here), held(here), held(here)), key=lambda job: job.pk)
    waiting[0] = 1
    assert [goes_on(job) for job in jobs] == [True, True, True]
    preparing(there)
    assert [goes_on(job) for job in jobs] == [True, True, False]


def test_only_worker_at_a_region_is_left_its_time(waiting, here, there):
    job = held(here)
    preparing(there)
    waiting[0] = 1
    assert goes_on(job)


def test_file_of_a_report_is_not_broken_off_by_time_alone(waiting, here, monkeypatch):
    monkeypatch.setattr(control_turns, "TURN_S", 0)
    job = make_job(JobStatus.COMPLETING, region=here, control_lease_expires_s=FAR_S)
    waiting[0] = 1
    assert goes_on(job)


def goes_on(job):
    turn = control_turns.Turn(job.pk, job.region_id, JobStatus(job.status), more=False)
    return control_turns.goes_on(turn)()


def test_worker_calls_another_before_it_serves_when_more_is_due(waiting, here, monkeypatch):
    happened = []

    def serve(job_id, **_):
        happened.append(job_id)
        Job.objects.filter(pk=job_id).update(waiting_until_s=FAR_S)

    monkeypatch.setattr(planner, "prepare_job", serve)
    monkeypatch.setattr(queueing, "call_control", lambda: happened.append("call"))
    first, second = preparing(here, control_lease_expires_s=1), preparing(here)
    work_off()
    assert happened == ["call", second.pk, first.pk]


def work_off():
    control.prepare_and_finish(work=None, clock=timezone.now, stop=threading.Event())


def test_call_ends_early_when_hints_wait_and_calls_another_for_what_is_due(
    waiting, here, monkeypatch
):
    monkeypatch.setattr(control, "TURN_S", -1)
    served, hints = [], []
    monkeypatch.setattr(planner, "prepare_job", lambda job_id, **_: served.append(job_id))
    monkeypatch.setattr(queueing, "call_control", lambda: hints.append("control"))
    preparing(here)
    waiting[0] = 1
    work_off()
    assert len(served) == 1 and hints == ["control"]


def test_turn_whose_job_is_gone_hurts_nobody(waiting, here, monkeypatch):
    job = preparing(here)

    def gone(job_id, **_):
        Job.objects.filter(pk=job_id).update(waiting_until_s=FAR_S)
        raise control.NoSuchJobError

    monkeypatch.setattr(planner, "prepare_job", gone)
    work_off()
    assert not control_turns.has_due() and Job.objects.filter(pk=job.pk).exists()


def test_only_so_many_hints_wait_as_there_are_workers(waiting, monkeypatch):
    hints = []
    monkeypatch.setattr(queueing, "_enqueue", lambda name, args: hints.append(name))
    for waiting[0] in range(6):
        queueing._enqueue_control()
    assert hints == ["prepare_and_finish"] * 4


def test_pauses_between_tries_double_up_to_an_hour_and_all_take_less_than_a_day():
    pauses = [control_lease.pause_s(tries) for tries in range(1, control_lease.MAX_TRIES + 1)]
    assert pauses[:4] == [10, 20, 40, 80]
    assert max(pauses) == 3600 and 12 * 3600 < sum(pauses) < 24 * 3600


def test_what_was_put_after_an_ended_job_was_cleared_is_cleared_again(waiting, here):
    job = make_job(JobStatus.CANCELLED, region=here)
    Job.objects.filter(pk=job.pk).update(work_stored=0)
    assert not control_turns.has_due()
    control_turns.leave_to_clear(job.pk)
    assert control_turns.has_due()


def test_release_notes_when_a_job_was_served(here):
    job = preparing(here)
    lease = control_lease.acquire(job.pk, {JobStatus.PREPARING})
    before_s = now_s()
    lease.release()
    assert Job.objects.get(pk=job.pk).control_lease_expires_s >= before_s
