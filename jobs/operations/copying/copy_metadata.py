"""Metadata and encryption of a copy: MetadataDirective, NewObjectMetadata and the members about
the key (docs/batch-operations.md, Copy).

NewObjectMetadata says two things at once. Its SSEAlgorithm encrypts the copy under either
directive: with COPY and nothing else in it, the copy is encrypted anew and keeps its metadata.
All other members replace the source's metadata, so they need REPLACE.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs.operations.checking import Checker, given

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
"""Without ContentLength, ContentMD5 and RequesterCharged, which mean nothing in a copy."""

MAX_USER_METADATA_BYTES = 2048
"""S3's own limit for names and values together."""

_FIELD = "NewObjectMetadata"


@dataclass(frozen=True, slots=True)
class CopyMetadata:
    """`replaced` are the wire members that replace the source's metadata, None keeps it;
    `encryption` is AES256, KMS or None for what the bucket does by itself.
    """

    replaced: Mapping[str, Any] | None = None
    encryption: str | None = None

    def to_wire(self) -> dict[str, Any]:
        encryption = given({"SSEAlgorithm": self.encryption})
        if self.replaced is not None:
            structure = {**self.replaced, **encryption}
            return {"MetadataDirective": "REPLACE", _FIELD: structure}
        return {"MetadataDirective": "COPY", _FIELD: encryption} if encryption else {}

    @property
    def sse(self) -> str:
        """As S3 names the encryption; empty for what the bucket does by itself."""
        return ENCRYPTION[self.encryption] if self.encryption else ""

    def to_params(self) -> dict[str, Any]:
        """As CopyObject takes it."""
        params: dict[str, Any] = {}
        if self.sse:
            params["ServerSideEncryption"] = self.sse
        if self.replaced is None:
            return params
        params["MetadataDirective"] = "REPLACE"
        params |= {TEXTS[name]: text for name, text in self.replaced.items() if name in TEXTS}
        if "HttpExpiresDate" in self.replaced:
            params["Expires"] = datetime.fromisoformat(self.replaced["HttpExpiresDate"])
        if "UserMetadata" in self.replaced:
            params["Metadata"] = dict(self.replaced["UserMetadata"])
        return params

    def loses_type(self) -> str:
        """What Review says of copies whose new metadata have no type, with a space before it."""
        if self.replaced is None or "ContentType" in self.replaced:
            return ""
        return " Content-Type becomes binary/octet-stream."

    def summary(self) -> list[tuple[str, str]]:
        metadata = "Keep the source's" if self.replaced is None else _to_text(self.replaced)
        pairs = [("Metadata", metadata)]
        if self.encryption:
            pairs.append(("Encryption", {"AES256": "SSE-S3", "KMS": "SSE-KMS"}[self.encryption]))
        return pairs


def parse_metadata(parameters: Mapping[str, Any], check: Checker) -> CopyMetadata:
    directive = check.choice(
        parameters.get("MetadataDirective"), "MetadataDirective", ("COPY", "REPLACE")
    )
    if parameters.get(_FIELD) is None:
        if directive == "REPLACE":
            check.say(_FIELD, "Enter the new metadata, or keep the source's.")
        return CopyMetadata()
    structure = check.structure(parameters[_FIELD], _FIELD)
    check.only(structure, MEMBERS, _FIELD)
    replaced = _parse_replaced(structure, check)
    encryption = check.choice(
        structure.get("SSEAlgorithm"), f"{_FIELD}.SSEAlgorithm", tuple(ENCRYPTION)
    )
    if directive == "COPY" and replaced:
        check.say("MetadataDirective", "New metadata needs the directive REPLACE.")
    if directive is None and not structure:
        check.say(
            "MetadataDirective", "Write REPLACE to drop all metadata, or COPY to keep the source's."
        )
    keeps = directive == "COPY" or (directive is None and not replaced)
    return CopyMetadata(None if keeps else replaced, encryption)


def _parse_replaced(structure: Mapping[str, Any], check: Checker) -> dict[str, Any]:
    return given(
        {
            **{
                name: check.header(structure.get(name), f"{_FIELD}.{name}", high=1024)
                for name in TEXTS
            },
            "HttpExpiresDate": check.moment(
                structure.get("HttpExpiresDate"), f"{_FIELD}.HttpExpiresDate"
            ),
            "UserMetadata": parse_user_metadata(
                structure.get("UserMetadata"), f"{_FIELD}.UserMetadata", check
            )
            or None,
        }
    )


def parse_user_metadata(value: Any, field: str, check: Checker) -> dict[str, str]:
    entries: dict[str, str] = {}
    for key, text in check.structure(value, field).items():
        place = f"{field}[{key}]"
        check_name(key, place, check)
        if key.lower() in {known.lower() for known in entries}:
            check.say(place, f'The metadata name "{key}" is entered twice.')
        entries[str(key)] = check.header(text, place, low=0, high=1024) or ""
    if sum(len(k) + len(v) for k, v in entries.items()) > MAX_USER_METADATA_BYTES:
        check.say(field, f"All metadata together has at most {MAX_USER_METADATA_BYTES:,} bytes.")
    return entries


def check_name(name: str, place: str, check: Checker) -> None:
    """Of user metadata, without x-amz-meta-."""
    if not name or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in name):
        check.say(place, "A metadata name holds letters, digits, hyphens, dots and _ only.")


def _to_text(replaced: Mapping[str, Any]) -> str:
    entries = [f"{name}: {value}" for name, value in replaced.items() if name != "UserMetadata"]
    entries += [f"{name}={value}" for name, value in replaced.get("UserMetadata", {}).items()]
    return f"Replace by {', '.join(entries)}" if entries else "Replace by none"
