"""What becomes of a claimed chunk of which something is done, or a part is on its way."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.choices import ChunkState, JobStatus
from jobs.engine import claims, database, settlements, statements
from jobs.engine.settlements import Hold, Settlement, gaps
from jobs.models import Chunk
from tests.make import make_chunk, make_job

LEASE_S = 60


def claimed(rows, **facts):
    make_chunk(make_job(status=JobStatus.ACTIVE), rows=rows, **facts)
    return claims.claim_chunk(Chunk.objects.get().job_id, owner="ann", lease_s=LEASE_S)


def settle(*settled):
    with transaction.atomic(), statements.cursor() as cursor:
        return settlements.settle(cursor, settled)


def settlement(claim, done, *, held=None, begun=()):
    hold = None if held is None else Hold(frozenset(held), "ann", LEASE_S)
    return Settlement(claim, done, len(done), 0, "r" if done else "", frozenset(begun), hold)


def rows_in(state):
    """(position, rows, skip) of the chunks in that state."""
    found = Chunk.objects.filter(state=state).order_by("position")
    return [(chunk.position, chunk.rows, chunk.skip) for chunk in found]


@pytest.mark.django_db
def test_rows_that_were_not_done_become_chunks_of_their_own():
    claim = claimed(10, position=100, skip=3)
    settled = settle(Settlement(claim, [1, 2, 5, 6, 7], 4, 1, "r"))
    assert settled == ({claim.proof}, {claim.proof: []})
    done = Chunk.objects.get(state=ChunkState.DONE)
    assert (done.position, done.rows, done.succeeded, done.failed) == (101, 5, 4, 1)
    rest = Chunk.objects.filter(state=ChunkState.PENDING)
    assert rows_in(ChunkState.PENDING) == [(100, 1, 3), (103, 2, 6), (108, 2, 11)]
    assert {(c.segment, c.offset, c.length, c.tried_since_s) for c in rest} == {
        (done.segment, done.offset, done.length, 0)
    }


@pytest.mark.django_db
def test_rows_on_their_way_stay_in_hand_while_others_are_recorded():
    claim = claimed(10, position=100, skip=3)
    settled = settle(settlement(claim, [0, 3], held=[1, 2, 5]))
    assert rows_in(ChunkState.PENDING) == [(104, 1, 7), (106, 4, 9)]
    assert rows_in(ChunkState.RUNNING) == [(101, 2, 4), (105, 1, 8)]
    kept = settled.kept[claim.proof]
    assert [(one.position, one.rows, one.skip, one.fence) for one in kept] == [
        (101, 2, 4, 1),
        (105, 1, 8, 1),
    ]
    assert {(one.claimed_s, one.tried_since_s) for one in kept} == {(claim.claimed_s, 0)}
    for chunk in Chunk.objects.filter(state=ChunkState.RUNNING):
        assert chunk.owner == "ann"
        assert 0 < chunk.lease_expires_s - database.now_s() <= LEASE_S
    assert claims.beat(kept, lease_s=LEASE_S) == {one.chunk_id for one in kept}


@pytest.mark.django_db
def test_chunk_of_which_nothing_is_done_goes_on_with_the_rows_on_their_way():
    claim = claimed(10, position=100, skip=3)
    settled = settle(settlement(claim, [], held=[2, 3, 7]))
    assert rows_in(ChunkState.PENDING) == [(100, 2, 3), (104, 3, 7), (108, 2, 11)]
    assert rows_in(ChunkState.RUNNING) == [(102, 2, 5), (107, 1, 10)]
    assert rows_in(ChunkState.DONE) == []
    assert {one.position: one.chunk_id for one in settled.kept[claim.proof]} == dict(
        Chunk.objects.filter(state=ChunkState.RUNNING).values_list("position", "pk")
    )
    assert claims.beat(settled.kept[claim.proof], lease_s=LEASE_S) == {
        one.chunk_id for one in settled.kept[claim.proof]
    }


@pytest.mark.django_db
def test_parts_in_hand_are_settled_together_each_under_its_own_claim():
    claim = claimed(6)
    first, second = settle(settlement(claim, [0, 1], held=[2, 4, 5])).kept[claim.proof]
    Chunk.objects.filter(pk=first.chunk_id).update(fence=9)  # another worker has it
    settled = settle(settlement(first, [0]), settlement(second, [1], held=[0]))
    assert settled.proofs == {second.proof}
    assert [(one.position, one.rows) for one in settled.kept[second.proof]] == [(4, 1)]
    assert rows_in(ChunkState.RUNNING) == [(2, 1, 2), (4, 1, 4)]


@pytest.mark.django_db
def test_rows_that_were_begun_keep_since_when_and_those_that_were_not_are_untried():
    claim = claimed(6)
    settle(settlement(claim, [0], begun=[1, 2]))
    found = Chunk.objects.filter(state=ChunkState.PENDING).values_list("position", "tried_since_s")
    assert dict(found) == {1: claim.claimed_s, 3: 0}


@pytest.mark.django_db
def test_rows_that_others_tried_before_stay_so_whatever_becomes_of_their_chunk():
    dead = claimed(6)
    Chunk.objects.update(lease_expires_s=1)
    claim = claims.claim_chunk(dead.job_id, owner="ann", lease_s=LEASE_S)
    [kept] = settle(settlement(claim, [0], held=[1])).kept[claim.proof]
    assert kept.tried_since_s == dead.claimed_s
    chunks = Chunk.objects.exclude(state=ChunkState.DONE).values_list("position", "tried_since_s")
    assert dict(chunks) == {1: dead.claimed_s, 2: dead.claimed_s}


@pytest.mark.django_db
def test_rows_whose_worker_died_while_they_were_on_their_way_were_tried_since_it_claimed_them():
    claim = claimed(3)
    settle(settlement(claim, [0, 1], held=[2]))
    Chunk.objects.update(lease_expires_s=1)
    after = claims.claim_chunk(claim.job_id, owner="other", lease_s=LEASE_S)
    assert (after.position, after.fence, after.tried_since_s) == (2, 2, claim.claimed_s)


FATES = st.lists(st.sampled_from(["done", "held", "begun", "free"]), min_size=1, max_size=12)


@given(FATES.filter({"done", "held"}.intersection))
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
def test_every_row_of_a_chunk_is_in_one_chunk_of_its_fate(transactional_db, fates):
    Chunk.objects.all().delete()
    claim = claimed(len(fates), position=50, skip=7)
    rows = {fate: [n for n, one in enumerate(fates) if one == fate] for fate in set(fates)}
    done, held, begun = (rows.get(fate, []) for fate in ("done", "held", "begun"))
    settled = settle(settlement(claim, done, held=held, begun=begun))
    found = []
    for chunk in Chunk.objects.exclude(state=ChunkState.DONE):
        fate = "held" if chunk.state == ChunkState.RUNNING else "free"
        fate = "begun" if chunk.tried_since_s else fate
        found += [(chunk.position - 50 + n, fate) for n in range(chunk.rows)]
        assert chunk.skip - 7 == chunk.position - 50
    assert sorted(found) == [(n, fate) for n, fate in enumerate(fates) if fate != "done"]
    assert sum(chunk.rows for chunk in Chunk.objects.filter(state=ChunkState.DONE)) == len(done)
    kept = settled.kept.get(claim.proof, [])
    assert sorted(one.position - 50 + n for one in kept for n in range(one.rows)) == held


@given(
    st.integers(1, 60).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1))
    )
)
def test_done_rows_and_gaps_are_the_whole_chunk_each_row_once(case):
    rows, done = case
    in_gaps = [row for start, end in gaps(sorted(done), rows) for row in range(start, end)]
    assert sorted([*done, *in_gaps]) == list(range(rows))
