"""The parameters of a call taken apart: what is an object's, and what is the same for all. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from jobs.s3.stencil import LEFT_AS_IT_IS
from jobs.s3.template import (
    COPY_SOURCE,
    KEY_MARK,
    VERSION_MARK,
    Unsigned,
    quote_key,
    quote_source,
    quote_version,
)

_SOURCE_MEMBERS = {"Bucket", "Key", "VersionId"}


class Parts(NamedTuple):
    """A call's parameters taken apart: the values of the blanks, which blanks there are, and what
    is the same for other objects.
    """

    values: tuple[str, ...]
    has_version: bool
    has_source: bool
    static: dict[str, Any]


def take_apart(params: Mapping[str, Any]) -> Parts | None:
    """None when the call has nothing to fill in, or what only botocore knows how to write."""
    static = dict(params)
    key = static.pop("Key", None)
    if not isinstance(key, str) or not key or "Body" in static:
        return None
    values = [quote_key(key)]
    has_version, has_source = "VersionId" in static, "CopySource" in static
    if has_version:
        version = static.pop("VersionId")
        if not isinstance(version, str):
            return None
        values.append(quote_version(version))
    if has_source:
        source = _source(static.pop("CopySource"))
        if source is None:
            return None
        values.append(source)
    return Parts(tuple(values), has_version, has_source, static)


def is_marked(params: Mapping[str, Any]) -> bool:
    """Whether the marks are all that will differ, and stand where a stencil puts what they mark."""
    source = params.get("CopySource")
    versions = [found["VersionId"] for found in (params, source or {}) if "VersionId" in found]
    return (
        params["Key"].count(KEY_MARK) == 1
        and (source is None or source["Key"] == KEY_MARK)
        and versions in ([], [VERSION_MARK])
        and not ("VersionId" in params and source is not None)
    )


def _source(source: Any) -> str | None:
    if not isinstance(source, dict) or not source.keys() <= _SOURCE_MEMBERS:
        return None
    bucket, key, version = source.get("Bucket"), source.get("Key"), source.get("VersionId")
    if not isinstance(bucket, str) or not isinstance(key, str) or "arn:" in bucket:
        return None
    if "VersionId" in source and not (isinstance(version, str) and LEFT_AS_IT_IS.match(version)):
        return None
    return quote_source(bucket, key, version)


def fits(request: Unsigned, parts: Parts, *, in_body: bool = False) -> bool:
    """Whether the marks of the object stand in the address, and there alone; with `in_body` they
    may stand in the body besides.
    """
    elsewhere = "".join(v for name, v in request.headers.items() if name != COPY_SOURCE)
    if not in_body:
        elsewhere += request.body.decode("latin-1")
    return (
        request.url.count(KEY_MARK) == 1
        and request.url.count(VERSION_MARK) == int(parts.has_version)
        and (COPY_SOURCE in request.headers) == parts.has_source
        and KEY_MARK not in elsewhere
        and VERSION_MARK not in elsewhere
    )
