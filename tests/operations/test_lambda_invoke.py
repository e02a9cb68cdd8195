"""Invocations of functions, against a Lambda API of a test's own that verifies what it is sent."""

import functools
import json
import re

import pytest

from jobs.dataplane.plane import DataPlane
from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE, Outcome
from jobs.operations.invocations.invocation_event import encoded, task_id_of
from jobs.operations.lambda_invoke import LambdaInvoke
from jobs.s3 import reachable
from jobs.s3.endpoints import Credentials
from jobs.services.lambda_function import LAMBDA, LambdaService
from jobs.services.table import SERVICES
from jobs.spec.target import Target
from tests import s3_double
from tests.operations.invocations import (
    ARN,
    JOB_ID,
    Invoker,
    Places,
    answered,
    lost,
    make_plane,
    refused,
    results,
    sigv4_holds,
)

PLAIN = LambdaInvoke.parse({"FunctionArn": ARN})
SAMPLE = """{
  "invocationSchemaVersion": "1.0",
  "treatMissingKeysAs" : "PermanentFailure",
  "invocationId" : "YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo",
  "results": [
    {
      "taskId": "dGFza2lkZ29lc2hlcmUK",
      "resultCode": "Succeeded",
      "resultString": "["Alice", "Bob"]"
    }
  ]
}"""
"""As the guides print it, which is no JSON: the quotes within the text are not escaped."""


def sample(received, text=SAMPLE):
    task = json.loads(received.body)["tasks"][0]
    return text.replace("dGFza2lkZ29lc2hlcmUK", task["taskId"]).encode()


@pytest.fixture(scope="module")
def plane():
    made = make_plane()
    yield made
    made.close()


@pytest.fixture
def double():
    with s3_double.running() as made:
        made.answer = lambda received: answered(results(received))
        yield made


@pytest.fixture
def invoke(plane, double):
    return Invoker(plane, double)


def failed(message, code="PermanentFailure", http_status=200):
    return Outcome(False, http_status, code, message)


# --- What is sent


def test_request_is_that_of_lambdas_own_api_and_its_signature_holds(invoke, double):
    qualified = LambdaInvoke.parse({"FunctionArn": f"{ARN}:$LATEST"})
    assert invoke(PLAIN, "a.jpg") + invoke(qualified, "b.jpg") == [DONE, DONE]
    plain, latest = double.received
    assert (plain.method, plain.target) == (
        "POST",
        "/2015-03-31/functions/thumbnails/invocations",
    )
    assert latest.target == f"{plain.target}?Qualifier=%24LATEST"
    for received in double.received:
        assert received.headers["x-amz-invocation-type"] == "RequestResponse"
        assert sigv4_holds(received)


def test_boto3_sends_the_same_where_requests_of_our_own_are_switched_off(invoke, double):
    by_boto3 = {LAMBDA: functools.partial(LambdaService, by_boto3=True)}
    slow = DataPlane(in_flight=4, services={**SERVICES, **by_boto3})
    qualified = LambdaInvoke.parse({"FunctionArn": f"{ARN}:live"})
    error = answered(b'{"errorMessage":"no"}', headers="X-Amz-Function-Error: Unhandled\r\n")
    answers = {
        "good": lambda received: answered(results(received, text="ok")),
        "error": lambda received: error,
        "gone": lambda received: refused(404, "ResourceNotFoundException", "Function not found"),
    }
    double.answer = lambda received: answers[json.loads(received.body)["tasks"][0]["s3Key"]](
        received
    )
    try:
        ours, theirs = [
            Invoker(plane, double)(qualified, *answers, limits={"in_flight": 1})
            for plane in (invoke.plane, slow)
        ]
    finally:
        slow.close()
    assert ours == theirs
    assert [outcome.succeeded for outcome in ours] == [True, False, False]
    first, second = double.received[0], double.received[3]
    assert (first.method, first.target) == (second.method, second.target)
    assert sigv4_holds(first) and sigv4_holds(second)
    assert second.headers["x-amz-invocation-type"] == "RequestResponse"


@pytest.mark.parametrize("by_boto3", [False, True])
def test_link_local_address_is_not_called_either_way(invoke, monkeypatch, by_boto3):
    kinds = {LAMBDA: functools.partial(LambdaService, by_boto3=by_boto3)}
    plane = DataPlane(in_flight=4, services={**SERVICES, **kinds})
    monkeypatch.setattr(reachable, "is_allowed", lambda address: address != "127.0.0.1")
    try:
        batch = Invoker(plane, invoke.double).batch(PLAIN, "a", limits={"patience_s": 0.0})
    finally:
        plane.close()
    assert batch.outcomes == [None]
    assert batch.outage.code == "ForbiddenAddress"
    assert invoke.double.received == []


def test_session_token_is_sent_and_signed(invoke, double):
    keys = Credentials("AKIDTOKEN", "secret", "token/with+signs=")
    assert invoke(PLAIN, "a.jpg", places=Places(double, keys)) == [DONE]
    assert double.received[0].headers["x-amz-security-token"] == "token/with+signs="
    assert sigv4_holds(double.received[0], keys)


def test_event_of_schema_1_has_the_members_of_the_guides_sample_and_no_other(invoke, double):
    invoke(PLAIN, Target("examplebucket", "customerImage1.jpg", "1"))
    event = json.loads(double.received[0].body)
    assert event == {
        "invocationSchemaVersion": "1.0",
        "invocationId": event["invocationId"],
        "job": {"id": JOB_ID},
        "tasks": [
            {
                "taskId": task_id_of(JOB_ID, 0),
                "s3Key": "customerImage1.jpg",
                "s3VersionId": "1",
                "s3BucketArn": "arn:aws:s3:::examplebucket",
            }
        ],
    }
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", event["invocationId"])


def test_event_of_schema_2_names_the_bucket_and_has_the_users_arguments(invoke, double):
    wire = {"FunctionArn": ARN, "InvocationSchemaVersion": "2.0", "UserArguments": {"size": "200"}}
    invoke(LambdaInvoke.parse(wire), "a.jpg")
    event = json.loads(double.received[0].body)
    assert event["invocationSchemaVersion"] == "2.0"
    assert event["job"] == {"id": JOB_ID, "userArguments": {"size": "200"}}
    assert event["tasks"] == [
        {
            "taskId": task_id_of(JOB_ID, 0),
            "s3Key": "a.jpg",
            "s3VersionId": None,
            "s3Bucket": "photos",
        }
    ]


TEXT, MAYBE = (str,), (str, type(None))
BATCH_EVENT = {
    "invocationSchemaVersion": TEXT,
    "invocationId": TEXT,
    "job": (dict,),
    "tasks": (list,),
}
TASK = {"taskId": TEXT, "s3Key": TEXT, "s3VersionId": MAYBE}
TYPES = {
    "1.0": (BATCH_EVENT, {"id": TEXT}, {**TASK, "s3BucketArn": TEXT}),
    "2.0": (BATCH_EVENT, {"id": TEXT, "userArguments": (dict,)}, {**TASK, "s3Bucket": TEXT}),
}
"""Of an event, its job and its tasks: members and their types."""


@pytest.mark.parametrize("schema", ["1.0", "2.0"])
def test_event_has_the_types_that_are_published_for_handlers(invoke, double, schema):
    arguments = {"UserArguments": {"a": "b"}} if schema == "2.0" else {}
    wire = {"FunctionArn": ARN, "InvocationSchemaVersion": schema, **arguments}
    invoke(LambdaInvoke.parse(wire), "a.jpg", Target("photos", "b.jpg", "v1"))
    for received in double.received:
        event = json.loads(received.body)
        for found, known in zip(
            (event, event["job"], event["tasks"][0]), TYPES[schema], strict=True
        ):
            assert found.keys() == known.keys()
            assert all(isinstance(value, known[name]) for name, value in found.items())


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("a+b c/ü.txt", "a%2Bb+c/%C3%BC.txt"),
        ("folder/photo+1.jpg", "folder/photo%2B1.jpg"),
        ('{"from": 1, "to": 2}', "%7B%22from%22%3A+1%2C+%22to%22%3A+2%7D"),
        ("a|b%2F", "a%7Cb%252F"),
    ],
)
def test_key_is_encoded_as_forms_are_and_slashes_stay(invoke, double, key, sent):
    assert encoded(key) == sent
    invoke(PLAIN, key)
    assert json.loads(double.received[0].body)["tasks"][0]["s3Key"] == sent


def test_task_has_one_id_on_every_repeat_and_no_other_has_it(invoke, double):
    invoke(PLAIN, "a", "b", first_row=7)
    invoke(PLAIN, "b", first_row=8)
    tasks = [json.loads(received.body)["tasks"][0] for received in double.received]
    ids = {(task["s3Key"], task["taskId"]) for task in tasks}
    assert ids == {("a", task_id_of(JOB_ID, 7)), ("b", task_id_of(JOB_ID, 8))}
    assert len({json.loads(received.body)["invocationId"] for received in double.received}) == 3


# --- What is answered


def test_sample_answer_as_it_is_printed_is_no_json_and_fails_its_task(invoke, double):
    double.answer = lambda received: answered(sample(received))
    assert invoke(PLAIN, "a") == [failed("Invalid JSON returned in Lambda payload")]


def test_sample_answer_that_is_mended_succeeds_and_its_text_is_the_message(invoke, double):
    mended = SAMPLE.replace('"["Alice", "Bob"]"', r'"[\"Alice\", \"Bob\"]"')
    double.answer = lambda received: answered(sample(received, mended))
    assert invoke(PLAIN, "a") == [Outcome(True, 200, "", '["Alice", "Bob"]')]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b'"done"',
        b"[]",
        b"{}",
        b'{"results": {}}',
        b'{"results": ["done"]}',
        b'{"results": [{"taskId": 1, "resultCode": "Succeeded"}]}',
        b'{"results": [{"taskId": "t", "resultCode": "Done"}]}',
        b'{"results": [{"taskId": "t", "resultCode": "Succeeded", "resultString": 1}]}',
        b'{"results": [], "treatMissingKeysAs": "Lost"}',
        b"[" * 100_000,
        b"\xff",
    ],
    ids=lambda payload: payload[:40].decode("latin-1") or "empty",
)
def test_payload_of_another_form_is_invalid(invoke, double, payload):
    double.answer = lambda received: answered(payload)
    assert invoke(PLAIN, "a") == [failed("Invalid JSON returned in Lambda payload")]


def test_permanent_failure_is_final_with_its_text(invoke, double):
    double.answer = lambda received: answered(results(received, "PermanentFailure", "no image"))
    assert invoke(PLAIN, "a") == [failed("no image")]
    assert len(double.received) == 1


def test_temporary_failure_is_invoked_again_until_it_succeeds(invoke, double):
    codes = iter(["TemporaryFailure", "TemporaryFailure"])
    double.answer = lambda received: answered(results(received, next(codes, "Succeeded"), "text"))
    assert invoke(PLAIN, "a") == [Outcome(True, 200, "", "text")]
    assert len(double.received) == 3
    assert len({json.loads(r.body)["tasks"][0]["taskId"] for r in double.received}) == 1


def test_temporary_failure_without_end_fails_with_the_text_of_the_last(invoke, double):
    double.answer = lambda received: answered(results(received, "TemporaryFailure", "later"))
    outcome = invoke(PLAIN, "a", limits={"task_deadline_s": 0.2})[0]
    assert (outcome.succeeded, outcome.code) == (False, "TemporaryFailure")
    assert outcome.message.startswith("later (tried ")


@pytest.mark.parametrize(
    ("treated", "outcome"),
    [
        ("Succeeded", DONE),
        ("succeeded", DONE),
        ("permanentfailure", failed("The function answered PermanentFailure and said no more.")),
    ],
)
def test_task_that_is_not_named_is_what_missing_ones_are(invoke, double, treated, outcome):
    missing = {"results": [], "treatMissingKeysAs": treated}
    double.answer = lambda received: answered(results(received, **missing))
    assert invoke(PLAIN, "a") == [outcome]


def test_task_that_is_not_named_is_a_temporary_failure_where_nothing_is_said(invoke, double):
    answers = iter([{"results": []}])
    double.answer = lambda received: answered(next(answers, None) or results(received))
    assert invoke(PLAIN, "a") == [DONE]
    assert len(double.received) == 2


def test_error_of_the_function_is_final_and_quoted(invoke, double):
    said = b'{"errorMessage":"2026-01-02 Task timed out after 3.00 seconds"}'
    double.answer = lambda received: answered(said, headers="X-Amz-Function-Error: Unhandled\r\n")
    told = f"Lambda returned function error: {said.decode()}"
    assert invoke(PLAIN, "a", "b") == [failed(told)] * 2
    assert len(double.received) == 2


def test_function_that_is_not_there_fails_each_task_with_lambdas_own_code(invoke, double):
    double.answer = lambda received: refused(404, "ResourceNotFoundException", "Function not found")
    expected = failed("Function not found", "ResourceNotFoundException", 404)
    assert invoke(PLAIN, "a", "b") == [expected] * 2


def test_code_that_stands_in_the_body_alone_is_read(invoke, double):
    said = {"__type": "com.amazon#AccessDeniedException", "Message": "Not allowed."}
    double.answer = lambda received: answered(said, 403)
    assert invoke(PLAIN, "a") == [failed("Not allowed.", "AccessDeniedException", 403)]


def test_keys_that_are_refused_end_the_chunk(invoke, double):
    double.answer = lambda received: refused(403, "UnrecognizedClientException", "Bad token.")
    batch = invoke.batch(PLAIN, "a", "b", "c", limits={"in_flight": 1})
    assert batch.fatal.code == "UnrecognizedClientException"
    assert len(double.received) == 1


def test_throttled_invocation_was_none_and_is_sent_until_it_is_taken(invoke, double):
    codes = iter(["TooManyRequestsException"] * 3)
    double.answer = lambda received: (
        refused(429, code) if (code := next(codes, "")) else answered(results(received, text="ok"))
    )
    assert invoke(PLAIN, "a") == [Outcome(True, 200, "", "ok")]
    assert len(double.received) == 4
    assert len({received.body for received in double.received}) == 1


class Pace:
    """Notes by function which answers counted as throttled."""

    in_flight, running = 64, 0

    def __init__(self):
        self.told = {}

    def turns(self, to):
        return Turns(self.told.setdefault(to.name, []))


class Turns:
    def __init__(self, told):
        self._told = told

    def wait_s(self, now_s):
        return 0

    def answered(self, *, throttled):
        self._told.append(throttled)


@pytest.mark.parametrize(
    "throttled",
    [refused(429, "TooManyRequestsException"), answered(b"{}", 429), answered(b"busy", 503)],
)
def test_throttling_slows_the_function_that_is_throttled_alone(invoke, double, throttled):
    other = LambdaInvoke.parse({"FunctionArn": f"{ARN}-2"})
    answers = iter([throttled])
    double.answer = lambda received: (
        (next(answers, None) if "thumbnails/" in received.target else None)
        or answered(results(received))
    )
    pace = Pace()
    assert invoke(PLAIN, "a", pace=pace) + invoke(other, "a", pace=pace) == [DONE, DONE]
    assert pace.told == {"thumbnails": [True, False], "thumbnails-2": [False]}


def test_answer_over_6_mb_fails_and_one_just_below_is_read(invoke, double):
    size = 6 * 1024 * 1024
    double.answer = lambda received: answered(
        json.dumps(results(received, text="")).encode().ljust(size)
    )
    assert invoke(PLAIN, "a") == [DONE]
    double.answer = lambda received: answered(b" " * (size + 1))
    expected = failed("The function's answer has more than 6 MB.", "AnswerTooLarge")
    assert invoke(PLAIN, "a") == [expected]


def test_page_of_a_proxy_is_no_answer_of_the_function(invoke, double):
    page = b"<html><head><title>Sign in</title></head></html>"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n"
    double.answer = lambda received: s3_double.Reply(head.encode() + page)
    batch = invoke.batch(PLAIN, "a", limits={"patience_s": 0.01})
    assert batch.outcomes == [None]
    assert "does not come from a Lambda API" in batch.outage.message


def test_api_that_is_not_there_is_waited_for(invoke, double):
    double.port = 1
    batch = invoke.batch(PLAIN, "a", "b")
    assert batch.outcomes == [None, None]
    assert batch.outage is not None and double.received == []
    assert batch.begun == frozenset(), "nothing was invoked"


def test_task_that_may_have_been_invoked_before_an_outage_was_begun(invoke, double):
    double.answer = lambda received: lost()
    batch = invoke.batch(PLAIN, "a", limits={"patience_s": 0.0})
    assert batch.outcomes == [None]
    assert batch.begun == frozenset({0})


# --- Answers that are lost


def test_invocation_without_an_answer_is_repeated_and_the_report_says_so(invoke, double):
    answers = iter([lost])
    double.answer = lambda received: (
        found() if (found := next(answers, None)) else answered(results(received, text="ok"))
    )
    outcome = Outcome(True, 200, "", "ok (invoked again: an earlier invocation was not answered)")
    assert invoke(PLAIN, "a") == [outcome]
    assert len(double.received) == 2
    assert len({json.loads(r.body)["tasks"][0]["taskId"] for r in double.received}) == 1


def test_invocation_that_is_never_answered_is_repeated_twice_and_no_more(invoke, double):
    double.answer = lambda received: lost()
    limits = {"patience_s": 60.0}
    outcome = invoke(PLAIN, "a", limits=limits)[0]
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (False, 504, "InvocationLost")
    assert "may have run each time" in outcome.message
    assert len(double.received) == 3


def test_repeats_of_workers_before_count(invoke, double):
    double.answer = lambda received: lost()
    invoke.kept.states[0] = b"2"
    outcome = invoke(PLAIN, "a", limits={"patience_s": 60.0}, tried_since_s=1.0)[0]
    assert outcome.code == "InvocationLost"
    assert double.received == []


def test_worker_that_died_counts_as_an_invocation_without_an_answer(invoke, double):
    outcome = invoke(PLAIN, "a", tried_since_s=1.0)[0]
    assert outcome.message == "Successful (invoked again: an earlier invocation was not answered)"
    double.received.clear()
    double.answer = lambda received: lost()
    invoke(PLAIN, "a", tried_since_s=1.0, limits={"patience_s": 60.0})
    assert len(double.received) == 2


def test_what_was_lost_is_kept_before_the_repeat_and_forgotten_at_the_end(invoke, double):
    seen = []

    def answer(received):
        seen.append(invoke.kept.states.get(0, b""))
        return answered(results(received)) if len(seen) == 3 else lost()

    double.answer = answer
    invoke(PLAIN, "a", limits={"patience_s": 60.0})
    assert seen == [b"", b"1", b"2"]
    assert invoke.kept.states == {0: b""}


def test_proxy_that_did_not_wait_for_the_answer_counts_as_no_answer(invoke, double):
    double.answer = lambda received: answered(b"<html>", 504)
    outcome = invoke(PLAIN, "a", limits={"patience_s": 60.0})[0]
    assert outcome.code == "InvocationLost"
    assert len(double.received) == 3


# --- Parameters


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ({}, "FunctionArn"),
        ({"FunctionArn": ""}, "FunctionArn"),
        ({"FunctionArn": "thumbnails"}, "FunctionArn"),
        ({"FunctionArn": "arn:aws:s3:::photos"}, "FunctionArn"),
        ({"FunctionArn": f"{ARN}:a:b"}, "FunctionArn"),
        ({"FunctionArn": f"{ARN}/../x"}, "FunctionArn"),
        ({"FunctionArn": 7}, "FunctionArn"),
        ({"FunctionArn": f"{ARN}{'x' * 1024}"}, "FunctionArn"),
        ({"InvocationSchemaVersion": "3.0"}, "InvocationSchemaVersion"),
        ({"UserArguments": {"a": "b"}}, "UserArguments"),
        ({"UserArguments": {}}, "UserArguments"),
        ({"UserArguments": []}, "UserArguments"),
        ({"UserArguments": {str(n): "" for n in range(11)}}, "UserArguments"),
        ({"UserArguments": {"k" * 65: ""}}, f"UserArguments[{'k' * 65}]"),
        ({"UserArguments": {"": "a"}}, "UserArguments[]"),
        ({"UserArguments": {"a": "v" * 1025}}, "UserArguments[a]"),
        ({"UserArguments": {"a": None}}, "UserArguments[a]"),
        ({"Payload": "x"}, "Payload"),
    ],
    ids=repr,
)
def test_parameter_that_cannot_be_is_refused_with_its_field(wire, field):
    schema = {} if wire.get("UserArguments") == {"a": "b"} else {"InvocationSchemaVersion": "2.0"}
    given = wire if not wire or "FunctionArn" in wire else {"FunctionArn": ARN, **schema, **wire}
    with pytest.raises(ValidationFailedError) as caught:
        LambdaInvoke.parse(given)
    assert field in {problem.field for problem in caught.value.problems}
