"""What Lambda's Invoke API answers, and what that means. Pure.

A success carries what the function returned. `FUNCTION_ERROR` is the code, of ours, of an answer
with which Lambda says that the function itself failed; its payload is the message.
"""

import json
from collections.abc import Mapping
from typing import Any

from jobs.s3 import faults
from jobs.s3.answers import INVALID, Answer, retry_after_s
from jobs.s3.faults import Verdict
from jobs.s3.foreign import describe
from jobs.s3.head import headers_of
from jobs.s3.proof import Proof
from jobs.services.posting import header_of

MOST_BYTES = 6 * 1024 * 1024
"""Of what a function is sent, and of what it returns."""

FUNCTION_ERROR, TOO_LARGE, PAYLOAD = "FunctionError", "AnswerTooLarge", "Payload"

STOPPING_CODES = faults.STOPPING_CODES | {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
}
"""The credentials are refused, whatever the function."""

THROTTLING_CODES = frozenset({"EC2ThrottledException"})
RETRIED_CODES = THROTTLING_CODES | {
    "CodeArtifactUserPendingException",
    "ResourceConflictException",
    "SnapStartNotReadyException",
}
"""409: the function is being changed, or starts."""


def read(status: int, head: bytes, body: bytes) -> Answer:
    if status == 200 and len(body) > MOST_BYTES:
        return Answer(status, TOO_LARGE, "The function's answer has more than 6 MB.")
    if 200 <= status < 300:
        return _read_success(status, head, body)
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers_of(head)
    }
    return refusal(status, headers, body)


def _read_success(status: int, head: bytes, body: bytes) -> Answer:
    error = header_of(head, b"x-amz-function-error")
    if error:
        return function_error(status, body)
    if body[:1] == b"<" and not header_of(head, b"x-amzn-requestid"):
        return _foreign(status, body, {})
    return Answer(status, "", "", {PAYLOAD: body})


def function_error(status: int, body: bytes) -> Answer:
    return Answer(status, FUNCTION_ERROR, body.decode("utf-8", "replace"))


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """The header has the first word on the code; some servers say it in the body alone."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    code = headers.get("x-amzn-errortype", "")
    if not code and not isinstance(said, dict):
        return _foreign(status, body, headers)
    facts: Mapping[str, Any] = said if isinstance(said, dict) else {}
    code = code or str(facts.get("__type") or facts.get("code") or facts.get("Code") or status)
    message = facts.get("message") or facts.get("Message") or facts.get("errorMessage") or ""
    return Answer(
        status,
        code.partition(":")[0].rpartition("#")[2],
        str(message),
        retry_after_s=retry_after_s(headers),
        headers=headers,
    )


def _foreign(status: int, body: bytes, headers: Mapping[str, str]) -> Answer:
    what = describe(
        status,
        body,
        content_type=headers.get("content-type", ""),
        location=headers.get("location", ""),
    )
    return Answer(
        502 if status < 300 else status,
        INVALID,
        f"The answer does not come from a Lambda API ({what}).",
        retry_after_s=retry_after_s(headers),
        proof=Proof.FOREIGN,
        headers=headers,
    )


def classify(answer: Answer) -> Verdict:
    """What an answer says about its own function alone is final: others may be invoked."""
    if not answer.code:
        return Verdict.OK
    if faults.is_foreign(answer) or faults.is_unreachable(answer):
        return Verdict.RETRY
    if answer.code in STOPPING_CODES:
        return Verdict.STOP
    if answer.code in (FUNCTION_ERROR, TOO_LARGE):
        return Verdict.FINAL
    is_passing = is_throttled(answer) or answer.code in RETRIED_CODES
    return Verdict.RETRY if is_passing or answer.http_status >= 500 else Verdict.FINAL


def is_throttled(answer: Answer) -> bool:
    return answer.code in THROTTLING_CODES or faults.is_throttled(answer)
