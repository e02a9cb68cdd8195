"""A worker may die at any line of a job that invokes a function: see test_crashes."""

import functools
import json
from collections import defaultdict

import pytest

from jobs.choices import JobStatus
from tests import s3_double
from tests.connected import make_functions
from tests.engine.test_crashes import (  # noqa: F401 - `mortals` is a fixture
    STEP,
    check,
    confirmed,
    lives,
    mortals,
    pytestmark,
)
from tests.operations.invocations import KEYS, answered, results

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails"
AGAIN = "(invoked again: an earlier invocation was not answered)"


@pytest.fixture
def double():
    with s3_double.running() as made:
        made.answer = lambda received: answered(results(received, text="done"))
        yield made


def test_row_that_was_invoked_twice_says_so_wherever_a_worker_dies(place, mortals, double):  # noqa: F811
    make_functions(
        url=double.endpoint.url,
        code="eu-west-1",
        access_key_id=KEYS.access_key_id,
        secret_access_key=KEYS.secret_access_key,
    )
    rows = place.list_of(["a", "b", "c"])
    kind = {"operation": "LambdaInvoke", "parameters": {"FunctionArn": ARN}}
    play = functools.partial(confirmed, mortals)
    for job, died_at in lives(place, mortals, rows, play, 5 * STEP, **kind):
        found = check(place, job, died_at)
        assert job.status == JobStatus.COMPLETE, died_at
        assert sorted(found) == sorted(map(tuple, rows)), died_at
        invoked = defaultdict(list)
        for received in double.received:
            task = json.loads(received.body)["tasks"][0]
            invoked[task["s3Key"]].append(task["taskId"])
        double.received.clear()
        for row in place.report_rows(job):
            ids = invoked[row[1]]
            assert len(set(ids)) == 1 and len(ids) <= 2, (died_at, row)
            assert len(ids) == 1 or AGAIN in row[6], (died_at, row)
