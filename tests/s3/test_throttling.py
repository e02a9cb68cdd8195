"""Which answers ask for fewer requests, and when a storage wants to be asked again."""

import pytest
from botocore.exceptions import ClientError

from jobs.s3.answers import Answer, answer_of
from jobs.s3.faults import asked_to_wait_s, is_throttled


@pytest.mark.parametrize(
    ("status", "code", "throttled"),
    [
        (503, "SlowDown", True),
        (503, "503", True),
        (429, "TooManyRequests", True),
        (200, "SlowDown", True),  # inside the answer to a copy
        (400, "RequestLimitExceeded", True),
        (200, "", False),
        (500, "InternalError", False),
        (409, "OperationAborted", False),
        (404, "NoSuchKey", False),
        (0, "ReadTimeoutError", False),
    ],
)
def test_answer_that_asks_for_fewer_requests_is_told_from_others(status, code, throttled):
    assert is_throttled(Answer(status, code, "Words.")) is throttled


def refusal(**headers):
    facts = {"HTTPStatusCode": 503, "HTTPHeaders": headers}
    error = {"Code": "SlowDown", "Message": "Words."}
    return answer_of(ClientError({"Error": error, "ResponseMetadata": facts}, "PutObjectTagging"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), (" 120 ", 120), ("0", 0), ("", 0), ("-1", 0), ("1.5", 0), ("٣", 0),
     ("9" * 30, 0), ("Fri, 02 Jan 2026 03:04:05 GMT", 0)],
)  # fmt: skip
def test_time_that_the_storage_names_is_understood_in_whole_seconds(text, seconds):
    assert refusal(**{"retry-after": text}).retry_after_s == seconds


def test_storage_that_names_no_time_has_none():
    assert refusal().retry_after_s == 0


def test_throttled_task_does_not_stand_aside_where_all_requests_are_paced():
    throttled = refusal(**{"retry-after": "5"})
    broken = Answer(500, "InternalError", "Words.", retry_after_s=5.0)
    assert asked_to_wait_s(throttled, paced=False) == 5
    assert asked_to_wait_s(throttled, paced=True) == 0
    assert asked_to_wait_s(broken, paced=True) == 5
