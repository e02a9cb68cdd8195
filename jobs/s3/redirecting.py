"""What a storage says about a bucket that lies elsewhere, or is signed for in another way. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from jobs.s3.endpoints import is_region_code

_EXPECTED = re.compile(r"expecting ['\"]([^'\"\s]+)['\"]", re.IGNORECASE)
_NAMED = re.compile(r"the region ['\"]([^'\"\s]+)['\"] is wrong", re.IGNORECASE)
_HOST = re.compile(r"(?:https?://)?([A-Za-z0-9._:\[\]-]+)/?\Z")


def lies_elsewhere(bucket: str, error: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """For an answer of 301 or 307: `error` is botocore's, with what S3 names besides code and
    message, `headers` have names in small letters.
    """
    region = _region(error, headers)
    endpoint = _endpoint(error, headers)
    name = bucket or str(error.get("Bucket") or "")
    whose = f"The bucket {name}" if name else "The bucket"
    if region and endpoint:
        where = f"{whose} lies in Region {region} (endpoint {endpoint})."
    elif region:
        where = f"{whose} lies in Region {region}."
    elif endpoint:
        where = f"{whose} lies at the endpoint {endpoint}."
    else:
        return (
            f"{whose} lies in another Region, and the storage does not say in which. Connect that"
            " Region under Regions."
        )
    return f"{where} Connect that {'Region' if region else 'endpoint'} under Regions."


def expected_region(error: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The region code that a storage wants requests to be signed for; empty where it names none."""
    found = _EXPECTED.search(str(error.get("Message") or ""))
    code = found[1] if found else _region(error, headers)
    return code if is_region_code(code) else ""


def wrong_region(error: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """For AuthorizationHeaderMalformed; empty where it is not about the region."""
    message = str(error.get("Message") or "")
    expected = expected_region(error, headers)
    if not expected and "region" not in message.lower():
        return ""
    named = _NAMED.search(message)
    used = f", and not for {named[1]}" if named else ""
    if expected:
        return (
            f"The storage wants requests signed for the region code {expected}{used}. Set the"
            f" Region's code to {expected} under Regions."
        )
    said = f"{message.rstrip('.')}. " if message else ""
    return f"The storage refused the Region's code: {said}Correct the code under Regions."


def _region(error: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    region = headers.get("x-amz-bucket-region") or str(error.get("Region") or "")
    return region if is_region_code(region) else ""


def _endpoint(error: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """As S3 names it: a host, with the bucket before it. Else that of Location."""
    named = str(error.get("Endpoint") or "")
    if not named:
        scheme, found, rest = headers.get("location", "").partition("://")
        named = rest.partition("/")[0] if found and scheme in ("http", "https") else ""
    host = _HOST.match(named)
    return host[1] if host else ""
