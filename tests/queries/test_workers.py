"""Who is alive, and whether anybody works on a job."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.engine.database import now_s
from jobs.models import Chunk, Job
from jobs.queries import workers
from jobs.queueing import HEARD_S
from tests.make import make_chunk, make_job, seen_worker

SILENT = HEARD_S + 10
LIVE = [seen_worker("run"), seen_worker("control"), seen_worker("scheduler")]


def health(seen, in_hand=None, waiting=None):
    return workers.health(seen, in_hand or {}, waiting or {})


def test_all_is_well_while_one_worker_of_each_kind_is_heard_of():
    found = health([*LIVE, seen_worker("run", silent_s=SILENT)])
    assert found.is_well
    assert found.verdict == "2 of 3 workers and the scheduler are alive. All that is needed runs."
    assert found.tone == "warn" and health(LIVE).tone == "ok"
    assert [row.state for row in found.rows] == ["Idle", "Idle", "Working", "Silent"]


def test_worker_with_work_in_hand_works_and_one_that_is_silent_for_long_is_lost():
    busy = seen_worker("run", call_pid=7)
    work = [workers.InHand("1", "Tag all", "north", 2)]
    found = health([busy, seen_worker("run", silent_s=500)], {"here:7": work})
    assert [(row.state, list(row.work)) for row in found.rows] == [("Working", work), ("Lost", [])]


def test_each_kind_that_is_not_heard_of_is_named_with_what_to_do():
    found = health([seen_worker("run", silent_s=SILENT)], waiting={"run": 1, "control": 2})
    assert found.verdict == "0 of 1 worker is alive. 3 jobs wait."
    runner, control, scheduler = found.trouble
    assert runner.startswith("No runner was heard of for 25 seconds: 1 runner on here is frozen")
    assert control.startswith("No control worker is running. Start one: manage.py up ")
    assert "--only scheduler" in scheduler


@pytest.mark.parametrize("status", ["Ready", "Active", "Pausing"])
@pytest.mark.parametrize("seen", [[], [seen_worker("run", silent_s=SILENT)], LIVE[1:]])
def test_job_says_that_no_runner_works_on_it(status, seen):
    assert "No runner" in unattended(Job(status=status), seen)
    assert unattended(Job(status=status), seen, is_held=True) == ""
    assert unattended(Job(status=status), LIVE) == ""


@pytest.mark.parametrize("status", ["New", "Preparing", "Completing", "Cancelling", "Failing"])
def test_job_says_that_no_control_worker_prepares_or_finishes_it(status):
    assert "No control worker is running." in unattended(Job(status=status), LIVE[:1])
    assert unattended(Job(status=status), LIVE) == ""


@pytest.mark.parametrize("status", ["Suspended", "Paused", "Complete", "Failed", "Cancelled"])
def test_job_that_waits_for_nobody_says_nothing(status):
    assert unattended(Job(status=status), []) == ""


def test_job_that_says_itself_what_it_waits_for_says_nothing_else():
    assert unattended(Job(status="Active", waiting_for="The disk is full."), []) == ""


def test_ready_job_that_live_runners_do_not_take_up_says_so_after_a_while():
    job = Job(status="Ready")
    assert unattended(job, LIVE, age_s=20) == ""
    assert "No runner has taken this job up for 29 seconds." in unattended(job, LIVE, age_s=29)


def unattended(job, seen, *, is_held=False, age_s=0):
    now = timezone.now()
    since = now - timedelta(seconds=age_s)
    return workers.unattended(job, seen, is_held=is_held, since=since, now=now)


@pytest.mark.django_db
def test_work_in_hand_is_what_live_leases_cover(django_assert_num_queries):
    job, finishing = make_job("Active", total=30), make_job("Completing")
    for position, lease_s in ((0, 60), (10, 60), (20, -60)):
        make_chunk(job, position=position, rows=10, state="Running")
        Chunk.objects.filter(job=job, position=position).update(
            owner="here:7", lease_expires_s=now_s() + lease_s
        )
    Job.objects.filter(pk=finishing.pk).update(
        control_owner="there:8", control_lease_expires_s=now_s() + 60
    )
    now = now_s()
    with django_assert_num_queries(2):
        found = workers.work_in_hand(Job.objects.all(), now)
    assert {owner: [(one.job_id, one.chunks) for one in held] for owner, held in found.items()} == {
        "here:7": [(job.pk, 2)],
        "there:8": [(finishing.pk, 0)],
    }
    assert workers.is_held(job, now_s())
    Chunk.objects.update(lease_expires_s=0)
    assert not workers.is_held(job, now_s())
