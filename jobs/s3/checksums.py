"""Checksums of what is sent: Content-MD5 goes with every body, newer ones where they are borne.

botocore adds a CRC32 by itself wherever S3 requires a checksum. A storage that was built before
2022 may know Content-MD5 alone: some of these refuse whatever lacks it, some the newer headers.
"""

import re
from collections.abc import Mapping
from typing import Any

from jobs.s3.answers import Answer
from jobs.s3.body_headers import md5_of

_STATUSES = {400, 501}
_NAMED = re.compile(r"x-amz-(?:sdk-)?checksum|checksum.*(?:support|implement|unknown|unrecogni)")
_ANY_HEADER = re.compile(r"header you provided implies functionality that is not implemented")
_WANTED = re.compile(r"missing|required|no corresponding|match")
_WRONG_BODY = {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"}


def refuses_checksums(answer: Answer) -> bool:
    """Whether a storage refused a request for its checksum headers, as far as its words tell. An
    answer that asks for a checksum, or finds one wrong, does not.
    """
    if answer.http_status not in _STATUSES or answer.code in _WRONG_BODY:
        return False
    said = answer.message.lower()
    if _ANY_HEADER.search(said):
        return True
    return bool(_NAMED.search(said)) and not _WANTED.search(said)


def are_added(headers: Mapping[str, str], params: Mapping[str, Any]) -> bool:
    """Whether `headers`, in small letters, have checksums that nobody asked for in `params`."""
    asked = any(name.startswith("Checksum") for name in params)
    return not asked and any(
        name.startswith(("x-amz-checksum-", "x-amz-sdk-checksum-")) for name in headers
    )


def add_md5(params: dict[str, Any], model: Any, **_: Any) -> None:
    """Handler of before-call: Content-MD5 for every body that is not an object's data, and for an
    empty one where S3 requires a checksum.
    """
    body, headers = params["body"], params["headers"]
    if not isinstance(body, bytes) or model.has_streaming_input or "Content-MD5" in headers:
        return
    if body or model.http_checksum.get("requestChecksumRequired"):
        headers["Content-MD5"] = md5_of(body)


def leave_out(params: dict[str, Any], **_: Any) -> None:
    """Handler of before-call: no checksum that botocore adds by itself. It notes a header for the
    algorithm only where nobody named one.
    """
    context = params["context"].get("checksum", {})
    if "request_algorithm_header" in context:
        del context["request_algorithm"], context["request_algorithm_header"]
