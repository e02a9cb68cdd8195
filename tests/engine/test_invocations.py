"""Jobs that invoke functions and call webhooks, from their lists to their reports."""

import json

import pytest
from django.utils import timezone

from jobs.choices import JobStatus, ReportScope
from jobs.engine import claims
from jobs.errors import ValidationFailedError
from jobs.lifecycle import freezing
from jobs.lifecycle.creation import create_job
from jobs.models import Chunk, FunctionEndpoint, Job, Webhook
from jobs.operations.invocations.invocation_event import task_id_of
from tests import s3_double
from tests.allowed import allowed
from tests.connected import make_functions, make_webhook
from tests.operations.invocations import KEYS, SECRET, answered, results, sigv4_holds, webhook_holds

pytestmark = pytest.mark.django_db(transaction=True)

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails"
INVOKE = {"operation": "LambdaInvoke", "parameters": {"FunctionArn": ARN}}
CALL = {"operation": "WebhookInvoke", "parameters": {"WebhookName": "thumbnails"}}
KEY_TEXTS = ["plain.jpg", '{"from": 1, "to": 2}', "a+b c/ü.txt", "gone.jpg"]


@pytest.fixture
def double():
    with s3_double.running() as made:
        made.answer = lambda received: answered(results(received, text=asked(received)["s3Key"]))
        yield made


@pytest.fixture
def functions(double, place):
    return make_functions(
        url=double.endpoint.url,
        code="eu-west-1",
        access_key_id=KEYS.access_key_id,
        secret_access_key=KEYS.secret_access_key,
    )


@pytest.fixture
def webhook(double, place):
    return make_webhook(url=f"{double.endpoint.url}/hook", secret=SECRET)


def asked(received):
    return json.loads(received.body)["tasks"][0]


def test_function_is_invoked_once_for_each_row_whatever_its_key(place, steps, functions, double):
    job = steps.all_the_way(place.make_job(place.list_of(KEY_TEXTS), **INVOKE))
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, 4)
    assert all(map(sigv4_holds, double.received))
    ids = {asked(received)["taskId"] for received in double.received}
    assert ids == {task_id_of(job.pk, row) for row in range(4)}
    assert {json.loads(received.body)["job"]["id"] for received in double.received} == {job.pk}
    told = {row[6] for row in place.report_rows(job)}
    assert told == {
        "plain.jpg",
        "%7B%22from%22%3A+1%2C+%22to%22%3A+2%7D",
        "a%2Bb+c/%C3%BC.txt",
        "gone.jpg",
    }


def test_webhook_is_called_once_for_each_row(place, steps, webhook, double):
    job = steps.all_the_way(place.make_job(place.list_of(KEY_TEXTS), **CALL))
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, 4)
    assert len(double.received) == 4 and all(map(webhook_holds, double.received))
    ids = {received.headers["webhook-id"] for received in double.received}
    assert ids == {task_id_of(job.pk, row) for row in range(4)}


def test_report_has_the_rows_of_failures_as_aws_has_them(place, steps, functions, double):
    error = b'{"errorMessage":"Task timed out after 3.00 seconds"}'
    answers = {
        "broken": lambda received: answered(error, headers="X-Amz-Function-Error: Unhandled\r\n"),
        "refused": lambda received: answered(results(received, "PermanentFailure", "no, image")),
        "no-json": lambda received: answered(b"done"),
    }
    double.answer = lambda received: answers[asked(received)["s3Key"]](received)
    job = steps.all_the_way(place.make_job(place.list_of(answers), **INVOKE))
    rows = {row[1]: row[3:] for row in place.report_rows(job)}
    said = f"Lambda returned function error: {error.decode()}"
    assert rows == {
        "broken": ["failed", "200", "PermanentFailure", said],
        "refused": ["failed", "200", "PermanentFailure", "no, image"],
        "no-json": [
            "failed",
            "200",
            "PermanentFailure",
            "Invalid JSON returned in Lambda payload",
        ],
    }


def test_task_of_a_worker_that_died_has_its_id_again_and_the_report_says_so(
    place, steps, functions, double
):
    job = place.make_job(place.list_of(["a", "b"]), **INVOKE)
    steps.prepare(job)
    steps.confirm(job)
    claims.claim_chunk(job.pk, owner="dead", lease_s=60)
    Chunk.objects.filter(job=job).update(lease_expires_s=1)
    steps.run()
    job = steps.finish(job)
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, 2)
    ids = {asked(received)["s3Key"]: asked(received)["taskId"] for received in double.received}
    assert ids == {"a": task_id_of(job.pk, 0), "b": task_id_of(job.pk, 1)}
    messages = {row[6] for row in place.report_rows(job)}
    assert messages == {
        f"{key} (invoked again: an earlier invocation was not answered)" for key in "ab"
    }


def test_report_says_nothing_of_invocations_that_never_left(
    place, steps, functions, double, settings
):
    settings.BATCHCONSOLE_STORAGE_PATIENCE_S = 0.1
    FunctionEndpoint.objects.update(url="http://127.0.0.1:1")
    job = place.make_job(place.list_of(["a", "b"]), **INVOKE)
    steps.prepare(job)
    steps.confirm(job)
    steps.run()
    job = steps.see(job)
    assert (job.status, job.tasks_done) == (JobStatus.ACTIVE, 0)
    assert "http://127.0.0.1:1" in job.waiting_for
    FunctionEndpoint.objects.update(url=double.endpoint.url)
    Job.objects.update(waiting_until_s=0)
    steps.run()
    job = steps.finish(job)
    assert {row[6] for row in place.report_rows(job)} == {"a", "b"}


def test_job_waits_while_its_webhook_leads_to_an_address_that_nobody_allowed(
    place, steps, webhook, double
):
    Webhook.objects.update(may_be_private=False)
    job = place.make_job(place.list_of(["a"]), **CALL)
    steps.prepare(job)
    steps.confirm(job)
    steps.run()
    job = steps.see(job)
    assert (job.status, job.tasks_done) == (JobStatus.ACTIVE, 0)
    assert "An administrator can allow that for this webhook." in job.waiting_for
    assert double.connections == 0


def test_dry_run_invokes_nothing_and_says_what_would_be_sent(
    place, steps, functions, webhook, double
):
    place.put_objects(["there.jpg"])
    for wanted in (INVOKE, CALL):
        rows = place.list_of(["there.jpg", "a text"])
        job = place.make_job(rows, dry_run=True, confirmation_required=False, **wanted)
        steps.prepare(job)
        steps.run()
        job = steps.finish(job)
        told = {row[1]: row[3:] for row in place.report_rows(job)}
        assert told["there.jpg"][:3] == ["succeeded", "200", "CannotTell"]
        assert (
            "It would be sent there.jpg as s3Key, by schema 1.0. The object is there."
            in (told["there.jpg"][3])
        )
        assert (
            "It would be sent a+text as s3Key, by schema 1.0. There is no such object."
            in (told["a%20text"][3])
        )
    assert double.received == []


def test_run_for_real_invokes_for_what_is_as_it_was_and_for_keys_that_no_object_has(
    place, steps, functions, double
):
    place.put_objects(["same", "other"])
    rows = place.list_of(["same", "other", "a text"])
    dry_run = place.make_job(rows, dry_run=True, confirmation_required=False, **INVOKE)
    steps.prepare(dry_run)
    steps.run()
    dry_run = steps.finish(dry_run)
    place.s3.put_object(Bucket=place.source, Key="other", Body=b"other content")
    spec = freezing.spec_of(dry_run, ReportScope.ALL_TASKS)
    job = steps.all_the_way(create_job(spec, by=allowed(), now=timezone.now()))
    told = {row[1]: (row[3], row[5]) for row in place.report_rows(job)}
    assert told == {
        "same": ("succeeded", ""),
        "other": ("failed", "ObjectChanged"),
        "a%20text": ("succeeded", ""),
    }
    assert {asked(received)["s3Key"] for received in double.received} == {"same", "a+text"}


def test_job_waits_while_its_function_is_disabled_and_goes_on_afterwards(
    place, steps, functions, double
):
    job = place.make_job(place.list_of(["a"]), **INVOKE)
    steps.prepare(job)
    steps.confirm(job)
    FunctionEndpoint.objects.update(disabled=True)
    steps.run()
    job = steps.see(job)
    assert (job.status, job.tasks_failed, double.received) == (JobStatus.ACTIVE, 0, [])
    assert job.waiting_for == "Our functions is disabled. An administrator can enable it."
    FunctionEndpoint.objects.update(disabled=False)
    Job.objects.update(waiting_until_s=0)
    steps.run()
    assert steps.finish(job).tasks_succeeded == 1


@pytest.mark.parametrize(
    ("changes", "wire", "sentence"),
    [
        (
            {"code": "eu-west-2"},
            INVOKE,
            'No functions of the Region code "eu-west-1" are connected.',
        ),
        ({"disabled": True}, INVOKE, "Our functions is disabled. An administrator can enable it."),
        ({"functions": ["sizes"]}, INVOKE, 'The function "thumbnails" is none that Our functions'),
        ({"slug": "another"}, CALL, 'There is no webhook "thumbnails".'),
        ({"disabled": True}, CALL, "Thumbnails is disabled. An administrator can enable it."),
    ],
)
def test_what_is_not_connected_is_refused_with_its_field(
    place, functions, webhook, changes, wire, sentence
):
    model = FunctionEndpoint if wire is INVOKE else Webhook
    model.objects.update(**changes)
    with pytest.raises(ValidationFailedError) as caught:
        place.make_job(place.list_of(["a"]), **wire)
    (problem,) = caught.value.problems
    assert problem.field == (
        "Operation.LambdaInvoke.FunctionArn"
        if wire is INVOKE
        else "Operation.WebhookInvoke.WebhookName"
    )
    assert problem.message.startswith(sentence)


def test_function_with_an_alias_is_allowed_by_its_name(place, functions):
    FunctionEndpoint.objects.update(functions=["thumbnails"])
    wire = {"FunctionArn": f"{ARN}:live"}
    assert place.make_job(place.list_of(["a"]), operation="LambdaInvoke", parameters=wire)
