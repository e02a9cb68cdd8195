"""Signed requests of calls, fast: most are filled into a template that botocore made before."""

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from jobs.s3 import deletions
from jobs.s3.calls import Call
from jobs.s3.rehearsal import Rehearsal
from jobs.s3.signing import Signer
from jobs.s3.stencil import LEFT_AS_IT_IS, Stencil
from jobs.s3.template import (
    COPY_SOURCE,
    KEY_MARK,
    VERSION_MARK,
    Template,
    Unsigned,
    quote_key,
    quote_source,
    quote_version,
)

MAX_TEMPLATES = 16
"""Kept per action and bucket. An operation that sends the same with every object needs one."""

_SOURCE_MEMBERS = {"Bucket", "Key", "VersionId"}


class Prepared(NamedTuple):
    """A request that can be signed and sent, any number of times."""

    template: Template
    values: tuple[str, ...]


class _Parts(NamedTuple):
    """A call's parameters taken apart: the values of the blanks, which blanks there are, and what
    is the same for other objects.
    """

    values: tuple[str, ...]
    has_version: bool
    has_source: bool
    static: dict[str, Any]


class _Known(NamedTuple):
    """`template` is None where these parameters do not fit into one."""

    static: dict[str, Any]
    template: Template | None


class Requests:
    """Of one endpoint and key pair; not thread-safe."""

    def __init__(self, rehearsal: Rehearsal, signer: Signer) -> None:
        self.signer = signer
        self._rehearsal = rehearsal
        self._known: dict[tuple[str, str, bool, bool], deque[_Known]] = {}
        self._stencils: dict[tuple[str, str], deque[tuple[Call, Stencil | None]]] = {}
        self._deletions: dict[str, deletions.Pattern] = {}

    def prepare(self, call: Call) -> Prepared:
        """Raises as Rehearsal.request_of."""
        if call.action == deletions.ACTION and (objects := deletions.objects_of(call.params)):
            return Prepared(Template(self._deletion(call.bucket).request(objects), self.signer), ())
        parts = _take_apart(call.params)
        if parts:
            template = self._template(call, parts)
            if template:
                return Prepared(template, parts.values)
        return Prepared(Template(self._rehearsal.request_of(call), self.signer), ())

    def stencil(self, call: Call) -> Stencil | None:
        """Of a call about a key of KEY_MARK, and a version of VERSION_MARK where there is one; None
        where the call is no such pattern. Raises as Rehearsal.request_of.
        """
        kept = self._stencils.setdefault((call.action, call.bucket), deque(maxlen=MAX_TEMPLATES))
        for known, stencil in kept:
            if known == call:
                return stencil
        stencil = self._make_stencil(call)
        kept.append((call, stencil))
        return stencil

    def _make_stencil(self, call: Call) -> Stencil | None:
        parts = _take_apart(call.params)
        if parts is None or not _is_marked(call.params):
            return None
        template = self._rehearse(call, parts, key=call.params["Key"])
        if template is None:
            return None
        source = call.params.get("CopySource", {})
        return Stencil(
            template,
            self.signer,
            source_bucket=source.get("Bucket"),
            has_version=parts.has_version or "VersionId" in source,
        )

    def _deletion(self, bucket: str) -> deletions.Pattern:
        if bucket not in self._deletions:
            sample = self._rehearsal.request_of(Call(deletions.ACTION, bucket, deletions.SAMPLE))
            self._deletions[bucket] = deletions.Pattern(sample)
        return self._deletions[bucket]

    def _template(self, call: Call, parts: _Parts) -> Template | None:
        shape = (call.action, call.bucket, parts.has_version, parts.has_source)
        kept = self._known.setdefault(shape, deque(maxlen=MAX_TEMPLATES))
        for known in kept:
            if known.static == parts.static:
                return known.template
        template = self._rehearse(call, parts)
        kept.append(_Known(parts.static, template))
        return template

    def _rehearse(self, call: Call, parts: _Parts, key: str = KEY_MARK) -> Template | None:
        marked = parts.static | {"Key": key}
        if parts.has_version:
            marked["VersionId"] = VERSION_MARK
        if parts.has_source:
            marked["CopySource"] = dict(call.params["CopySource"]) | {"Key": "source"}
        request = self._rehearsal.request_of(Call(call.action, call.bucket, marked))
        if not _fits(request, parts):
            return None
        return Template(request, self.signer, blank_source=parts.has_source)


def _take_apart(params: Mapping[str, Any]) -> _Parts | None:
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
    return _Parts(tuple(values), has_version, has_source, static)


def _is_marked(params: Mapping[str, Any]) -> bool:
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


def _fits(request: Unsigned, parts: _Parts) -> bool:
    """Whether the marks stand in the address, and there alone."""
    elsewhere = "".join(v for name, v in request.headers.items() if name != COPY_SOURCE)
    elsewhere += request.body.decode("latin-1")
    return (
        request.url.count(KEY_MARK) == 1
        and request.url.count(VERSION_MARK) == int(parts.has_version)
        and (COPY_SOURCE in request.headers) == parts.has_source
        and KEY_MARK not in elsewhere
        and VERSION_MARK not in elsewhere
    )
