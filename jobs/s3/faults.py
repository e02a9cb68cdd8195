"""What an answer means for a task: done, try again, final, or nothing will work. Pure."""

from enum import Enum

from jobs.s3.calls import Answer


class Verdict(Enum):
    OK = "ok"
    RETRY = "retry"
    FINAL = "final"
    STOP = "stop"


RETRIED_STATUSES = frozenset({0, 429, 500, 502, 503, 504})
RETRIED_CODES = frozenset(
    {
        "OperationAborted",
        "InternalError",
        "SlowDown",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
    }
)
STOPPING_CODES = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "NoSuchBucket"}
)
"""Every other task would get the same answer."""


def classify(answer: Answer) -> Verdict:
    if not answer.code and 200 <= answer.http_status < 300:
        return Verdict.OK
    if answer.http_status in RETRIED_STATUSES or answer.code in RETRIED_CODES:
        return Verdict.RETRY
    if answer.code in STOPPING_CODES:
        return Verdict.STOP
    return Verdict.FINAL


def is_unreachable(answer: Answer) -> bool:
    """There was no HTTP answer at all."""
    return answer.http_status == 0
