"""A chunk's requests wait for their turn; its tasks keep to the limit of their job."""

import math
import re
import threading
import time
from dataclasses import dataclass, field, replace

import pytest

from jobs.dataplane.plane import DataPlane
from jobs.dataplane.retry import RetryDecision, decide
from jobs.engine.rates.rate_limit import Pacer
from tests.dataplane.conftest import Noting, Runner, targets
from tests.dataplane.test_tasks import Twice
from tests.s3_double import Reply, error, plausible, reply
from tests.servers import eventually

SLOW_DOWN = error(503, "SlowDown", "Please reduce your request rate.")
SLOW = Reply(reply().data, delay_s=0.02)


@pytest.fixture
def run(run_both):
    return run_both


@dataclass
class Turns:
    pacer: Pacer
    answers: list = field(default_factory=list)

    def wait_s(self, now_s):
        return self.pacer.wait_s(now_s)

    def answered(self, *, throttled):
        self.answers.append(throttled)


class Pace:
    def __init__(self, per_s=None, in_flight=math.inf):
        self.in_flight = in_flight
        self.running = 0
        self.of_bucket = Turns(Pacer(per_s))

    def turns(self, to):
        return self.of_bucket


def paced(run, pace, keys, operation=None, **limits):
    work = run.work(targets(*keys), operation, **limits)
    return run.plane.submit(replace(work, pace=pace))


def keys(count):
    return [f"key-{n}" for n in range(count)]


def done(batch):
    return sum(outcome is not None and outcome.succeeded for outcome in batch.outcomes)


def test_requests_go_out_as_often_as_the_rate_says(run, double):
    begun_s = time.monotonic()
    batch = paced(run, Pace(100.0), keys(60), in_flight=32).result(30)
    assert done(batch) == 60
    assert time.monotonic() - begun_s > 0.5


def test_calls_of_one_task_each_take_a_turn(run, double):
    pace = Pace(10_000.0)
    paced(run, pace, keys(20), Twice()).result(30)
    assert pace.of_bucket.pacer.taken == 40


def test_retries_take_turns_and_throttled_answers_are_counted(run, double):
    tries = iter([SLOW_DOWN, SLOW_DOWN])
    double.answer = lambda received: next(tries, plausible(received))
    pace = Pace(10_000.0)
    batch = paced(run, pace, keys(5)).result(30)
    assert done(batch) == 5
    assert sorted(pace.of_bucket.answers) == [False] * 5 + [True] * 2
    assert pace.of_bucket.pacer.taken == 7


def test_storage_without_an_answer_is_not_taken_for_throttling(run, double):
    double.answer = lambda received: Reply(b"", close=True)
    pace = Pace(10_000.0)
    assert paced(run, pace, keys(3), patience_s=0.1).result(30).outage
    assert pace.of_bucket.answers == []


def test_waiting_for_a_turn_uses_up_no_deadline(run, double):
    first = iter([SLOW_DOWN])
    double.answer = lambda received: next(first, plausible(received))
    batch = paced(run, Pace(2.0), keys(1), task_deadline_s=0.3).result(30)
    assert done(batch) == 1


def test_no_task_is_begun_while_another_waits_for_its_turn(plane, double):
    run, stop = Runner(plane, double), threading.Event()
    pace = Pace(5.0)
    future = paced(run, pace, keys(50), in_flight=32, stop=stop)
    eventually(lambda: len(double.received) >= 2)
    assert pace.running <= 3
    stop.set()
    batch = future.result(30)
    assert done(batch) == len(double.received) < 10
    assert pace.running == 0


def test_stop_hands_back_what_waits_for_its_turn(run, double):
    stop = threading.Event()
    future = paced(run, Pace(0.01), keys(5), stop=stop)
    stop.set()
    assert future.result(30).outcomes == [None] * 5
    assert double.received == []


def test_rate_that_is_raised_meanwhile_acts_at_once(run, double):
    pace = Pace(1.0)
    future = paced(run, pace, keys(200), in_flight=16)
    eventually(lambda: double.received)
    pace.of_bucket.pacer.per_s = None
    assert done(future.result(30)) == 200


def test_concurrency_of_a_job_counts_all_its_chunks(run, double):
    double.answer = lambda received: SLOW
    pace = Pace(in_flight=3)
    batches = [paced(run, pace, keys(30), in_flight=64).result for _ in range(3)]
    assert [done(batch(30)) for batch in batches] == [30] * 3
    assert double.most_in_flight == 3
    assert pace.running == 0


def test_concurrency_that_is_raised_meanwhile_acts_soon(run, double):
    double.answer = lambda received: SLOW
    pace = Pace(in_flight=1)
    future = paced(run, pace, keys(2_000), in_flight=64)
    eventually(lambda: double.received)
    pace.in_flight = 32
    assert done(future.result(30)) == 2_000
    assert 16 < double.most_in_flight <= 32


def test_job_at_its_limit_leaves_room_for_others(double):
    double.answer = lambda received: SLOW
    plane = DataPlane(in_flight=8)
    run = Runner(plane, double)
    try:
        narrow = paced(run, Pace(in_flight=1), keys(40), in_flight=8)
        wide = paced(run, Pace(), [f"w-{n}" for n in range(70)], in_flight=8)
        assert done(wide.result(30)) == 70
        assert done(narrow.result(30)) == 40
    finally:
        plane.close()


def test_chunk_that_fails_by_a_mistake_of_ours_gives_its_places_back(run, double):
    class Broken(Noting):
        def only_call(self, target, context):
            return None

        def run(self, target, context):
            yield self.call(target, context)
            raise RuntimeError("boom")

    pace = Pace(in_flight=2)
    batch = paced(run, pace, keys(6), Broken()).result(30)
    assert {outcome.code for outcome in batch.outcomes} == {"InternalError"}
    assert pace.running == 0


def test_throttled_tasks_that_are_paced_do_not_hold_up_their_chunk(run, double):
    later = error(503, "SlowDown", "Please reduce your request rate.", "Retry-After: 20\r\n")
    tries = iter([later] * 8)
    double.answer = lambda received: next(tries, plausible(received))
    assert done(paced(run, Pace(10_000.0), keys(30), in_flight=8, decide=decide).result(15)) == 30


def test_storage_that_names_a_time_is_obeyed_where_nothing_is_paced(run, double):
    later = error(503, "SlowDown", "Please reduce your request rate.", "Retry-After: 1\r\n")
    tries = iter([later])
    double.answer = lambda received: next(tries, plausible(received))
    begun_s = time.monotonic()
    assert done(run(targets(*keys(3)), decide=decide)) == 3
    assert time.monotonic() - begun_s >= 1


def test_failed_task_says_how_often_it_was_tried(run, double):
    double.answer = lambda received: SLOW_DOWN
    thrice = lambda attempt, **_: RetryDecision(0.01) if attempt < 3 else None  # noqa: E731
    (outcome,) = run(targets("a"), decide=thrice).outcomes
    assert re.fullmatch(
        r"Please reduce your request rate\. \(tried 3 times in \d+\.\d s\)", outcome.message
    )


def test_task_that_failed_at_once_says_nothing_of_tries(run, double):
    double.answer = lambda received: error(403, "AccessDenied", "Access Denied")
    assert run(targets("a")).outcomes[0].message == "Access Denied"
