import pytest

from jobs.s3.answers import Answer
from jobs.s3.faults import (
    FINAL_CODES,
    RETRIED_CODES,
    STOPPING_CODES,
    Verdict,
    classify,
    is_foreign,
    is_never_cut_short,
    is_throttled,
    is_unreachable,
    means_no_such_call,
    says_gone,
)
from jobs.s3.proof import Proof


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
        (500, "AccessDenied", Verdict.FINAL),
        (503, "NoSuchKey", Verdict.FINAL),
        (502, "InvalidRequest", Verdict.FINAL),
        (400, "SlowDown", Verdict.RETRY),
        (403, "InternalError", Verdict.RETRY),
        (200, "SomethingNew", Verdict.RETRY),
        (500, "SomethingNew", Verdict.RETRY),
        (400, "SomethingNew", Verdict.FINAL),
        (507, "XMinioStorageFull", Verdict.FINAL),
        *((status, str(status), Verdict.RETRY) for status in (509, 529, 530, 598, 599)),
        *((status, str(status), Verdict.RETRY) for status in range(520, 525)),
    ],
)
def test_each_answer_has_its_verdict(status, code, verdict):
    assert classify(Answer(status, code, "")) is verdict


def test_only_silence_is_unreachable():
    assert is_unreachable(Answer(0, "ConnectTimeoutError", ""))
    assert not is_unreachable(Answer(503, "SlowDown", ""))


def unproven(proof, status=200, code="UnclearAnswer"):
    return Answer(status, code, "", proof=proof)


@pytest.mark.parametrize("status", [200, 301, 403, 404, 500, 501, 502])
def test_what_no_storage_said_is_tried_again(status):
    answer = unproven(Proof.FOREIGN, status, "InvalidResponse")
    assert is_foreign(answer)
    assert classify(answer) is Verdict.RETRY


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (unproven(Proof.ODD), Verdict.UNCLEAR),
        (unproven(Proof.UNMARKED, 204, "UnprovenAnswer"), Verdict.UNCLEAR),
        (unproven(Proof.ODD, 200, "AnswerTooLarge"), Verdict.FINAL),
        # HEAD has a status only.
        (unproven(Proof.UNMARKED, 404, "404"), Verdict.FINAL),
        (unproven(Proof.UNMARKED, 503, "503"), Verdict.RETRY),
    ],
)
def test_success_that_is_not_proven_is_neither_done_nor_refused(answer, verdict):
    assert not is_foreign(answer)
    assert classify(answer) is verdict


def test_each_code_has_one_class():
    assert not FINAL_CODES & RETRIED_CODES
    assert not FINAL_CODES & STOPPING_CODES
    assert not STOPPING_CODES & RETRIED_CODES


@pytest.mark.parametrize(
    ("status", "code", "proof", "means"),
    [
        (501, "NotImplemented", Proof.PROVEN, True),
        (405, "MethodNotAllowed", Proof.PROVEN, True),
        (400, "NotImplemented", Proof.PROVEN, True),
        (501, "501", Proof.PROVEN, True),
        (405, "405", Proof.UNMARKED, False),
        (405, "InvalidResponse", Proof.FOREIGN, False),
        (501, "InvalidResponse", Proof.FOREIGN, False),
        (404, "NoSuchKey", Proof.PROVEN, False),
        (200, "", Proof.PROVEN, False),
    ],
)
def test_storage_without_a_call_has_to_say_so_itself(status, code, proof, means):
    assert means_no_such_call(Answer(status, code, "", proof=proof)) is means


@pytest.mark.parametrize(
    ("action", "status", "code", "proof", "gone"),
    [
        ("DeleteObject", 404, "NoSuchKey", Proof.PROVEN, True),
        ("DeleteObject", 404, "NoSuchVersion", Proof.PROVEN, True),
        ("DeleteObjects", 404, "NoSuchKey", Proof.PROVEN, True),
        ("DeleteObject", 404, "NoSuchBucket", Proof.PROVEN, False),
        ("DeleteObject", 404, "404", Proof.PROVEN, False),
        ("DeleteObject", 404, "InvalidResponse", Proof.FOREIGN, False),
        ("DeleteObject", 204, "", Proof.PROVEN, False),
        ("HeadObject", 404, "404", Proof.PROVEN, True),
        ("HeadObject", 404, "404", Proof.UNMARKED, False),
        ("HeadObject", 403, "403", Proof.PROVEN, False),
        ("AbortMultipartUpload", 404, "NoSuchUpload", Proof.PROVEN, True),
        ("PutObjectTagging", 404, "NoSuchKey", Proof.PROVEN, False),
    ],
)
def test_what_is_to_be_deleted_is_gone_where_a_storage_says_so(action, status, code, proof, gone):
    assert says_gone(action, Answer(status, code, "", proof=proof)) is gone


@pytest.mark.parametrize(
    ("status", "code", "never"),
    [
        (429, "InvalidResponse", True),
        (503, "SlowDown", True),
        (200, "SlowDown", True),
        (520, "InvalidResponse", True),
        (522, "522", True),
        (530, "530", True),
        (500, "InternalError", False),
        (502, "InvalidResponse", False),
        (504, "504", False),
        (200, "", False),
    ],
)
def test_answers_that_say_nothing_about_an_object_never_cut_its_tries_short(status, code, never):
    assert is_never_cut_short(Answer(status, code, "")) is never


def test_proxy_that_asks_for_fewer_requests_is_heard_too():
    assert is_throttled(unproven(Proof.FOREIGN, 503, "InvalidResponse"))
    assert is_throttled(unproven(Proof.FOREIGN, 429, "InvalidResponse"))
    assert not is_throttled(unproven(Proof.FOREIGN, 502, "InvalidResponse"))
