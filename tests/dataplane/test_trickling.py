"""Answers that come too slowly to be waited for, although something comes all the time."""

import threading

import pytest

from jobs.dataplane import pool
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.operations.steps import Stream
from tests.dataplane.conftest import Noting, Runner, targets
from tests.dataplane.steps_at_work import Stepping, part
from tests.s3_double import TAGS, Reply, plausible, reply

PAUSE_S = 0.02
"""Between two bytes: fifty come in a second."""


@pytest.fixture
def impatient():
    """A data plane whose patience is one of moments, for each thing that it waits for."""
    made = []

    def plane(**timeouts):
        made.append(DataPlane(in_flight=4, timeouts=Timeouts(connect_s=5, **timeouts)))
        return made[-1]

    yield plane
    for one in made:
        one.close()


def trickling(answer, *, whole_bytes=0):
    return Reply(answer.data, bytewise=True, whole_bytes=whole_bytes, pause_s=PAUSE_S)


def first_so(double, answer):
    """The first request is answered so, all others as they should."""
    double.answer = lambda received: answer if len(double.received) == 1 else plausible(received)


def head_bytes(answer):
    return answer.data.index(b"\r\n\r\n") + 4


@pytest.mark.parametrize("in_short", [False, True])
def test_head_that_trickles_is_no_answer(impatient, double, monkeypatch, in_short):
    monkeypatch.setattr(Noting, "one_call", in_short)
    first_so(double, trickling(reply(200)))
    run = Runner(impatient(silence_s=0.3), double)
    assert run(targets("a"), patience_s=30).outcomes[0].succeeded
    assert len(double.received) >= 2  # more where this machine is slow to answer at all


def ask(run):
    """For the tags of an object: an answer with a body."""

    def steps(target, context):
        answer = yield part(context, target.key)
        return answer.code

    operation = Stepping(steps)
    run(targets("a"), operation=operation, patience_s=30)
    assert operation.returned == {"a": ""}


def test_rest_of_an_answer_that_trickles_is_given_up(impatient, double):
    answer = reply(200, TAGS)
    first_so(double, trickling(answer, whole_bytes=head_bytes(answer) + 40))
    ask(Runner(impatient(silence_s=30, rest_s=0.3), double))
    assert len(double.received) >= 2


@pytest.mark.parametrize(("rest_s", "is_given_up"), [(0.3, True), (60, False)])
def test_white_space_before_an_answer_is_waited_for_and_its_rest_has_a_time_of_its_own(
    impatient, double, rest_s, is_given_up
):
    """The white space alone takes 0.8 s."""
    answer = reply(200, b" " * 40 + TAGS.partition(b"?>")[2])
    first_so(double, trickling(answer, whole_bytes=head_bytes(answer)))
    ask(Runner(impatient(silence_s=60, answer_s=60, rest_s=rest_s), double))
    assert (len(double.received) > 1) is is_given_up


def test_white_space_without_end_is_given_up(impatient, double):
    answer = reply(200, b" " * 4000)
    first_so(double, trickling(answer, whole_bytes=head_bytes(answer)))
    ask(Runner(impatient(silence_s=30, answer_s=0.3), double))
    assert len(double.received) >= 2


def reading(into):
    def steps(target, context):
        answer = yield Stream(part(context, target.key, "GetObject"), into)
        return answer.code

    return Stepping(steps)


def test_body_that_is_handed_on_and_trickles_is_given_up(impatient, double):
    answer = reply(200, b"x" * 4000, 'ETag: "a"\r\n')
    double.answer = lambda received: trickling(answer, whole_bytes=head_bytes(answer) + 100)
    operation = reading(lambda data: None)
    Runner(impatient(silence_s=30, span_s=0.3), double)(
        targets("a"), operation=operation, patience_s=30
    )
    assert operation.returned == {"a": "ReadTimeoutError"}


def test_body_that_its_taker_pauses_is_not_slow(impatient, double, monkeypatch):
    """While it is taken the storage is looked at often, and has had enough time to be called slow."""
    swept = threading.Semaphore(0)
    sweep = pool.Pool.sweep

    def counted(self):
        sweep(self)
        swept.release()

    monkeypatch.setattr(pool.Pool, "sweep", counted)
    came = []

    def into(data):
        if not came:
            for _ in range(60):
                assert swept.acquire(timeout=30)
        came.append(len(data))

    size = 6 * 1024 * 1024
    answer = reply(200, b"x" * size, 'ETag: "a"\r\n')
    double.answer = lambda received: answer
    operation = reading(into)
    Runner(impatient(silence_s=30, span_s=1.0), double)(
        targets("a"), operation=operation, patience_s=30
    )
    assert operation.returned == {"a": ""}
    assert sum(came) == size
