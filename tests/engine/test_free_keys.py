"""The key column of jobs that invoke functions or call webhooks: any text, and what becomes of it."""

import json
from urllib.parse import unquote_plus

import pytest

from jobs.choices import JobStatus
from tests import s3_double
from tests.connected import make_functions, make_webhook
from tests.operations.invocations import KEYS, SECRET, answered, results

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails"
INVOKE = {"operation": "LambdaInvoke", "parameters": {"FunctionArn": ARN}}
CALL = {"operation": "WebhookInvoke", "parameters": {"WebhookName": "thumbnails"}}
CELLS = {
    "plain.jpg": "plain.jpg",
    "a%20b": "a b",
    "caf%E9": "caf%E9",
    "100% wool": "100% wool",
    '{"id": 7, "n": "50%"}': '{"id": 7, "n": "50%"}',
    "%7B%22id%22%3A7%7D": '{"id":7}',
    "%00": "%00",
}
"""What stands in the list, and the text that the function is given."""

REPORTED = [
    "plain.jpg",
    "a%20b",
    "caf%25E9",
    "100%25%20wool",
    "%7B%22id%22%3A%207%2C%20%22n%22%3A%20%2250%25%22%7D",
    "%7B%22id%22%3A7%7D",
    "%2500",
]
"""The same texts, URL-encoded: as they stood where they were encoded already."""


def asked(received):
    return json.loads(received.body)["tasks"][0]


@pytest.fixture
def double(place):
    with s3_double.running() as made:
        made.answer = lambda received: answered(results(received, text=asked(received)["s3Key"]))
        make_functions(
            url=made.endpoint.url,
            code="eu-west-1",
            access_key_id=KEYS.access_key_id,
            secret_access_key=KEYS.secret_access_key,
        )
        make_webhook(url=f"{made.endpoint.url}/hook", secret=SECRET)
        yield made


@pytest.mark.parametrize("operation", [INVOKE, CALL], ids=["function", "webhook"])
def test_any_text_reaches_whoever_is_called_and_the_report(place, steps, double, operation):
    rows = [[place.source, cell] for cell in CELLS]
    job = steps.all_the_way(place.make_job(rows, **operation))
    assert (job.status, job.tasks_succeeded) == (JobStatus.COMPLETE, len(CELLS))
    told = {unquote_plus(asked(received)["s3Key"]) for received in double.received}
    assert told == set(CELLS.values())
    assert [row[1] for row in place.report_rows(job)] == REPORTED


def test_no_key_and_one_above_the_limit_fail_such_a_job_too(place, steps, double):
    for cell, said in (("", "has no key"), ("x y" * 400, "has a key of")):
        job = steps.prepare(place.make_job([[place.source, "a"], [place.source, cell]], **INVOKE))
        assert (job.failure_code, job.failure_line) == ("InvalidManifestContent", 2)
        assert said in job.failure_reason


def test_same_list_fails_a_job_on_objects(place, steps):
    job = steps.prepare(place.make_job([[place.source, cell] for cell in CELLS]))
    assert (job.failure_code, job.failure_line) == ("InvalidManifestContent", 3)
