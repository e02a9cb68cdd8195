"""New metadata of a copy: NewObjectMetadata of reference 4.1."""

from collections.abc import Mapping
from typing import Any

from jobs.operations.checking import Checker

TEXTS = {
    "CacheControl": "CacheControl",
    "ContentDisposition": "ContentDisposition",
    "ContentEncoding": "ContentEncoding",
    "ContentLanguage": "ContentLanguage",
    "ContentType": "ContentType",
}
ENCRYPTION = {"AES256": "AES256", "KMS": "aws:kms"}
"""Batch Operations says KMS where S3 says aws:kms."""

MEMBERS = {*TEXTS, "HttpExpiresDate", "UserMetadata", "SSEAlgorithm"}
MAX_USER_METADATA_BYTES = 2048


def parse_metadata(parameters: Mapping[str, Any], check: Checker) -> dict[str, Any] | None:
    """None keeps the source's metadata."""
    directive = check.choice(
        parameters.get("MetadataDirective"), "MetadataDirective", ("COPY", "REPLACE")
    )
    given = parameters.get("NewObjectMetadata")
    if given is None:
        if directive == "REPLACE":
            check.say("NewObjectMetadata", "Enter the new metadata, or keep the source's.")
        return None
    if directive == "COPY":
        check.say("MetadataDirective", "New metadata needs the directive REPLACE.")
    structure = check.structure(given, "NewObjectMetadata")
    check.only(structure, MEMBERS, "NewObjectMetadata")
    metadata: dict[str, Any] = {
        name: check.text(structure.get(name), f"NewObjectMetadata.{name}", high=1024)
        for name in TEXTS
    }
    metadata |= {
        "HttpExpiresDate": check.moment(
            structure.get("HttpExpiresDate"), "NewObjectMetadata.HttpExpiresDate"
        ),
        "SSEAlgorithm": check.choice(
            structure.get("SSEAlgorithm"), "NewObjectMetadata.SSEAlgorithm", tuple(ENCRYPTION)
        ),
        "UserMetadata": _parse_user_metadata(structure.get("UserMetadata"), check) or None,
    }
    return {name: value for name, value in metadata.items() if value is not None}


def _parse_user_metadata(value: Any, check: Checker) -> dict[str, str]:
    field = "NewObjectMetadata.UserMetadata"
    entries = {}
    for key, text in check.structure(value, field).items():
        place = f"{field}[{key}]"
        if not key or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in key):
            check.say(place, "A metadata name holds letters, digits, hyphens, dots and _ only.")
        read = check.text(text, place, low=0, high=1024)
        if read and not read.isascii():
            check.say(place, "A metadata value holds ASCII characters only.")
        entries[str(key)] = read or ""
    if sum(len(k) + len(v) for k, v in entries.items()) > MAX_USER_METADATA_BYTES:
        check.say(field, f"All metadata together has at most {MAX_USER_METADATA_BYTES:,} bytes.")
    return entries


def to_params(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """As CopyObject takes it."""
    if metadata is None:
        return {}
    params: dict[str, Any] = {"MetadataDirective": "REPLACE"}
    params |= {TEXTS[name]: value for name, value in metadata.items() if name in TEXTS}
    if "HttpExpiresDate" in metadata:
        params["Expires"] = metadata["HttpExpiresDate"]
    if "UserMetadata" in metadata:
        params["Metadata"] = dict(metadata["UserMetadata"])
    if "SSEAlgorithm" in metadata:
        params["ServerSideEncryption"] = ENCRYPTION[metadata["SSEAlgorithm"]]
    return params
