"""Calls of one task side by side: how many at once, and what becomes of them when one fails."""

import threading

import pytest

from jobs.operations.steps import Together
from tests.dataplane.conftest import targets
from tests.dataplane.steps_at_work import Job, Stepping, codes, paced, part
from tests.s3_double import TAGS, Reply, error, reply


def parts_of(count, at_once=8):
    def steps(target, context):
        calls = (part(context, f"{target.key}/{n}") for n in range(count))
        return (yield Together(calls, at_once=at_once))

    return Stepping(steps)


def slowly(received):
    return Reply(reply(200, TAGS).data, delay_s=0.02)


def test_parts_are_answered_in_order_and_never_more_at_once_than_asked_for(run, double):
    double.answer = slowly
    operation = parts_of(20, at_once=3)
    batch = run(targets("a"), operation=operation, in_flight=50)
    assert batch.outcomes[0].succeeded
    assert codes(operation.returned["a"]) == [""] * 20
    assert [r.path.rpartition("/")[2] for r in double.received[:3]] == ["0", "1", "2"]
    assert double.most_in_flight == 3


def test_no_parts_are_answered_with_nothing(run, double):
    operation = parts_of(0)
    assert run(targets("a", "b"), operation=operation).outcomes[1].succeeded
    assert (operation.returned, double.received) == ({"a": [], "b": []}, [])


@pytest.mark.parametrize("in_flight", [1, 2, 5])
def test_parts_of_all_tasks_keep_to_the_limit_of_the_chunk_and_all_end(run, double, in_flight):
    double.answer = slowly
    operation = parts_of(6)
    batch = run(targets("a", "b", "c"), operation=operation, in_flight=in_flight)
    assert all(outcome.succeeded for outcome in batch.outcomes)
    assert len(double.received) == 18
    assert double.most_in_flight <= in_flight


def test_parts_count_in_the_limit_of_the_job_and_nothing_is_left_counted(run, double):
    double.answer = slowly
    job = Job(in_flight=3)
    batch = paced(run, targets("a", "b", "c"), parts_of(6), job, in_flight=50)
    assert all(outcome.succeeded for outcome in batch.outcomes)
    assert double.most_in_flight <= 3
    assert (job.most, job.running) == (3, 0)


@pytest.mark.parametrize("in_flight", [1, 50])
@pytest.mark.parametrize("breaks_at", [0, 1, 4])
def test_task_whose_parts_break_us_fails_alone_and_nothing_is_left_counted(
    run, double, breaks_at, in_flight
):
    double.answer = slowly

    def parts(target, context):
        for number in range(8):
            if target.key == "broken" and number == breaks_at:
                raise ZeroDivisionError("of our own")
            yield part(context, f"{target.key}/{number}")

    def steps(target, context):
        return (yield Together(parts(target, context)))

    job = Job(in_flight=20)
    operation = Stepping(steps)
    batch = paced(run, targets("a", "broken", "b"), operation, job, in_flight=in_flight)
    assert [outcome.succeeded for outcome in batch.outcomes] == [True, False, True]
    assert "of our own" in batch.outcomes[1].message
    assert job.running == 0


def test_after_a_part_that_failed_for_good_no_other_is_begun(run, double):
    def answer(received):
        return error(404, "NoSuchKey") if received.path.endswith("/3") else slowly(received)

    double.answer = answer
    operation = parts_of(40, at_once=2)
    run(targets("a"), operation=operation)
    found = codes(operation.returned["a"])
    assert found[3] == "NoSuchKey"
    assert set(found[:3]) == {""}
    assert len(double.received) <= 6
    assert all(code is None for code in found[6:])


def test_part_that_is_refused_for_a_moment_is_asked_for_again(run, double):
    once = iter([error(503, "SlowDown")])

    def answer(received):
        again = next(once, None) if received.path.endswith("/1") else None
        return again or reply(200, TAGS)

    double.answer = answer
    operation = parts_of(3)
    assert run(targets("a"), operation=operation).outcomes[0].succeeded
    assert codes(operation.returned["a"]) == [""] * 3
    assert len(double.received) == 4


def test_task_that_is_stopped_among_its_parts_is_left_to_be_run_again(run, double):
    stop = threading.Event()

    def answer(received):
        if received.path.endswith("/2"):
            stop.set()
            return error(503, "SlowDown")
        return slowly(received)

    double.answer = answer
    job = Job()
    work = run.work(targets("a"), operation=parts_of(500, at_once=2), stop=stop)
    object.__setattr__(work, "pace", job)
    batch = run.plane.submit(work).result(timeout=30)
    assert batch.outcomes == [None]
    assert batch.begun == {0}
    assert len(double.received) < 100
    assert job.running == 0


def test_other_rows_begin_while_large_ones_have_parts_left(run, double):
    """Parts are answered once all small rows have ended, so they would else wait for each other."""
    small = [f"small{n}" for n in range(20)]
    left = set(small)

    def answer(received):
        is_part = "large" in received.path
        return Reply(reply(200, TAGS).data, until=lambda: not (is_part and left))

    def steps(target, context):
        if target.key in left:
            yield part(context, target.key)
            left.remove(target.key)
            return None
        keys = (f"{target.key}/{n}" for n in range(40))
        return (yield Together((part(context, key) for key in keys), at_once=40))

    double.answer = answer
    batch = run(targets("large1", "large2", *small), operation=Stepping(steps), in_flight=8)
    assert not left
    assert all(outcome.succeeded for outcome in batch.outcomes)


def test_large_rows_share_the_places_that_parts_may_have(run, double):
    """Of eight places six: each has three, and no answer comes before all are asked for."""

    def answer(received):
        wanted = {f"{key}/{n}" for key in "ab" for n in range(3)}
        return Reply(
            reply(200, TAGS).data,
            until=lambda: wanted <= {one.path[-3:] for one in double.received},
        )

    double.answer = answer
    batch = run(targets("a", "b"), operation=parts_of(12, at_once=12), in_flight=8)
    assert all(outcome.succeeded for outcome in batch.outcomes)


def test_parts_of_a_flight_that_is_over_are_counted_no_more(run, double):
    double.answer = slowly
    for _ in range(3):
        run(targets("a", "b"), operation=parts_of(9), in_flight=8)
    (share,) = run.plane._shares.values()
    assert (share.parts, share.running) == (0, 0)
