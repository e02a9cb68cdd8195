import pytest

from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict, classify, is_unreachable


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (200, "", Verdict.OK),
        (204, "", Verdict.OK),
        (0, "EndpointConnectionError", Verdict.RETRY),
        (0, "ReadTimeoutError", Verdict.RETRY),
        (500, "InternalError", Verdict.RETRY),
        (502, "502", Verdict.RETRY),
        (503, "SlowDown", Verdict.RETRY),
        (504, "504", Verdict.RETRY),
        (429, "TooManyRequests", Verdict.RETRY),
        (408, "408", Verdict.RETRY),
        (409, "OperationAborted", Verdict.RETRY),
        (400, "RequestTimeout", Verdict.RETRY),
        (403, "RequestTimeTooSkewed", Verdict.RETRY),
        (200, "InternalError", Verdict.RETRY),
        (200, "SlowDown", Verdict.RETRY),
        (307, "TemporaryRedirect", Verdict.RETRY),
        (404, "NoSuchKey", Verdict.FINAL),
        (403, "AccessDenied", Verdict.FINAL),
        (412, "PreconditionFailed", Verdict.FINAL),
        (400, "InvalidRequest", Verdict.FINAL),
        (409, "BucketAlreadyExists", Verdict.FINAL),
        (501, "NotImplemented", Verdict.FINAL),
        (200, "AccessDenied", Verdict.FINAL),
        (304, "", Verdict.FINAL),
        (403, "InvalidAccessKeyId", Verdict.STOP),
        (403, "SignatureDoesNotMatch", Verdict.STOP),
        (400, "ExpiredToken", Verdict.STOP),
        (404, "NoSuchBucket", Verdict.STOP),
        (301, "PermanentRedirect", Verdict.STOP),
        (400, "AuthorizationHeaderMalformed", Verdict.STOP),
        (403, "NoCredentials", Verdict.STOP),
        (500, "NoSuchBucket", Verdict.STOP),
    ],
)
def test_each_answer_has_its_verdict(status, code, verdict):
    assert classify(Answer(status, code, "")) is verdict


def test_only_silence_is_unreachable():
    assert is_unreachable(Answer(0, "ConnectTimeoutError", ""))
    assert not is_unreachable(Answer(503, "SlowDown", ""))
