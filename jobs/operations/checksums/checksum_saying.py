"""What a report says of a checksum, and what the storage itself says of it."""

import json
import re
from collections.abc import Mapping

from jobs.operations.base import Outcome
from jobs.operations.checksums.checksum_algorithms import COMPOSITE, FULL_OBJECT, in_base64, in_hex
from jobs.s3.answers import Answer
from jobs.s3.faults import is_foreign, is_unreachable

PERMANENT = "PermanentFailure"
MOST_CHARACTERS = 900
"""Of a failure's own words: a report's message has 1,024, with the number of tries behind it."""

_HTML = tuple((sign, f"\\u{ord(sign):04x}") for sign in "=<>&'")
"""As AWS writes JSON in its reports."""

_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_KEYS_OF_OTHERS = ("aws:kms", "aws:kms:dsse")


def message(algorithm: str, kind: str, digest: bytes, parts: int, etag: str) -> str:
    """The ResultMessage of a success; `parts` is 0 for a whole object."""
    said = {
        "checksum_base64": in_base64(digest, parts),
        "etag": etag.strip('"'),
        "checksumAlgorithm": algorithm,
        "checksumType": kind,
        "checksum_hex": in_hex(digest, parts),
    }
    text = json.dumps(said, separators=(",", ":"))
    for sign, escaped in _HTML:
        text = text.replace(sign, escaped)
    return text


def refused(answer: Answer) -> Outcome:
    """As AWS reports it where a storage refused for good, with its code in the words. What is the
    network's trouble stays what it is.
    """
    words = f"{answer.code}: {answer.message}" if answer.message else answer.code
    if is_unreachable(answer) or is_foreign(answer):
        return Outcome(False, answer.http_status, answer.code, answer.message or answer.code)
    failure = json.dumps(words[:MOST_CHARACTERS], ensure_ascii=False)
    said = f'error details: {{"failureMessage":{failure}, "errorCode": "{answer.http_status}"}}'
    return Outcome(False, 200, PERMANENT, said)


def stated(
    algorithm: str, kind: str, parts: int, headers: Mapping[str, str]
) -> tuple[str, str] | None:
    """What the storage says of the same checksum: in which words ("x-amz-checksum-sha256", "ETag")
    and as which text. None where it says nothing that could be compared.
    """
    name = f"x-amz-checksum-{algorithm.lower()}"
    text = headers.get(name, "")
    if text:
        of_parts = COMPOSITE if "-" in text else FULL_OBJECT
        if headers.get("x-amz-checksum-type", of_parts) == kind:
            return name, text
    etag, dash, number = headers.get("etag", "").strip('"').partition("-")
    is_md5 = algorithm == "MD5" and bool(_MD5.fullmatch(etag)) and not _is_encrypted(headers)
    if is_md5 and (number == str(parts) if kind == COMPOSITE else not dash):
        return "ETag", etag.upper() + dash + number
    return None


def agrees(found: tuple[str, str], digest: bytes, parts: int) -> bool:
    name, text = found
    mine = in_hex(digest, parts) if name == "ETag" else in_base64(digest, parts)
    return mine == text


def _is_encrypted(headers: Mapping[str, str]) -> bool:
    """With a key by which the ETag is no MD5 of the content."""
    by_customer = "x-amz-server-side-encryption-customer-algorithm" in headers
    return by_customer or headers.get("x-amz-server-side-encryption", "") in _KEYS_OF_OTHERS
