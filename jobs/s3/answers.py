"""What came back from a storage, whoever asked, and what a library's exception says about it."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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

from jobs.s3.error_codes import STATUSES
from jobs.s3.proof import Proof
from jobs.s3.reachable import FORBIDDEN, ForbiddenAddressError

UNPROVEN, UNCLEAR, INVALID = "UnprovenAnswer", "UnclearAnswer", "InvalidResponse"
"""Codes of ours, for answers with 2xx that are no success as yet, and for what is no answer of S3."""

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
    """`http_status` is 0 when there was no HTTP answer; `code` is empty when all is well, and never
    where `proof` is another than PROVEN.

    `retry_after_s` is when the storage wants to be asked again, 0 when it did not say. `headers`
    have names in small letters. An error that `began_well` stood inside an answer of 2xx. `detail` is what else S3's error says, as {"Endpoint": ...}.
    """

    http_status: int
    code: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    retry_after_s: float = 0.0
    proof: Proof = Proof.PROVEN
    headers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    began_well: bool = False
    detail: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


def by_nobody_known(answer: Answer) -> Answer:
    """One that does not prove itself, where it has to: somebody on the way made it up."""
    status = 502 if 200 <= answer.http_status < 300 else answer.http_status
    return replace(answer, http_status=status, code=INVALID, proof=Proof.FOREIGN)


def answer_of(error: Exception) -> Answer:
    """One of TROUBLE as an answer.

    What a request cannot even be built from (an empty key) gets the status that S3 would give:
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
        message = "The answer does not come from an S3 storage."
        return Answer(502, INVALID, message, proof=Proof.FOREIGN)
    forbidden = _forbidden_address(error)
    if forbidden:
        return Answer(0, FORBIDDEN, str(forbidden))
    return Answer(0, type(error).__name__, str(error))


def _forbidden_address(error: Exception) -> BaseException | None:
    """Why nothing was sent: botocore tells of it as of any other connection that it did not get."""
    inner = error.kwargs.get("error") if isinstance(error, BotoCoreError) else None
    found = (inner, getattr(inner, "__cause__", None))
    return next((one for one in found if isinstance(one, ForbiddenAddressError)), None)


def refusal(status: int, error: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
    """S3's error, read from a body, as an answer. One that came with 2xx has the status that such
    an error has elsewhere.
    """
    code = error["Code"]
    began_well = 200 <= status < 300
    return Answer(
        STATUSES.get(code, 500) if began_well else status,
        code,
        error.get("Message") or _WORDS.get(code, ""),
        retry_after_s=retry_after_s(headers),
        began_well=began_well,
        headers=headers,
        detail={name: text for name, text in error.items() if name not in ("Code", "Message")},
    )


def bare_status(status: int, headers: Mapping[str, str], proof: Proof) -> Answer:
    """An answer without 2xx and without S3's error: its status is all that it says."""
    return Answer(
        status,
        str(status),
        http.client.responses.get(status, ""),
        retry_after_s=retry_after_s(headers),
        proof=proof,
        headers=headers,
    )


def foreign(status: int, what: str, headers: Mapping[str, str]) -> Answer:
    """What does not come from a storage; `what` it is, as `foreign.describe` has it. A success that
    is none must not look like one.
    """
    return Answer(
        502 if 200 <= status < 300 else status,
        INVALID,
        f"The answer does not come from an S3 storage ({what}).",
        retry_after_s=retry_after_s(headers),
        proof=Proof.FOREIGN,
        headers=headers,
    )


def _refusal(error: ClientError) -> Answer:
    detail = error.response.get("Error", {})
    facts: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    status = int(facts.get("HTTPStatusCode", 0))
    code = str(detail.get("Code") or status)
    return Answer(
        status,
        code,
        str(detail.get("Message") or _WORDS.get(code, "")),
        retry_after_s=retry_after_s(facts.get("HTTPHeaders", {})),
    )


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Only whole seconds are understood; a moment would depend on two clocks."""
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0.0
