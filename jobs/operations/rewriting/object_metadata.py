"""Metadata and headers of one object: read from an answer, and written as CopyObject takes them. Pure.

Both are texts by the names of HTTP headers in small letters. CopyObject replaces all of them or none.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from jobs.operations.copying.copy_metadata import MAX_USER_METADATA_BYTES
from jobs.s3.template import PerObject

USER = "x-amz-meta-"
EXPIRES = "expires"
REDIRECT = "x-amz-website-redirect-location"
CONTENT_TYPE = "content-type"
UNNAMED_TYPE = "binary/octet-stream"
"""What S3 says of an object that was given no type."""

_TEXTS = {
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    CONTENT_TYPE: "ContentType",
}
_MISSING = "x-amz-missing-meta"

Metadata = Mapping[str, str]


class CannotCarryError(Exception):
    """Its text says what of this object would be damaged by writing it again."""


class TooLargeError(Exception):
    """Its text says how large these metadata are."""


def read(headers: Mapping[str, str]) -> dict[str, str]:
    """Of HeadObject's answer."""
    names = [*_TEXTS, EXPIRES, REDIRECT, *(name for name in headers if name.startswith(USER))]
    return {name: headers[name] for name in names if name in headers}


def written_as(name: str) -> str:
    """ "cache-control" as "Cache-Control", as people write it."""
    return name if name.startswith("x-amz-") else name.title()


def check_size(metadata: Metadata) -> None:
    """Raises TooLargeError where S3 would refuse them."""
    own = [(n.removeprefix(USER), text) for n, text in metadata.items() if n.startswith(USER)]
    size_bytes = sum(len(name.encode()) + len(text.encode()) for name, text in own)
    if size_bytes > MAX_USER_METADATA_BYTES:
        raise TooLargeError(
            f"The object would have {size_bytes:,} bytes of user metadata, and"
            f" {MAX_USER_METADATA_BYTES:,} is the most."
        )


def check_carried(headers: Mapping[str, str], metadata: Metadata) -> None:
    """That what stays in `metadata` can be written as it was read. Raises CannotCarryError.

    Storages differ in what they make of other characters than ASCII, in both directions; what stands
    there as RFC 2047 is ASCII and goes back as it came.
    """
    missing = headers.get(_MISSING, "0")
    if missing != "0":
        raise CannotCarryError(f"The storage does not show {missing} of its metadata.")
    for name, text in metadata.items():
        if not text.isascii() or not all(c.isprintable() or c == "\t" for c in text):
            raise CannotCarryError(
                f"The value of {written_as(name)} holds characters that cannot be written back as"
                " they are stored."
            )
    if EXPIRES in metadata and _moment(metadata[EXPIRES]) is None:
        raise CannotCarryError(
            f'Its Expires is "{metadata[EXPIRES]}", which is no date and cannot be written again.'
        )


def _moment(text: str) -> datetime | None:
    """None unless it is written again in the same way."""
    try:
        moment = parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if as_date(moment) == text else None


def as_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def to_params(metadata: Metadata) -> dict[str, Any]:
    """In place of all that there is; `check_carried` must have passed them. None is no parameter: it
    keeps a redirect from being carried that is not among them.
    """
    params: dict[str, Any] = {"MetadataDirective": "REPLACE"}
    params |= {
        member: PerObject(metadata[name]) for name, member in _TEXTS.items() if name in metadata
    }
    if EXPIRES in metadata:
        params["Expires"] = _moment(metadata[EXPIRES])
    redirect = metadata.get(REDIRECT)
    params["WebsiteRedirectLocation"] = None if redirect is None else PerObject(redirect)
    params["Metadata"] = {
        name.removeprefix(USER): PerObject(text)
        for name, text in metadata.items()
        if name.startswith(USER)
    }
    return params


def from_params(params: Mapping[str, Any]) -> dict[str, str]:
    """As they will be read of an object that was written with `to_params`."""
    metadata = {name: str(params[member]) for name, member in _TEXTS.items() if member in params}
    if "Expires" in params:
        metadata[EXPIRES] = as_date(params["Expires"])
    if params.get("WebsiteRedirectLocation"):
        metadata[REDIRECT] = str(params["WebsiteRedirectLocation"])
    own = params.get("Metadata", {})
    return metadata | {f"{USER}{name.lower()}": str(text) for name, text in own.items()}
