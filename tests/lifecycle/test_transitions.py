"""The table of statuses."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.choices import CANCELLABLE, TERMINAL, UNSTARTED, JobStatus
from jobs.lifecycle.transitions import NEXT, may_follow, sources_of


def test_table_covers_all_13_statuses():
    assert set(NEXT) == set(JobStatus)
    assert len(JobStatus) == 13


def test_ended_jobs_never_move_again():
    assert {status for status, nexts in NEXT.items() if not nexts} == TERMINAL


def test_suspended_is_entered_only_once_straight_after_preparing():
    assert sources_of(JobStatus.SUSPENDED) == {JobStatus.PREPARING}


def test_every_cancellable_status_can_be_left_towards_cancelled():
    for status in CANCELLABLE:
        goal = JobStatus.CANCELLED if status in UNSTARTED else JobStatus.CANCELLING
        assert may_follow(status, goal)


def test_nothing_that_is_not_cancellable_can_be_cancelled():
    cancelling = sources_of(JobStatus.CANCELLED) | sources_of(JobStatus.CANCELLING)
    assert cancelling - {JobStatus.CANCELLING} == CANCELLABLE


@given(st.lists(st.sampled_from(list(JobStatus)), max_size=30))
def test_every_walk_passes_a_job_at_most_once_through_suspended_and_ready(wishes):
    status, visited = JobStatus.NEW, [JobStatus.NEW]
    for wish in wishes:
        if may_follow(status, wish):
            status = wish
            visited.append(status)
    assert visited.count(JobStatus.SUSPENDED) <= 1
    assert visited.count(JobStatus.READY) <= 1


def test_every_status_leads_to_an_end():
    for start in JobStatus:
        reached, front = {start}, [start]
        while front:
            for after in NEXT[front.pop()] - reached:
                reached.add(after)
                front.append(after)
        assert reached & TERMINAL
