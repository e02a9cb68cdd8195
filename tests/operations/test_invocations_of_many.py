"""Several tasks in one invocation: each has the result that the answer gives to its ID."""

import json

import pytest

from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE, Outcome
from jobs.operations.invocations import invoking_many
from jobs.operations.invocations.invocation_event import task_id_of
from jobs.operations.lambda_invoke import LambdaInvoke
from jobs.operations.webhook_invoke import WebhookInvoke
from jobs.spec.target import Target
from tests import s3_double
from tests.operations.invocations import (
    ARN,
    JOB_ID,
    Invoker,
    answered,
    lost,
    make_plane,
    refused,
    results,
    webhook_holds,
)

KEYS = ["a", "b", "c", "d", "e"]
BY_THREE = LambdaInvoke.parse({"FunctionArn": ARN, "TasksPerInvocation": 3})
HOOK = WebhookInvoke.parse({"WebhookName": "thumbnails", "TasksPerInvocation": 3})
AGAIN = "Successful (invoked again: an earlier invocation was not answered)"


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


def tasks_of(received):
    return json.loads(received.body)["tasks"]


def keys_of(received):
    return [task["s3Key"] for task in tasks_of(received)]


def said(received, **codes):
    """A result for each task whose key is named, in another order than they were asked."""
    found = [
        {
            "taskId": task["taskId"],
            "resultCode": codes[task["s3Key"]],
            "resultString": task["s3Key"],
        }
        for task in reversed(tasks_of(received))
        if task["s3Key"] in codes
    ]
    return results(received) | {"results": found}


@pytest.mark.parametrize("operation", [BY_THREE, HOOK], ids=["function", "webhook"])
def test_so_many_tasks_stand_in_one_event_in_the_order_of_the_list(invoke, double, operation):
    assert invoke(operation, *KEYS) == [DONE] * 5
    assert sorted(map(keys_of, double.received)) == [["a", "b", "c"], ["d", "e"]]


def test_tasks_have_the_ids_that_they_would_have_alone(invoke, double):
    invoke(BY_THREE, *KEYS, first_row=40)
    found = {task["s3Key"]: task["taskId"] for one in double.received for task in tasks_of(one)}
    assert found == {key: task_id_of(JOB_ID, 40 + n) for n, key in enumerate(KEYS)}


def test_rows_that_are_no_targets_do_not_shift_the_ids_of_others(invoke, double):
    wrong = Outcome(False, 400, "InvalidRequest", "No key.")
    given = [Target("photos", "a"), wrong, Target("docs", "c")]
    assert invoke(BY_THREE, *given) == [DONE, wrong, DONE]
    (received,) = double.received
    assert [task["taskId"] for task in tasks_of(received)] == [
        task_id_of(JOB_ID, row) for row in (0, 2)
    ]


def test_results_are_matched_by_their_ids(invoke, double):
    double.answer = lambda received: answered(
        said(received, a="Succeeded", b="PermanentFailure", c="Succeeded")
    )
    assert invoke(BY_THREE, *KEYS[:3]) == [
        Outcome(True, 200, "", "a"),
        Outcome(False, 200, "PermanentFailure", "b"),
        Outcome(True, 200, "", "c"),
    ]


def test_task_that_the_answer_does_not_name_is_what_missing_ones_are(invoke, double):
    double.answer = lambda received: answered(said(received, a="Succeeded", c="Succeeded"))
    outcomes = invoke(BY_THREE, *KEYS[:3])
    assert [outcome.code for outcome in outcomes] == ["", "PermanentFailure", ""]
    assert outcomes[1].message == "The function answered PermanentFailure and said no more."


def test_those_that_fail_for_now_are_invoked_again_without_the_others(invoke, double):
    def answer(received):
        is_first = len(double.received) == 1
        code = "TemporaryFailure" if is_first else "Succeeded"
        return answered(said(received, a="Succeeded", b=code, c=code))

    double.answer = answer
    outcomes = invoke(BY_THREE, *KEYS[:3])
    assert all(outcome.succeeded for outcome in outcomes)
    assert list(map(keys_of, double.received)) == [["a", "b", "c"], ["b", "c"]]


def test_temporary_failures_without_end_fail_with_their_own_text(invoke, double):
    double.answer = lambda received: answered(
        said(received, a="Succeeded", b="TemporaryFailure", c="Succeeded")
    )
    outcomes = invoke(BY_THREE, *KEYS[:3], limits={"task_deadline_s": 0.2})
    assert [outcome.succeeded for outcome in outcomes] == [True, False, True]
    assert outcomes[1].code == "TemporaryFailure"


def test_after_an_invocation_without_an_answer_each_goes_alone_and_says_so(invoke, double):
    double.answer = lambda received: (
        lost() if len(tasks_of(received)) > 1 else answered(results(received))
    )
    outcomes = invoke(BY_THREE, *KEYS[:3])
    assert outcomes == [Outcome(True, 200, "", AGAIN)] * 3
    assert sorted(map(keys_of, double.received)) == [["a"], ["a", "b", "c"], ["b"], ["c"]]


def test_tasks_of_a_worker_that_died_go_alone(invoke, double):
    assert invoke(BY_THREE, *KEYS, tried_since_s=1.0) == [Outcome(True, 200, "", AGAIN)] * 5
    assert sorted(map(keys_of, double.received)) == [[key] for key in KEYS]


@pytest.mark.parametrize("body", [b"no JSON", b"{}"])
def test_answer_that_is_none_fails_all_tasks_of_its_invocation(invoke, double, body):
    double.answer = lambda received: answered(body)
    message = "Invalid JSON returned in Lambda payload"
    assert invoke(BY_THREE, *KEYS[:3]) == [Outcome(False, 200, "PermanentFailure", message)] * 3


def test_what_is_refused_fails_each_task_with_lambdas_own_code(invoke, double):
    double.answer = lambda received: refused(404, "ResourceNotFoundException", "Not found.")
    expected = Outcome(False, 404, "ResourceNotFoundException", "Not found.")
    assert invoke(BY_THREE, *KEYS[:3]) == [expected] * 3


def test_event_that_is_too_large_goes_in_halves_and_a_task_that_is_fails(
    invoke, double, monkeypatch
):
    small = len(invoking_many.TOO_LARGE.message) + 900
    monkeypatch.setattr(invoking_many, "MOST_BYTES", small)
    outcomes = invoke(BY_THREE, "a" * 400, "b" * 400, "c" * 400)
    assert outcomes == [DONE] * 3
    assert max(len(one.body) for one in double.received) <= small
    assert len(double.received) >= 2


def test_webhook_id_of_a_call_for_several_is_the_same_on_every_repeat(invoke, double):
    def answer(received):
        is_first = len(double.received) == 1
        code = "TemporaryFailure" if is_first else "Succeeded"
        return answered(said(received, a=code, b=code, c=code))

    double.answer = answer
    invoke(HOOK, *KEYS[:3])
    ids = {received.headers["webhook-id"] for received in double.received}
    assert len(double.received) == 2
    assert len(ids) == 1
    assert ids.isdisjoint(task_id_of(JOB_ID, n) for n in range(3))
    assert all(map(webhook_holds, double.received))


@pytest.mark.parametrize("value", [0, 101, -1, "3", 1.5, True])
def test_number_of_tasks_that_cannot_be_is_refused_with_its_field(value):
    with pytest.raises(ValidationFailedError) as refusal:
        LambdaInvoke.parse({"FunctionArn": ARN, "TasksPerInvocation": value})
    (problem,) = refusal.value.problems
    assert problem.field == "TasksPerInvocation"


def test_several_per_invocation_stand_in_words_for_review():
    assert ("Objects per invocation", "Up to 3") in BY_THREE.summary()
    assert "with up to 3 at once" in BY_THREE.consequence(9, ["photos"])
