"""What came back from a storage, whoever asked, and what a library's exception says about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

TROUBLE = (ClientError, BotoCoreError, HTTPError, ResponseParserError)
"""Everything that a call through boto3 may raise for trouble with the storage."""

_WORDS = {
    "AccessDenied": "Access Denied",
    "InvalidAccessKeyId": "The AWS Access Key Id you provided does not exist in our records.",
    "NoSuchBucket": "The specified bucket does not exist",
    "NoSuchKey": "The specified key does not exist.",
    "NoSuchVersion": "The specified version does not exist.",
    "PreconditionFailed": "At least one of the pre-conditions you specified did not hold",
    "SignatureDoesNotMatch": "The request signature we calculated does not match the signature"
    " you provided. Check your key and signing method.",
}
"""S3's own words, for storage that answers with a code alone (Ceph does)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`http_status` is 0 when there was no HTTP answer; `code` is empty when all is well.

    `retry_after_s` is when the storage wants to be asked again, 0 when it did not say.
    """

    http_status: int
    code: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    retry_after_s: float = 0.0


def answer_of(error: Exception) -> Answer:
    """One of TROUBLE as an answer.

    What a request can not even be built from (an empty key) gets the status that S3 would give:
    it must not look like a storage that is down.
    """
    if isinstance(error, ClientError):
        return _refusal(error)
    if isinstance(error, ParamValidationError):
        return Answer(400, "InvalidRequest", str(error.kwargs["report"]).strip())
    if isinstance(error, NoCredentialsError | PartialCredentialsError | ProfileNotFound):
        message = "This process finds no ambient credentials for the storage."
        return Answer(403, "NoCredentials", message)
    if isinstance(error, ResponseParserError):
        return Answer(502, "InvalidResponse", "The answer is not one of an S3 storage.")
    return Answer(0, type(error).__name__, str(error))


def _refusal(error: ClientError) -> Answer:
    detail = error.response.get("Error", {})
    facts: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    status = int(facts.get("HTTPStatusCode", 0))
    code = str(detail.get("Code") or status)
    return Answer(
        status,
        code,
        str(detail.get("Message") or _WORDS.get(code, "")),
        retry_after_s=_retry_after_s(facts.get("HTTPHeaders", {})),
    )


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Only whole seconds are understood; a moment would depend on two clocks."""
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0.0
