"""Which job a worker serves next: Regions fairly, priorities within one, equals in turn."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.choices import ChunkState, JobStatus
from jobs.engine import choosing, claims
from jobs.lifecycle import priorities, waits
from jobs.models import Chunk, Job
from tests.allowed import allowed
from tests.make import make_chunk, make_job, make_region

pytestmark = pytest.mark.django_db
LEASE_S = 1e6


def active(region=None, *, chunks=40, **fields):
    """An Active job with `chunks` chunks that nobody has taken."""
    job = make_job(JobStatus.ACTIVE, region=region, **fields)
    Chunk.objects.bulk_create(
        Chunk(job=job, position=10 * n, rows=10, segment="s", offset=n, length=1)
        for n in range(chunks)
    )
    return job


def serve(owner="ann"):
    """The job of which a worker takes a chunk now."""
    for job in choosing.choose(now=timezone.now()):
        if claims.claim_chunk(job.pk, owner=owner, lease_s=LEASE_S):
            return job
    return None


def finish_chunks(job):
    Chunk.objects.filter(job=job, state=ChunkState.RUNNING).update(state=ChunkState.DONE)


def test_job_of_higher_priority_gets_every_worker_of_its_region():
    low, high = active(priority=5), active(priority=6)
    assert [serve() for _ in range(10)] == [high] * 10
    finish_chunks(high)
    assert serve() == high
    assert low.status == JobStatus.ACTIVE


def test_priorities_of_different_regions_are_not_compared():
    here, there = active(make_region(), priority=1), active(make_region(), priority=1000)
    assert {serve().pk, serve().pk} == {here.pk, there.pk}


def test_changed_priority_decides_the_very_next_chunk():
    first, second = active(priority=5), active(priority=4)
    assert serve() == first
    priorities.reprioritise(second.pk, 6, by=allowed(), now=timezone.now())
    assert serve() == second


def test_small_job_does_not_wait_for_a_large_one_of_equal_priority():
    large, small = active(chunks=1000), active(chunks=3)
    served = [serve() for _ in range(6)]
    assert served.count(small) == 3
    assert served[0] == large  # the older one begins
    assert [serve(), serve()] == [large, large]


def test_equals_are_served_in_turn_by_a_worker_with_one_chunk_at_a_time():
    jobs = [active() for _ in range(3)]
    served = []
    for _ in range(9):
        served.append(serve())
        finish_chunks(served[-1])
    assert served[:3] == jobs
    assert [served.count(job) for job in jobs] == [3, 3, 3]


def test_slow_region_never_has_more_than_its_share_of_the_chunks_in_hand():
    slow, quick = active(make_region()), active(make_region(), chunks=100)
    running = Chunk.objects.filter(state=ChunkState.RUNNING)
    for _ in range(20):
        while running.count() < 4:
            serve()
        assert running.filter(job=slow).count() == 2
        finish_chunks(quick)  # the slow one never gives a chunk back
    assert Chunk.objects.filter(job=quick, state=ChunkState.DONE).count() == 40


def test_region_of_many_jobs_gets_as_much_as_a_region_of_one():
    crowded, quiet = make_region(), make_region()
    for _ in range(5):
        active(crowded)
    active(quiet)
    served = [serve().region_id for _ in range(20)]
    assert served.count(quiet.pk) == served.count(crowded.pk) == 10


def test_job_that_waits_for_its_storage_leaves_the_workers_to_others():
    dead, alive = active(priority=9), active(priority=1)
    now = timezone.now()
    waits.wait_for(dead.pk, "No answer.", until_s=4e9, now=now, only_in={JobStatus.ACTIVE})
    assert [serve(), serve()] == [alive, alive]


def test_storage_without_an_answer_is_tried_again_with_one_chunk_only():
    dead, alive = active(priority=9), active(priority=1)
    Job.objects.filter(pk=dead.pk).update(waiting_for="No answer.", waiting_until_s=1)
    assert [serve() for _ in range(3)] == [dead, alive, alive]
    waits.stop_waiting(dead.pk, now=timezone.now())
    assert serve() == dead


def test_chunk_of_a_dead_worker_does_not_count_as_in_hand():
    here, there = make_region(), make_region()
    left, other = active(here), active(there)
    for position in range(900, 908):
        make_chunk(left, position=position, state=ChunkState.RUNNING, lease_expires_s=1)
    assert {serve().pk, serve().pk} == {left.pk, other.pk}


def test_choice_lists_the_best_of_each_region_before_the_second_best():
    here, there = make_region(), make_region()
    jobs = {
        name: active(region, priority=priority)
        for name, region, priority in [
            ("here second", here, 1),
            ("here first", here, 2),
            ("there second", there, 8),
            ("there first", there, 9),
        ]
    }
    names = {job.pk: name for name, job in jobs.items()}
    found = [names[job.pk] for job in choosing.jobs_with_work()]
    assert {name.split()[1] for name in found[:2]} == {"first"}
    assert {name.split()[1] for name in found[2:]} == {"second"}


def test_served_job_comes_behind_its_equals_and_other_regions_but_before_lower_ones():
    here, there = make_region(), make_region()
    best, low = active(here, priority=2), active(here, priority=1)
    equal, other = active(here, priority=2), active(there)
    order = choosing.behind_its_equals([best, other, equal, low])
    assert order == [other, equal, best, low]
    assert choosing.behind_its_equals([best, low]) == [best, low]


def test_worker_with_room_for_four_chunks_takes_them_in_turn_and_one_of_a_job_that_waited():
    here, there = make_region(), make_region()
    waited = active(here, priority=3, waiting_for="No answer.")
    low, other = active(here, priority=1), active(there)
    best = choosing.Best(timezone.now)
    best.renew()
    served = []
    for _ in range(5):
        job = best.first
        served.append((job.pk, best.serve(4)))
    assert (waited.pk, 1) in served
    assert [pk for pk, _ in served].count(waited.pk) == 1
    assert {share for _, share in served} == {1}
    assert [pk for pk, _ in served if pk != waited.pk] == [other.pk, low.pk, other.pk, low.pk]


def test_job_whose_region_has_all_that_it_may_have_here_does_not_hold_up_that_of_another():
    here, there = make_region(), make_region()
    high, _low, other = active(here, priority=2), active(here, priority=1), active(there)
    best = choosing.Best(timezone.now)
    best.renew()
    assert best.prefer(lambda job: 2 * (job.region_id == there.pk)) == 2
    assert best.first == other
    assert best.prefer(lambda job: 3 * (job.region_id == here.pk)) == 3
    assert best.first == high
    assert best.prefer(lambda job: 0) == 0
    assert best.first == high


def test_lower_job_is_not_preferred_where_the_higher_of_its_region_may_begin_nothing():
    here = make_region()
    high, low = active(here, priority=2), active(here, priority=1)
    best = choosing.Best(timezone.now)
    best.renew()
    assert best.prefer(lambda job: job == low) == 0
    assert best.first == high


def test_without_a_job_there_is_room_for_any():
    assert choosing.Best(timezone.now).prefer(lambda job: 4 if job is None else 0) == 4


def test_only_job_of_all_takes_all_the_room_that_a_worker_has():
    active()
    best = choosing.Best(timezone.now)
    best.renew()
    assert [best.serve(4), best.serve(3)] == [4, 3]


def test_choosing_costs_the_same_whatever_number_of_chunks_and_ended_jobs_there_is():
    active(chunks=2)
    active(chunks=2)
    few = statements_of_a_choice()
    for _ in range(30):
        active(make_region(), chunks=50)
        make_job(JobStatus.COMPLETE)
    assert statements_of_a_choice() == few <= 3


def statements_of_a_choice():
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert choosing.choose(now=timezone.now())
    return len(seen)
