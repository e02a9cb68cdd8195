"""A chunk's tasks: retried, stopped, and never failed for a storage that is silent."""

import threading
from dataclasses import dataclass, field

from jobs.dataplane.work import Limits, Work
from jobs.engine import retry
from jobs.engine.executor import Executor
from jobs.operations.base import Outcome, outcome_of
from jobs.s3.calls import Answer, Call
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.spec.target import Target

ENDPOINT = Endpoint("http://storage.test", "us-east-1", "path")
OK = Answer(200, "", "", {})
SLOW_DOWN = Answer(503, "SlowDown", "Please reduce your request rate.", {})
NOT_FOUND = Answer(404, "NoSuchKey", "The specified key does not exist.", {})
SILENT = Answer(0, "EndpointConnectionError", "Connection refused", {})
REFUSED = Answer(403, "InvalidAccessKeyId", "The key ID is not known.", {})


class PutSomething:
    """An operation of one call."""

    def start(self, target, endpoint):
        return Call("PutObjectTagging", target.bucket, {"Key": target.key})

    def proceed(self, target, endpoint, call, answer):
        return outcome_of(answer)


class CopyThenTag(PutSomething):
    def proceed(self, target, endpoint, call, answer):
        if call.action == "PutObjectTagging" and answer.code == "":
            return Call("Second", target.bucket, {"Key": target.key})
        return outcome_of(answer)


@dataclass
class Storage:
    """Answers by key from a script, then with OK; counts what was asked."""

    script: dict = field(default_factory=dict)
    default: Answer = OK
    calls: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def perform(self, call):
        with self.lock:
            self.calls.append((call.action, call.params["Key"]))
            answers = self.script.get(call.params["Key"])
            return answers.pop(0) if answers else self.default


class Ready:
    """An executor for whatever targets."""

    def __init__(self, storage, operation, stop, limits):
        self.parts = storage, operation, stop, limits

    def run(self, given):
        storage, operation, stop, limits = self.parts
        nobody = Credentials("k", "s")
        work = Work(
            operation, given, lambda b: ENDPOINT, lambda b: nobody, limits, stop, retry.decide
        )
        return Executor(work, storage.perform).run()


def executor(storage, *, operation=None, stop=None, in_flight=4, deadline_s=5.0, patience_s=0.2):
    limits = Limits(in_flight, deadline_s, patience_s)
    return Ready(storage, operation or PutSomething(), stop or threading.Event(), limits)


def targets(*keys):
    return [Target("photos", key) for key in keys]


def test_every_target_gets_its_own_outcome_in_the_order_of_the_list():
    storage = Storage({"b": [NOT_FOUND]})
    batch = executor(storage).run(targets("a", "b", "c"))
    assert [outcome.code for outcome in batch.outcomes] == ["", "NoSuchKey", ""]
    assert sorted(key for _, key in storage.calls) == ["a", "b", "c"]


def test_throttled_task_is_tried_again_and_succeeds():
    storage = Storage({"a": [SLOW_DOWN, SLOW_DOWN]})
    batch = executor(storage).run(targets("a"))
    assert batch.outcomes[0].succeeded
    assert len(storage.calls) == 3


def test_task_that_stays_throttled_past_its_deadline_fails_with_the_last_answer():
    storage = Storage(default=SLOW_DOWN)
    batch = executor(storage, deadline_s=0.01).run(targets("a"))
    assert (batch.outcomes[0].succeeded, batch.outcomes[0].code) == (False, "SlowDown")


def test_task_decided_without_a_call_costs_no_call():
    decided = Outcome(False, 400, "InvalidRequest", "Task failed due to missing VersionId")
    storage = Storage()
    batch = executor(storage).run([decided, *targets("a")])
    assert batch.outcomes[0] == decided
    assert storage.calls == [("PutObjectTagging", "a")]


def test_operation_of_two_steps_makes_both_calls_of_a_task():
    storage = Storage()
    batch = executor(storage, operation=CopyThenTag()).run(targets("a"))
    assert batch.outcomes[0].succeeded
    assert storage.calls == [("PutObjectTagging", "a"), ("Second", "a")]


def test_storage_that_gives_no_answer_is_an_outage_and_fails_no_task():
    storage = Storage(default=SILENT)
    batch = executor(storage, deadline_s=0.01).run(targets("a", "b", "c"))
    assert batch.outcomes == [None, None, None]
    assert batch.outage == SILENT


def test_storage_that_is_silent_for_a_moment_is_waited_for():
    storage = Storage({"a": [SILENT, SILENT]})
    batch = executor(storage, patience_s=30).run(targets("a"))
    assert batch.outcomes[0].succeeded and batch.outage is None


def codes(batch):
    return [outcome and outcome.code for outcome in batch.outcomes]


def test_refused_credentials_end_the_batch_with_the_rest_untouched():
    storage = Storage({"a": [REFUSED]})
    batch = executor(storage, in_flight=1).run(targets("a", "b", "c"))
    assert batch.fatal == REFUSED
    assert codes(batch) == ["InvalidAccessKeyId", None, None]


def test_answer_that_seems_to_end_all_fails_its_task_alone_where_another_has_succeeded():
    storage = Storage({"b": [REFUSED]})
    batch = executor(storage, in_flight=1).run(targets("a", "b", "c"))
    assert batch.fatal is None
    assert codes(batch) == ["", "InvalidAccessKeyId", ""]


def test_stop_lets_requests_in_flight_end_and_starts_nothing_new():
    stop, storage = threading.Event(), Storage()
    plain = storage.perform

    def perform(call):
        stop.set()
        return plain(call)

    storage.perform = perform
    batch = executor(storage, stop=stop, in_flight=1).run(targets("a", "b", "c"))
    assert [outcome is not None for outcome in batch.outcomes] == [True, False, False]
    assert len(storage.calls) == 1


def test_stop_ends_a_task_that_waits_to_be_tried_again_without_failing_it():
    stop, storage = threading.Event(), Storage(default=SLOW_DOWN)
    threading.Timer(0.1, stop.set).start()
    batch = executor(storage, stop=stop, deadline_s=600).run(targets("a"))
    assert batch.outcomes == [None]
