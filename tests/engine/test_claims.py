"""Chunks are claimed by priority under a lease, and recorded by their holder only."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from jobs.choices import ChunkState, JobStatus
from jobs.engine import choosing, claims, statements
from jobs.engine.claims import Settlement
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
        assert claims.settle(cursor, [Settlement(old, [0, 1, 2], 3, 0, "old")]) == set()
    claims.release([old])
    chunk = Chunk.objects.get()
    assert (chunk.state, chunk.fence, chunk.result) == (ChunkState.RUNNING, new.fence, "")


@pytest.mark.django_db
def test_rows_that_were_not_done_become_chunks_of_their_own():
    make_chunk(make_job(status=JobStatus.ACTIVE), position=100, rows=10, skip=3)
    claim = claim_best()
    with transaction.atomic(), statements.cursor() as cursor:
        held = claims.settle(cursor, [Settlement(claim, [1, 2, 5, 6, 7], 4, 1, "r")])
    assert held == {claim.proof}
    done = Chunk.objects.get(state=ChunkState.DONE)
    assert (done.position, done.rows, done.succeeded, done.failed) == (101, 5, 4, 1)
    rest = Chunk.objects.filter(state=ChunkState.PENDING)
    assert [(c.position, c.rows, c.skip) for c in rest] == [(100, 1, 3), (103, 2, 6), (108, 2, 11)]
    assert {(c.segment, c.offset, c.length) for c in rest} == {
        (done.segment, done.offset, done.length)
    }


@given(
    st.integers(1, 60).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1))
    )
)
def test_done_rows_and_gaps_are_the_whole_chunk_each_row_once(case):
    rows, done = case
    in_gaps = [row for start, end in claims.gaps(sorted(done), rows) for row in range(start, end)]
    assert sorted([*done, *in_gaps]) == list(range(rows))
