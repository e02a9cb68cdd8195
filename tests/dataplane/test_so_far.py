"""What a work says of itself while some of its tasks take long."""

import threading
from dataclasses import replace

from jobs.operations.base import DONE
from jobs.operations.delete_object import DeleteObject
from jobs.spec.target import Target
from tests.dataplane.conftest import targets
from tests.s3_double import error, plausible, reply
from tests.servers import eventually


def holding(double, *keys):
    """The answers for `keys` come when the event is set."""
    may_go = threading.Event()

    def answer(received):
        replied = plausible(received)
        return replace(replied, until=may_go.is_set) if received.path.endswith(keys) else replied

    double.answer = answer
    return may_go


def told(plane, done):
    return plane.so_far(done).result(timeout=30)


def test_work_tells_what_is_decided_and_in_flight_and_begins_nothing_more(plane, run, double):
    may_go = holding(double, "b", "d")
    done = plane.submit(run.work(targets(*"abcde"), in_flight=2, begin_s=0.1))
    so_far = eventually(lambda: told(plane, done))
    assert so_far.outcomes == [DONE, None, DONE, None, None]
    assert so_far.begun == {1, 3}
    may_go.set()
    assert done.result(30).outcomes == [DONE, DONE, DONE, DONE, None]
    assert so_far.outcomes == [DONE, None, DONE, None, None]
    assert told(plane, done) is None
    assert "/photos/e" not in [received.path for received in double.received]


def test_work_that_may_begin_more_tells_nothing_yet(plane, run, double):
    may_go = holding(double, "a")
    done = plane.submit(run.work(targets(*"abc"), in_flight=1, begin_s=600))
    eventually(lambda: double.received)
    assert told(plane, done) is None
    may_go.set()
    assert done.result(30).outcomes == [DONE] * 3


def test_keys_that_go_one_by_one_are_in_flight_again_and_none_that_was_given_away(
    plane, run, double
):
    """What showed that they must go so came after the time for beginning was over."""
    may_go = threading.Event()
    refused = replace(error(501, "NotImplemented"), until=may_go.is_set)
    double.answer = lambda received: refused if received.method == "POST" else reply(204)
    given = [*targets(*"ab"), Target("other", "c")]
    work = run.work(given, operation=DeleteObject.parse({}), in_flight=1, begin_s=0.1)
    done = plane.submit(work)
    so_far = eventually(lambda: told(plane, done))
    assert (so_far.outcomes, so_far.begun) == ([None] * 3, {0, 1})
    may_go.set()
    assert [bool(outcome) for outcome in done.result(30).outcomes] == [True, True, False]
