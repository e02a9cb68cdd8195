"""A service that is no S3, called by tasks that call S3 as well."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.operations.base import Outcome
from jobs.operations.steps import Later, Together
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.faults import Verdict
from jobs.s3.template import Origin
from jobs.services.base import Service
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.services.s3 import S3Service, bucket_at
from tests.dataplane.conftest import KEYS, Runner, targets
from tests.dataplane.steps_at_work import Stepping, part
from tests.s3_double import TAGS, Reply, error, reply


@dataclass
class Posted:
    origin: Origin
    data: bytes
    method: str = "POST"

    def fill(self):
        return self.data

    def url(self):
        return f"http://{self.origin.host}:{self.origin.port}/"


class Thumbnails(Service):
    """POSTs JSON and reads JSON: {"state": "done" | "again" | "broken", "result": ...}."""

    name = "thumbnails"

    def __init__(self, endpoint, credentials, *, connect_timeout_s, read_timeout_s):
        place = urlsplit(endpoint.url)
        self._origin = Origin(place.hostname, place.port, False)

    def request(self, call):
        body = json.dumps({"of": call.to.name, **call.params}).encode()
        head = f"POST /{call.action} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        return Posted(self._origin, head.encode() + body)

    def read(self, call, status, head, body):
        try:
            said = json.loads(body)
            code = "" if said["state"] == "done" else str(said["state"])
            return Answer(status, code, code, {"result": said.get("result")})
        except (ValueError, KeyError):
            return Answer(status, "NoJson", "This is no answer of ours.")

    def perform(self, call):
        raise NotImplementedError

    def classify(self, answer):
        if not answer.code:
            return Verdict.OK
        is_heard = answer.http_status and answer.code not in ("again", "NoJson")
        return Verdict.FINAL if is_heard else Verdict.RETRY

    def is_throttled(self, answer):
        return answer.code == "again"


class Both:
    def __init__(self, endpoint):
        self.endpoint = endpoint

    def bucket(self, name):
        return bucket_at(self.endpoint, KEYS, name)


@pytest.fixture
def run_services(double):
    services = {"s3": S3Service, "thumbnails": Thumbnails}
    timeouts = Timeouts(connect_s=2, silence_s=2)
    plane = DataPlane(in_flight=16, timeouts=timeouts, services=services)
    yield Runner(plane, double)
    plane.close()


def thumbnail_of(double, key):
    there = Destination("thumbnails", Endpoint(double.endpoint.url, "", ""), None, "small")
    return Call(there, "make", {"key": key})


def tagged_and_drawn(double):
    def steps(target, context):
        tagging = yield part(context, target.key)
        drawn = yield thumbnail_of(double, target.key)
        if drawn.code:
            return Outcome(False, drawn.http_status, drawn.code, drawn.message)
        return tagging.code, drawn.data["result"]

    return Stepping(steps)


def answering(double, *states):
    """S3's calls go well; those to the other service are answered with `states`, then done."""
    left = iter(states)

    def answer(received):
        if received.method == "GET":
            return reply(200, TAGS)
        state = next(left, "done")
        if state == "page":
            return Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        asked = json.loads(received.body)
        said = json.dumps({"state": state, "result": f"{asked['of']}/{asked['key']}"}).encode()
        return Reply(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)

    double.answer = answer


def test_task_calls_s3_and_a_service_of_another_kind(run_services, double):
    answering(double)
    operation = tagged_and_drawn(double)
    batch = run_services(targets("a", "b"), operation=operation)
    assert all(outcome.succeeded for outcome in batch.outcomes)
    assert operation.returned == {"a": ("", "small/a"), "b": ("", "small/b")}


def test_service_says_which_of_its_answers_are_asked_for_again(run_services, double):
    answering(double, "again", "page", "again")
    operation = tagged_and_drawn(double)
    assert run_services(targets("a"), operation=operation).outcomes[0].succeeded
    assert sum(r.method == "POST" for r in double.received) == 4


def test_refusal_of_another_service_is_that_tasks_alone(run_services, double):
    answering(double, "broken")
    batch = run_services(targets("a", "b"), operation=tagged_and_drawn(double), in_flight=1)
    assert [outcome.code for outcome in batch.outcomes] == ["broken", ""]
    assert batch.fatal is None


def test_operation_judges_the_answers_of_another_service_too(run_services, double):
    answering(double, "broken", "broken")
    operation = tagged_and_drawn(double)
    operation._judge = lambda call, answer: Later(0.01) if call.action == "make" else None
    assert run_services(targets("a"), operation=operation).outcomes[0].succeeded
    assert sum(r.method == "POST" for r in double.received) == 3


def test_calls_to_two_services_go_side_by_side(run_services, double):
    answering(double)

    def steps(target, context):
        calls = [part(context, target.key), thumbnail_of(double, target.key)] * 3
        answers = yield Together(calls)
        return [answer.code for answer in answers]

    operation = Stepping(steps)
    run_services(targets("a"), operation=operation)
    assert operation.returned == {"a": [""] * 6}


def test_service_that_is_silent_is_an_outage_though_s3_answers_nothing_more(run_services, double):
    def answer(received):
        return reply(200, TAGS) if received.method == "GET" else Reply(b"", close=True)

    double.answer = answer
    batch = run_services(targets("a"), operation=tagged_and_drawn(double), patience_s=0.2)
    assert batch.outcomes == [None]
    assert batch.outage is not None


def test_bucket_that_is_gone_still_ends_the_job(run_services, double):
    double.answer = lambda received: error(404, "NoSuchBucket")

    def steps(target, context):
        answer = yield part(context, target.key)
        return Outcome(False, answer.http_status, answer.code, "gone")

    batch = run_services(targets("a", "b"), operation=Stepping(steps), in_flight=1)
    assert batch.fatal.code == "NoSuchBucket"
