"""What an answer means for a task: done, try again, final, or nothing will work. Pure."""

from enum import Enum

from jobs.s3.answers import Answer
from jobs.s3.error_codes import STATUSES
from jobs.s3.proof import Proof
from jobs.s3.reachable import FORBIDDEN


class Verdict(Enum):
    OK = "ok"
    RETRY = "retry"
    FINAL = "final"
    STOP = "stop"
    UNCLEAR = "unclear"
    """A success perhaps: whether it is one has to be found out."""


_OF_PROXIES = frozenset({509, 520, 521, 522, 523, 524, 529, 530, 598, 599})
"""What proxies and networks that deliver say of a storage behind them which does not answer."""

RETRIED_STATUSES = frozenset({0, 408, 429, 500, 502, 503, 504}) | _OF_PROXIES
THROTTLING_STATUSES = frozenset({429, 503, 509, 529})
THROTTLING_CODES = frozenset(
    {
        "SlowDown",
        "SlowDownRead",
        "SlowDownWrite",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "TooManyRequests",
        "TooManyRequestsException",
    }
)
RETRIED_CODES = THROTTLING_CODES | {
    "OperationAborted",  # 409, two calls on one key: Ceph gives it often
    "ConditionalRequestConflict",  # 409, its newer name
    "InternalError",  # also inside an answer of 200
    "RequestTimeout",  # 400
    "RequestTimeTooSkewed",  # 403, a clock that is set right is right for the next try
    "Redirect",  # 307, as the next
    "TemporaryRedirect",  # 307, which is never followed: the storage may settle
}
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


FINAL_CODES = (STATUSES.keys() - RETRIED_CODES - STOPPING_CODES) | {"AnswerTooLarge"}

_NEVER_SENT = frozenset(
    {
        *("EndpointConnectionError", "ConnectTimeoutError", "SSLError", "ProxyConnectionError"),
        FORBIDDEN,
    }
)

NO_SUCH_CALL_CODES = frozenset({"NotImplemented", "MethodNotAllowed"})

GONE_CODES = {
    "DeleteObject": frozenset({"NoSuchKey", "NoSuchVersion"}),
    "DeleteObjects": frozenset({"NoSuchKey", "NoSuchVersion"}),
    "HeadObject": frozenset({"NoSuchKey", "NoSuchVersion", "404"}),
    "AbortMultipartUpload": frozenset({"NoSuchUpload"}),
}


def classify(answer: Answer) -> Verdict:
    """The code has the first word, since it is the more exact: 403 may mean try again, and 500 may
    be around what is final. What no storage said is never final.
    """
    good = 200 <= answer.http_status < 300
    if good and not answer.code:
        return Verdict.OK
    if is_foreign(answer):
        return Verdict.RETRY
    if answer.code in STOPPING_CODES and answer.proof is Proof.PROVEN:
        return Verdict.STOP
    if answer.code in RETRIED_CODES:
        return Verdict.RETRY
    if answer.code in FINAL_CODES:
        return Verdict.FINAL
    if good:
        return Verdict.RETRY if answer.proof is Proof.PROVEN else Verdict.UNCLEAR
    return Verdict.RETRY if answer.http_status in RETRIED_STATUSES else Verdict.FINAL


def is_foreign(answer: Answer) -> bool:
    """It does not come from an S3 storage, but from something on the way."""
    return answer.proof is Proof.FOREIGN


def is_unreachable(answer: Answer) -> bool:
    """There was no HTTP answer at all."""
    return answer.http_status == 0


def may_have_been_heard(answer: Answer) -> bool:
    """Whether a call may have been done though no storage says so: the answer was lost, or comes
    from something on the way.
    """
    if is_unreachable(answer):
        return answer.code not in _NEVER_SENT
    return is_foreign(answer)


def may_have_been_done(answer: Answer) -> bool:
    """As `may_have_been_heard`, and where the storage itself failed in the middle of it, perhaps."""
    failed = answer.http_status >= 500 and classify(answer) is Verdict.RETRY
    in_the_middle = answer.began_well or not is_throttled(answer)
    return may_have_been_heard(answer) or (failed and in_the_middle)


def means_no_such_call(answer: Answer) -> bool:
    """A storage says that it does not have the call itself. With MethodNotAllowed it may mean the
    object alone: one whose newest version is a delete marker.
    """
    said = answer.code in NO_SUCH_CALL_CODES or answer.http_status in {405, 501}
    return said and answer.proof is Proof.PROVEN


def says_gone(action: str, answer: Answer) -> bool:
    """Whether the object that `action` was about is not there, so that to delete it is done. A
    bucket that is not there, and 404 from something on the way, say no such thing. HEAD has no
    more than a status.
    """
    said = answer.code in GONE_CODES.get(action, ())
    return said and answer.proof is Proof.PROVEN


def asked_to_wait_s(answer: Answer, *, paced: bool) -> float:
    """What Retry-After said, 0 for nothing. Where all requests are paced by what is throttled,
    that is the answer to a throttling storage: a single task need not stand aside besides.
    """
    return 0.0 if paced and is_throttled(answer) else answer.retry_after_s


def is_throttled(answer: Answer) -> bool:
    """The storage, or a proxy before it, asks for fewer requests, whatever these may be about."""
    if not answer.code:
        return False
    return answer.http_status in THROTTLING_STATUSES or answer.code in THROTTLING_CODES


def is_never_cut_short(answer: Answer) -> bool:
    """That a task gets such an answer again and again while others succeed says nothing about its
    object, so that it is tried until its deadline.
    """
    return is_throttled(answer) or 520 <= answer.http_status <= 530
