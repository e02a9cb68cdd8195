"""What an answer means for a task: done, try again, final, or nothing will work. Pure.

The classes are those of engine.md section 3.
"""

from enum import Enum

from jobs.s3.answers import Answer


class Verdict(Enum):
    OK = "ok"
    RETRY = "retry"
    FINAL = "final"
    STOP = "stop"


RETRIED_STATUSES = frozenset({0, 408, 429, 500, 502, 503, 504})
RETRIED_CODES = frozenset(
    {
        "OperationAborted",  # 409, two calls on one key: Ceph gives it often
        "ConditionalRequestConflict",  # 409, its newer name
        "InternalError",  # also inside an answer of 200
        "SlowDown",  # also inside an answer of 200
        "ServiceUnavailable",
        "RequestTimeout",  # 400
        "RequestTimeTooSkewed",  # 403, a clock that is set right is right for the next try
        "TemporaryRedirect",  # 307, which is never followed: the storage may settle
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequests",
        "TooManyRequestsException",
    }
)
THROTTLING_CODES = frozenset(
    {
        "SlowDown",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequests",
        "TooManyRequestsException",
    }
)
STOPPING_CODES = frozenset(
    {
        # The credentials are refused, whatever the object.
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "TokenRefreshRequired",
        "InvalidSecurity",
        "NotSignedUp",
        "AccountProblem",
        "NoCredentials",
        # The bucket is gone, or is not here.
        "NoSuchBucket",
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
    }
)
"""Every other task would get the same answer. AccessDenied is none of them: policies speak about
single keys and tags, and the failure threshold ends a job in which they refuse too much.
"""


def classify(answer: Answer) -> Verdict:
    """The code has the first word, since it is the more exact: 403 may mean try again."""
    if not answer.code and 200 <= answer.http_status < 300:
        return Verdict.OK
    if answer.code in STOPPING_CODES:
        return Verdict.STOP
    if answer.http_status in RETRIED_STATUSES or answer.code in RETRIED_CODES:
        return Verdict.RETRY
    return Verdict.FINAL


def is_unreachable(answer: Answer) -> bool:
    """There was no HTTP answer at all."""
    return answer.http_status == 0


def is_unknown_call(answer: Answer) -> bool:
    """The storage does not have the call itself: Method Not Allowed, Not Implemented."""
    return answer.http_status in {405, 501}


def asked_to_wait_s(answer: Answer, *, paced: bool) -> float:
    """What Retry-After said, 0 for nothing. Where all requests are paced by what is throttled,
    that is the answer to a throttling storage: a single task need not stand aside besides.
    """
    return 0.0 if paced and is_throttled(answer) else answer.retry_after_s


def is_throttled(answer: Answer) -> bool:
    """The storage asks for fewer requests, whatever these may be about."""
    if not answer.code:
        return False
    return answer.http_status in (429, 503) or answer.code in THROTTLING_CODES
