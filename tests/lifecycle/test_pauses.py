"""What persons may pause and resume, when, and what is noted of it."""

import pytest
from django.utils import timezone

from jobs.choices import JobStatus, PauseCause
from jobs.errors import JobStatusError, NoSuchJobError
from jobs.lifecycle import commands, pauses
from jobs.models import JobEvent
from tests.allowed import allowed
from tests.make import make_chunk, make_job, make_user

pytestmark = pytest.mark.usefixtures("transactional_db", "redis")
PAUSABLE = {JobStatus.ACTIVE, JobStatus.PAUSING, JobStatus.PAUSED}


def pause(job, actor=None):
    return pauses.pause(job.pk, by=allowed(actor), now=timezone.now())


def resume(job, actor=None):
    return pauses.resume(job.pk, by=allowed(actor), now=timezone.now())


def see(job):
    job.refresh_from_db()
    return job


def with_rest(status, **fields):
    job = make_job(status, **fields)
    make_chunk(job)
    return job


def test_paused_job_is_paused_at_once_when_nobody_works_on_it_and_names_who_did_it():
    ana = make_user(name="ana")
    job = with_rest(JobStatus.ACTIVE)
    pause(job, ana)
    assert (see(job).status, job.paused_cause) == (JobStatus.PAUSED, PauseCause.PERSON)
    assert job.status_changes.get(to_status=JobStatus.PAUSING).actor == ana


@pytest.mark.parametrize("status", sorted(set(JobStatus) - PAUSABLE))
def test_job_that_does_not_run_cannot_be_paused(status):
    job = make_job(status)
    with pytest.raises(JobStatusError, match=f'cannot be paused: it is "{status.label}"'):
        pause(job)
    assert see(job).status == status


@pytest.mark.parametrize("status", sorted(set(JobStatus) - {JobStatus.PAUSING, JobStatus.PAUSED}))
def test_job_that_is_not_paused_cannot_be_resumed(status):
    job = make_job(status)
    with pytest.raises(JobStatusError, match=f'cannot be resumed: it is "{status.label}"'):
        resume(job)
    assert see(job).status == status


def test_unknown_job_is_neither_paused_nor_resumed():
    for act in (pauses.pause, pauses.resume):
        with pytest.raises(NoSuchJobError):
            act("nothing", by=allowed(), now=timezone.now())


def test_resumed_job_is_active_again_and_both_persons_stand_in_its_history():
    ana, bea = make_user(name="ana"), make_user(name="bea")
    job = with_rest(JobStatus.ACTIVE)
    pause(job, ana)
    assert resume(job, bea).status == JobStatus.ACTIVE
    assert see(job).paused_cause == ""
    last = job.status_changes.last()
    assert (last.from_status, last.to_status, last.actor) == ("Paused", "Active", bea)
    assert job.events.get(kind=JobEvent.Kind.LET_GO).actor == bea


def test_job_that_is_resumed_before_its_last_request_is_back_goes_on_after_it():
    job = make_job(JobStatus.ACTIVE)
    chunk = make_chunk(job, state="Running", lease_expires_s=4e9)
    pause(job)
    assert resume(job).status == JobStatus.PAUSING
    chunk.state = "Pending"
    chunk.save()
    commands.end_pausing(job.pk, now=timezone.now())
    assert see(job).status == JobStatus.ACTIVE


def test_resumed_job_still_stands_back_for_one_of_higher_priority_and_follows_it():
    low, high = with_rest(JobStatus.ACTIVE, priority=1), with_rest(JobStatus.READY, priority=2)
    pause(low)
    resumed = resume(low)
    assert (resumed.status, resumed.paused_cause) == (JobStatus.PAUSED, PauseCause.PRIORITY)
    commands.cancel(high.pk, by=allowed(), now=timezone.now())
    assert see(low).status == JobStatus.ACTIVE


def test_job_that_stands_back_can_be_kept_paused_by_a_person_and_then_waits_for_one():
    ana = make_user(name="ana")
    low, high = with_rest(JobStatus.ACTIVE, priority=1), with_rest(JobStatus.READY, priority=2)
    commands.take_turns(low.region_id, now=timezone.now())
    pause(low, ana)
    commands.cancel(high.pk, by=allowed(), now=timezone.now())
    assert (see(low).status, low.paused_cause) == (JobStatus.PAUSED, PauseCause.PERSON)
    assert low.events.get(kind=JobEvent.Kind.HELD).actor == ana
    assert resume(low).status == JobStatus.ACTIVE


def test_job_that_stands_back_cannot_be_resumed_and_says_what_runs_first():
    low, high = with_rest(JobStatus.ACTIVE, priority=1), with_rest(JobStatus.READY, priority=2)
    commands.take_turns(low.region_id, now=timezone.now())
    with pytest.raises(JobStatusError, match=f"Job {high.short_id} with priority 2 runs first"):
        resume(low)


def test_paused_job_cannot_be_paused_again():
    job = with_rest(JobStatus.ACTIVE)
    pause(job)
    with pytest.raises(JobStatusError, match='it is "Paused"'):
        pause(job)


@pytest.mark.parametrize("status", [JobStatus.PAUSING, JobStatus.PAUSED])
@pytest.mark.parametrize("cause", list(PauseCause))
def test_job_can_be_cancelled_whatever_pauses_it(status, cause):
    job = make_job(status, paused_cause=cause)
    commands.cancel(job.pk, by=allowed(), now=timezone.now())
    assert (see(job).status, job.paused_cause) == (JobStatus.CANCELLING, "")


def test_time_paused_does_not_count_as_time_active():
    job = with_rest(JobStatus.ACTIVE)
    pause(job)
    spent_s = see(job).active_elapsed_s
    assert spent_s > 0 and job.active_since is None
    resume(job)
    assert see(job).active_elapsed_s == spent_s and job.active_since is not None
