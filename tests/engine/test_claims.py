"""Chunks are claimed by priority under a lease, and recorded by their holder only."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from jobs.choices import ChunkState, JobStatus
from jobs.engine import choosing, claims, database, settlements, statements
from jobs.engine.settlements import Settlement
from jobs.models import Chunk
from tests.make import make_chunk, make_job

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def claim_best(owner="a"):
    for job in choosing.jobs_with_work():
        claim = claims.claim_chunk(job.pk, owner=owner, lease_s=10)
        if claim:
            return claim
    return None


def let_lease_end(claim):
    Chunk.objects.filter(pk=claim.chunk_id).update(lease_expires_s=1)


@pytest.mark.django_db
def test_chunks_are_claimed_by_priority_then_in_turn_oldest_job_first_and_by_position():
    late = make_job(status=JobStatus.READY, priority=10, created_at=NOW)
    early = make_job(status=JobStatus.ACTIVE, priority=10, created_at=NOW - timedelta(hours=1))
    urgent = make_job(status=JobStatus.READY, priority=11, created_at=NOW + timedelta(hours=1))
    for job in (late, early, urgent):
        make_chunk(job, position=5)
        make_chunk(job, position=0)
    claimed = [claim_best() for _ in range(6)]
    assert [(claim.job_id, claim.position) for claim in claimed] == [
        *[(urgent.pk, 0), (urgent.pk, 5)],
        *[(job.pk, position) for position in (0, 5) for job in (early, late)],
    ]
    assert claim_best() is None


@pytest.mark.django_db
@pytest.mark.parametrize("status", sorted(set(JobStatus) - {JobStatus.READY, JobStatus.ACTIVE}))
def test_chunks_of_a_job_that_may_not_run_are_never_claimed(status):
    make_chunk(make_job(status=status))
    assert claim_best() is None


@pytest.mark.django_db
def test_job_that_waits_for_its_storage_is_left_alone_until_its_time():
    job = make_job(status=JobStatus.ACTIVE, waiting_until_s=4e9)
    make_chunk(job)
    assert claim_best() is None
    job.waiting_until_s = 1
    job.save()
    assert claim_best()


@pytest.mark.django_db
def test_chunk_is_claimed_again_only_when_its_lease_ended_and_the_fence_grows():
    make_chunk(make_job(status=JobStatus.ACTIVE))
    first = claim_best("dead")
    assert claim_best("other") is None
    let_lease_end(first)
    second = claim_best("other")
    assert (second.chunk_id, second.fence) == (first.chunk_id, first.fence + 1)


@pytest.mark.django_db
def test_heartbeat_keeps_a_chunk_and_fails_for_a_holder_that_lost_it():
    make_chunk(make_job(status=JobStatus.ACTIVE))
    first = claim_best("slow")
    let_lease_end(first)
    assert claims.heartbeat(first, lease_s=10)
    assert claim_best("other") is None
    let_lease_end(first)
    second = claim_best("other")
    assert not claims.heartbeat(first, lease_s=10)
    assert claims.heartbeat(second, lease_s=10)


@pytest.mark.django_db
def test_what_a_holder_with_an_old_fence_brings_is_refused_and_changes_nothing():
    make_chunk(make_job(status=JobStatus.ACTIVE), rows=3)
    old = claim_best("slow")
    let_lease_end(old)
    new = claim_best("other")
    with transaction.atomic(), statements.cursor() as cursor:
        assert settlements.settle(cursor, [Settlement(old, [0, 1, 2], 3, 0, "old")]).proofs == set()
    claims.release([old])
    chunk = Chunk.objects.get()
    assert (chunk.state, chunk.fence, chunk.result) == (ChunkState.RUNNING, new.fence, "")


def chunk_of(claim):
    return Chunk.objects.get(pk=claim.chunk_id)


@pytest.mark.django_db
def test_first_claim_says_that_nobody_has_tried_the_rows():
    make_chunk(make_job(status=JobStatus.ACTIVE))
    claim = claim_best()
    assert claim.tried_since_s == 0
    assert claim.begun_since_s == claim.claimed_s == chunk_of(claim).claimed_s
    assert abs(claim.claimed_s - database.now_s()) < 60


@pytest.mark.django_db
def test_whoever_claims_what_a_dead_worker_held_learns_since_when_that_one_had_it():
    make_chunk(make_job(status=JobStatus.ACTIVE))
    first = claim_best("dead")
    let_lease_end(first)
    second = claim_best("dead too")
    let_lease_end(second)
    third = claim_best("other")
    assert [one.tried_since_s for one in (second, third)] == [first.claimed_s] * 2
    assert third.begun_since_s == first.claimed_s < third.claimed_s


@pytest.mark.django_db
def test_rows_that_were_released_untouched_are_as_untried_as_before():
    make_chunk(make_job(status=JobStatus.ACTIVE))
    claims.release([claim_best()])
    second = claim_best("dead")
    assert second.tried_since_s == 0
    let_lease_end(second)
    claims.release([claim_best()])
    assert claim_best().tried_since_s == second.claimed_s


@pytest.mark.django_db
def test_rows_that_were_begun_before_their_release_may_have_been_tried():
    make_chunk(make_job(status=JobStatus.ACTIVE))
    first = claim_best()
    claims.release([first], begun=True)
    second = claim_best()
    claims.release([second], begun=True)
    assert [second.tried_since_s, claim_best().tried_since_s] == [first.claimed_s] * 2


@pytest.mark.django_db
def test_rows_that_are_taken_from_a_dead_worker_may_have_been_tried():
    make_chunk(make_job(status=JobStatus.ACTIVE))
    first = claim_best("dead")
    let_lease_end(first)
    claims.take_from_dead(first.job_id)
    assert claim_best().tried_since_s == first.claimed_s
