"""A chunk's tasks on the data plane: retried, stopped, never failed for a silent storage."""

import threading
from dataclasses import replace

import pytest

from jobs.dataplane import flight
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.operations.base import Outcome, outcome_of
from jobs.s3.endpoints import Endpoint
from jobs.services.call import Call
from tests.dataplane.conftest import KEYS, LISTED, Listing, Noting, Runner, never, targets
from tests.s3_double import COPIED, Reply, error, plausible, reply, signature_holds
from tests.sequential import Places
from tests.servers import eventually, free_port

SLOW_DOWN = error(503, "SlowDown", "Please reduce your request rate.")
NOT_FOUND = error(404, "NoSuchKey", "The specified key does not exist.")
REFUSED = error(403, "InvalidAccessKeyId", "The key ID is not known.")
SILENT = Reply(b"", close=True)


def keys_of(double):
    return [received.path.removeprefix("/photos/") for received in double.received]


def scripted(double, script, default=plausible):
    """Answers by key, in turn, then the default."""

    def answer(received):
        answers = script.get(received.path.removeprefix("/photos/"))
        return answers.pop(0) if answers else default(received)

    double.answer = answer


def codes(batch):
    return [outcome and outcome.code for outcome in batch.outcomes]


class Twice(Noting):
    one_call = False

    def run(self, target, context):
        answer = yield self.call(target, context)
        if not answer.code:
            there = context.bucket(target.bucket)
            answer = yield Call(there, "DeleteObjectTagging", {"Key": target.key})
        return outcome_of(answer)


def test_every_target_gets_its_own_outcome_in_the_order_of_the_list(run_both, double):
    scripted(double, {"b": [NOT_FOUND]})
    assert codes(run_both(targets("a", "b", "c"))) == ["", "NoSuchKey", ""]
    assert sorted(keys_of(double)) == ["a", "b", "c"]


def test_hundreds_of_targets_never_exceed_the_limit_and_keep_their_connections(run_both, double):
    double.answer = lambda received: Reply(reply().data, delay_s=0.002)
    batch = run_both(targets(*(f"key-{n}" for n in range(400))), in_flight=8)
    assert codes(batch) == [""] * 400
    assert double.most_in_flight == 8
    assert double.connections == 8


def test_throttled_task_is_tried_again_and_succeeds(run_both, double):
    scripted(double, {"a": [SLOW_DOWN, SLOW_DOWN]})
    assert run_both(targets("a")).outcomes[0].succeeded
    assert len(double.received) == 3


def test_task_that_stays_throttled_past_its_deadline_fails_with_the_last_answer(run_both, double):
    double.answer = lambda received: SLOW_DOWN
    outcome = run_both(targets("a"), task_deadline_s=0.01).outcomes[0]
    assert (outcome.succeeded, outcome.code) == (False, "SlowDown")


def test_task_decided_without_a_call_costs_no_call(run_both, double):
    decided = Outcome(False, 400, "InvalidRequest", "Task failed due to missing VersionId")
    batch = run_both([decided, *targets("a"), decided])
    assert batch.outcomes[::2] == [decided, decided]
    assert keys_of(double) == ["a"]


def test_list_of_decided_tasks_alone_is_done_at_once(run_both, double):
    decided = Outcome(False, 400, "InvalidRequest", "Task failed due to missing VersionId")
    assert run_both([decided] * 3).outcomes == [decided] * 3
    assert run_both([]).outcomes == []


def test_operation_of_two_steps_makes_both_calls_of_a_task(run_both, double):
    assert run_both(targets("a"), operation=Twice()).outcomes[0].succeeded
    assert [received.method for received in double.received] == ["PUT", "DELETE"]


def test_call_that_cannot_be_built_fails_its_task_alone(run_both, double):
    assert codes(run_both(targets("a", "", "b"))) == ["", "InvalidRequest", ""]
    assert sorted(keys_of(double)) == ["a", "b"]


def test_storage_that_gives_no_answer_is_an_outage_and_fails_no_task(plane, run, double):
    double.answer = lambda received: SILENT
    batch = run(targets("a", "b", "c"), task_deadline_s=0.01, patience_s=0.1)
    assert batch.outcomes == [None, None, None]
    assert (batch.outage.http_status, batch.outage.code) == (0, "ConnectionClosedError")


def test_storage_that_is_silent_is_not_waited_for_longer_than_patience(run_both, double):
    double.answer = lambda received: Reply(b"", close=True)
    batch = run_both(targets("a"), decide=lambda **_: Long(), patience_s=0.2)
    assert batch.outage and batch.outcomes == [None]


def test_storage_that_nobody_listens_for_is_an_outage(run, double):
    nowhere = Endpoint(f"http://127.0.0.1:{free_port()}", "us-east-1", "path")
    batch = run(targets("a", "b"), places=Places(nowhere, KEYS), patience_s=0.1)
    assert batch.outcomes == [None, None]
    assert batch.outage.code == "EndpointConnectionError"
    assert f"{nowhere.url}/photos/" in batch.outage.message


def test_storage_that_is_silent_for_a_moment_is_waited_for(run_both, double):
    scripted(double, {"a": [SILENT, SILENT, SILENT]})
    batch = run_both(targets("a"), patience_s=30)
    assert batch.outcomes[0].succeeded and batch.outage is None


def test_refused_credentials_end_the_batch_with_the_rest_untouched(run_both, double):
    scripted(double, {"a": [REFUSED]})
    batch = run_both(targets("a", "b", "c", "d"), in_flight=1)
    assert batch.fatal.code == "InvalidAccessKeyId"
    assert codes(batch) == ["InvalidAccessKeyId", None, None, None]
    assert keys_of(double) == ["a"]


def test_refusal_of_all_in_flight_ends_the_batch_when_they_are_answered(run_both, double):
    double.answer = lambda received: replace(REFUSED, until=lambda: len(double.received) >= 8)
    batch = run_both(targets(*(f"key-{n}" for n in range(40))), in_flight=8)
    assert batch.fatal.code == "InvalidAccessKeyId"
    assert codes(batch) == ["InvalidAccessKeyId"] * 8 + [None] * 32


def test_answer_that_seems_to_end_all_fails_its_task_alone_where_another_has_succeeded(
    run_both, double
):
    scripted(double, {"a": [REFUSED], "c": [REFUSED]})
    double_answer = double.answer

    def slow_success(received):
        answer = double_answer(received)
        if answer == REFUSED:
            return replace(answer, until=lambda: len(double.received) >= 2)
        return replace(answer, delay_s=0.1)

    double.answer = slow_success
    batch = run_both(targets("a", "b", "c", "d", "e"), in_flight=2)
    assert batch.fatal is None
    assert codes(batch) == ["InvalidAccessKeyId", "", "InvalidAccessKeyId", "", ""]


def test_hundreds_of_tasks_that_end_at_once_are_seen_to_one_after_the_other(run_both, double):
    class Broken(Noting):
        def call(self, target, context):
            raise ZeroDivisionError

    batch = run_both(targets(*(f"key-{n}" for n in range(800))), operation=Broken())
    assert codes(batch) == ["InternalError"] * 800
    assert codes(run_both(targets(*[""] * 800))) == ["InvalidRequest"] * 800


def test_stop_lets_requests_in_flight_end_and_starts_nothing_new(run_both, double):
    stop = threading.Event()

    def answer(received):
        stop.set()
        return Reply(reply().data, delay_s=0.2)

    double.answer = answer
    batch = run_both(targets("a", "b", "c"), stop=stop, in_flight=1)
    assert codes(batch) == ["", None, None]
    assert keys_of(double) == ["a"]


def test_stop_lets_a_task_go_through_all_its_steps(run_both, double):
    stop = threading.Event()

    def answer(received):
        stop.set()
        return reply()

    double.answer = answer
    batch = run_both(targets("a", "b"), operation=Twice(), stop=stop, in_flight=1)
    assert codes(batch) == ["", None]
    assert [received.method for received in double.received] == ["PUT", "DELETE"]


def test_stop_ends_a_task_that_waits_to_be_tried_again_without_failing_it(run, double):
    stop = threading.Event()
    double.answer = lambda received: SLOW_DOWN
    work = run.work(targets("a"), stop=stop, task_deadline_s=600, decide=lambda **_: Long())
    done = run.plane.submit(work)
    eventually(lambda: double.received)
    stop.set()
    assert done.result(timeout=30).outcomes == [None]


class Long:
    delay_s = 60.0


def test_stop_before_the_start_makes_no_call(run_both, double):
    stop = threading.Event()
    stop.set()
    assert run_both(targets("a"), stop=stop).outcomes == [None]
    assert double.received == []


def test_stop_gives_up_on_an_answer_that_does_not_come(run, double, monkeypatch):
    monkeypatch.setattr(flight, "DRAIN_S", 0.1)
    stop = threading.Event()
    hanging = Reply(b"", delay_s=None)
    scripted(double, {"b": [hanging]})
    work = run.work(targets("a", "b"), stop=stop)
    done = run.plane.submit(work)
    eventually(lambda: len(double.received) == 2)
    stop.set()
    assert codes(done.result(timeout=30)) == ["", None]
    eventually(lambda: double.in_flight == 0)  # its connection was closed
    double.answer = plausible
    assert codes(run(targets("c"))) == [""]


def test_answer_that_does_not_come_is_a_timeout_and_tried_again(run, double):
    scripted(double, {"a": [Reply(b"", delay_s=None)]})
    assert run(targets("a"), patience_s=30).outcomes[0].succeeded
    assert len(double.received) == 2


@pytest.mark.parametrize("stops", [False, True])
def test_storage_that_takes_requests_and_answers_none_is_given_up(double, stops):
    plane = DataPlane(in_flight=4, timeouts=Timeouts(silence_s=0.3))
    stop = threading.Event()
    double.answer = lambda received: Reply(b"", delay_s=None)
    work = Runner(plane, double).work(targets("a", "b"), patience_s=0.2, stop=stop)
    done = plane.submit(work)
    eventually(lambda: len(double.received) == 2)
    if stops:
        stop.set()
    batch = done.result(timeout=30)
    assert batch.outcomes == [None, None]
    assert stops or batch.outage.code == "ReadTimeoutError"
    plane.close()


def test_task_that_breaks_the_operation_fails_alone(run_both, double):
    class Broken(Noting):
        def only_call(self, target, context):
            return None

        def call(self, target, context):
            if target.key == "a":
                raise ZeroDivisionError("at the start")
            return super().call(target, context)

        def run(self, target, context):
            outcome = yield from super().run(target, context)
            if target.key == "b":
                raise KeyError("at the end")
            return outcome

    batch = run_both(targets("a", "b", "c", "a", "d"), operation=Broken(), in_flight=2)
    assert codes(batch) == ["InternalError", "InternalError", "", "InternalError", ""]
    assert batch.outcomes[0].message == "Task failed due to ZeroDivisionError('at the start')"


def test_rows_are_begun_for_a_while_only_and_then_run_to_their_end(run_both, double):
    double.answer = lambda received: Reply(reply().data, delay_s=1.0)
    batch = run_both(targets("a", "b", "c", "d", "e"), in_flight=2, begin_s=0.8)
    assert codes(batch) == ["", "", None, None, None]
    assert codes(run_both(targets("a", "b"), in_flight=1, begin_s=0)) == ["", None]


def test_answer_of_a_slow_storage_is_waited_for_as_long_as_something_comes(run, double):
    slow = Reply(reply(200, b" " * 400 + COPIED.partition(b"\n")[2]).data, bytewise=True)
    double.answer = lambda received: slow
    operation = Noting("CopyObject", {"CopySource": {"Bucket": "photos", "Key": "b"}})
    assert codes(run(targets("a"), operation=operation, decide=never)) == [""]


def test_two_chunks_share_the_limit_of_the_plane_and_both_end(double):
    plane = DataPlane(in_flight=6)
    try:
        double.answer = lambda received: Reply(reply().data, delay_s=0.005)
        from_both = [
            plane.submit(work_on(double, [f"{name}-{n}" for n in range(60)])) for name in "xy"
        ]
        assert [codes(done.result(timeout=30)) for done in from_both] == [[""] * 60] * 2
        assert double.most_in_flight == 6
        assert double.connections == 6
    finally:
        plane.close()


def test_closing_fails_what_is_on_its_way(double):
    plane = DataPlane(in_flight=4)
    double.answer = lambda received: Reply(b"", delay_s=None)
    done = plane.submit(work_on(double, ["a"]))
    eventually(lambda: double.received)
    plane.close()
    with pytest.raises(RuntimeError, match="closed"):
        done.result(timeout=30)


def work_on(double, names):
    return Runner(None, double).work(targets(*names), in_flight=50)


def test_clock_that_is_wrong_is_set_once_by_the_storages_date(run, double):
    skewed = error(403, "RequestTimeTooSkewed", "The difference is too large.")
    scripted(double, {"a": [skewed]})
    batch = run(targets("a", "b"), in_flight=1, decide=never)
    assert codes(batch) == ["", ""]
    dates = [received.headers["x-amz-date"][:8] for received in double.received]
    assert dates[0] != "20260102" and dates[1:] == ["20260102", "20260102"]
    assert all(signature_holds(received, KEYS) for received in double.received)


def test_clock_that_stays_wrong_is_not_set_for_ever(run, double):
    skewed = error(403, "RequestTimeTooSkewed", "The difference is too large.")
    double.answer = lambda received: skewed
    assert codes(run(targets("a"), decide=never)) == ["RequestTimeTooSkewed"]
    assert len(double.received) == 2


def test_clock_is_not_set_by_a_date_that_is_none(run, double):
    skewed = error(403, "RequestTimeTooSkewed", "The difference is too large.").data
    date = b"Fri, -1 Jan 03:04 999999999999 + EST"
    double.answer = lambda received: Reply(skewed.replace(b"Fri, 02 Jan 2026 03:04:05 GMT", date))
    assert codes(run(targets("a"), decide=never)) == ["RequestTimeTooSkewed"]
    assert len(double.received) == 1


def test_call_that_only_boto3_can_make_goes_through_boto3(run, double):
    operation = Listing()
    double.answer = lambda received: LISTED
    assert codes(run(targets("a"), operation=operation)) == [""]
    assert operation.answers["a"].data["Contents"][0]["Key"] == "a/1"
    assert "Boto" in double.received[0].headers["user-agent"]
