"""What an operation may rely on of each step that it yields."""

import threading
import time

from jobs.dataplane import keeping
from jobs.errors import WorkStoreFullError
from jobs.operations.base import outcome_of
from jobs.operations.steps import Apart, Keep, Later
from jobs.s3.faults import Verdict
from tests.dataplane.conftest import targets
from tests.dataplane.steps_at_work import Job, Stepping, paced, part
from tests.s3_double import TAGS, error, reply

# --- Later


def test_wait_ends_with_true_and_with_false_where_the_time_for_trouble_is_used_up(run):
    def steps(target, context):
        found = [(yield Later(0.01))]
        found.append((yield Later(60)))
        found.append((yield Later(60, free=False)))
        return found

    operation = Stepping(steps)
    began_s = time.monotonic()
    run(targets("a"), operation=operation, task_deadline_s=1)
    assert operation.returned["a"] == [True, False, False]
    assert time.monotonic() - began_s < 30


def test_wait_that_is_free_uses_up_nothing(run):
    def steps(target, context):
        found = []
        for _ in range(5):
            found.append((yield Later(0.05, free=True)))
        return [*found, (yield Later(0.01))]

    operation = Stepping(steps)
    run(targets("a"), operation=operation, task_deadline_s=0.1)
    assert operation.returned["a"] == [True] * 6


def test_task_that_waits_when_all_is_stopped_is_run_again(run):
    stop = threading.Event()

    def steps(target, context):
        stop.set()
        yield Later(60, free=True)

    batch = run(targets("a", "b"), operation=Stepping(steps), stop=stop, in_flight=1)
    assert batch.outcomes == [None, None]


# --- Apart


def test_what_is_done_apart_does_not_hold_up_the_calls_of_others(run, double):
    answered = threading.Event()

    def steps(target, context):
        if target.key == "long":
            return (yield Apart(lambda: answered.wait(20)))
        answer = yield part(context, target.key)
        answered.set()
        return answer.code

    operation = Stepping(steps)
    batch = run(targets("long", "short"), operation=operation)
    assert all(outcome.succeeded for outcome in batch.outcomes)
    assert operation.returned == {"long": True, "short": ""}


def test_exception_from_apart_is_the_tasks_to_catch_and_fails_it_alone_if_it_does_not(run):
    def breaks():
        raise OSError("no room")

    def steps(target, context):
        if target.key == "careless":
            return (yield Apart(breaks))
        try:
            yield Apart(breaks)
        except OSError as cause:
            return str(cause)

    operation = Stepping(steps)
    batch = run(targets("careless", "careful"), operation=operation)
    assert operation.returned == {"careful": "no room"}
    assert batch.outcomes[0].code == "InternalError"
    assert "no room" in batch.outcomes[0].message


# --- Keep


class States(dict):
    def put(self, index, state):
        self[index] = state


def with_states(run, given, operation, states, kept=None, stop=None):
    work = run.work(given, operation=operation, stop=stop)
    object.__setattr__(work, "states", states)
    object.__setattr__(work, "kept", kept or {})
    return run.plane.submit(work).result(timeout=30)


def test_what_a_task_keeps_is_there_before_it_goes_on_and_when_it_is_run_again(run):
    states, stop = States(), threading.Event()

    def steps(target, context):
        if context.kept:
            yield Keep(b"")
            return context.kept
        yield Keep(b"upload of " + target.key.encode())
        stop.set()
        return (yield Later(60, free=True))

    operation = Stepping(steps)
    first = with_states(run, targets("a", "b"), operation, states, stop=stop)
    kept = dict(states)
    assert kept[0] == b"upload of a"
    assert first.outcomes[0] is None
    second = with_states(run, targets("a"), operation, states, kept)
    assert second.outcomes[0].succeeded
    assert (operation.returned["a"], states[0]) == (b"upload of a", b"")


def test_task_that_another_has_taken_over_goes_no_further_and_is_not_decided(run, double):
    class TakenOver(States):
        def swap(self, index, instead_of, state):
            return self.get(index, b"") == instead_of

    def steps(target, context):
        yield Keep(b"mine", instead_of=b"begun by me" if target.key == "a" else b"")
        return (yield part(context, target.key)).code

    batch = with_states(run, targets("a", "b"), Stepping(steps), TakenOver())
    assert [outcome and outcome.succeeded for outcome in batch.outcomes] == [None, True]
    assert batch.begun == {0}
    assert len(double.received) == 1


def test_state_that_cannot_be_kept_is_the_tasks_trouble_alone(run, double):
    class Full:
        def put(self, index, state):
            raise OSError("no room for states")

    def steps(target, context):
        if target.key == "a":
            yield Keep(b"x")
        return (yield part(context, target.key)).code

    batch = with_states(run, targets("a", "b"), Stepping(steps), Full())
    assert [outcome.succeeded for outcome in batch.outcomes] == [False, True]


def test_state_for_which_there_is_no_room_yet_is_waited_for(run, double, monkeypatch):
    monkeypatch.setattr(keeping, "AGAIN_S", 0.01)
    refused = []

    class FullForAWhile(States):
        def put(self, index, state):
            if len(refused) < 3:
                refused.append(index)
                raise WorkStoreFullError
            super().put(index, state)

    def steps(target, context):
        yield Keep(b"x")
        return (yield part(context, target.key)).code

    states = FullForAWhile()
    batch = with_states(run, targets("a"), Stepping(steps), states)
    assert batch.outcomes[0].succeeded
    assert len(refused) == 3 and dict(states) == {0: b"x"}


def test_task_that_waits_for_room_for_its_state_is_run_again_after_a_stop(run, double):
    stop = threading.Event()

    class Full:
        def put(self, index, state):
            stop.set()
            raise WorkStoreFullError

    def steps(target, context):
        yield Keep(b"x")

    batch = with_states(run, targets("a"), Stepping(steps), Full(), stop=stop)
    assert batch.outcomes == [None]


# --- judge


def only_call(target, context):
    answer = yield part(context, target.key)
    return outcome_of(answer)


def test_refusal_that_an_operation_judges_final_is_not_repeated_nor_taken_for_throttling(
    run, double
):
    double.answer = lambda received: error(503, "GlacierExpeditedRetrievalNotAvailable")

    def judge(call, answer):
        is_final = answer.code == "GlacierExpeditedRetrievalNotAvailable"
        return Verdict.FINAL if is_final else None

    job = Job()
    batch = paced(run, targets("a"), Stepping(only_call, judge), job)
    outcome = batch.outcomes[0]
    assert (outcome.http_status, outcome.code) == (503, "GlacierExpeditedRetrievalNotAvailable")
    assert len(double.received) == 1
    assert job.answers == {False: 1}


def test_refusal_in_a_good_answer_may_say_when_to_ask_again(run, double):
    answers = iter([error(200, "TemporaryFailure"), error(200, "TemporaryFailure")])
    double.answer = lambda received: next(answers, reply(200, TAGS))
    judge = lambda call, answer: Later(0.02)  # noqa: E731
    batch = run(targets("a"), operation=Stepping(only_call, judge))
    assert batch.outcomes[0].succeeded
    assert len(double.received) == 3


def test_refusal_that_asks_for_more_time_than_there_is_is_final(run, double):
    double.answer = lambda received: error(200, "TemporaryFailure")
    judge = lambda call, answer: Later(5)  # noqa: E731
    batch = run(targets("a"), operation=Stepping(only_call, judge), task_deadline_s=0.5)
    assert batch.outcomes[0].code == "TemporaryFailure"
    assert len(double.received) == 1
