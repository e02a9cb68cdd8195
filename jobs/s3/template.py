"""A request that botocore made once, with blanks for what differs from object to object. Pure.

botocore never sees the single objects: a call with marks in the places of the key, the version and
the source of a copy is serialised once, and its method, path, query, headers, body and checksums
stand for all calls that differ in those three alone.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from jobs.s3.signing import ALGORITHM, Signer

_SALT = secrets.token_hex(8)  # nothing that is sent contains a mark by accident, or on purpose
KEY_MARK = f"key{_SALT}"
VERSION_MARK = f"version{_SALT}"
_SOURCE_MARK = f"source{_SALT}"
_DATE_MARK = f"date{_SALT}"
_DAY_MARK = f"day{_SALT}"
_SIGNATURE_MARK = f"signature{_SALT}"
_MARKS = (KEY_MARK, VERSION_MARK, _SOURCE_MARK, _DATE_MARK, _DAY_MARK, _SIGNATURE_MARK)

COPY_SOURCE = "x-amz-copy-source"
_DATE = "x-amz-date"
USER_AGENT = "batchconsole"
_LEFT_BY_QUOTE = re.compile(r"[A-Za-z0-9_.~/-]+")
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Where connections go."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A request before its signature: the names of `headers` are in small letters, those in
    `signed` will be covered; `body_sha256` as the canonical request has it.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    signed: Sequence[str]
    body: bytes
    body_sha256: str


class Template:
    """`fill` takes the values of the blanks that the request has, in this order: the quoted key,
    the quoted version, the copy source as `quote_source` makes it.
    """

    __slots__ = ("_body", "_canonical", "_url", "_wire", "method", "origin")

    def __init__(self, request: Unsigned, signer: Signer, *, blank_source: bool = False) -> None:
        headers = dict(request.headers) | {"host": _host(urlsplit(request.url)), _DATE: _DATE_MARK}
        if blank_source:
            headers[COPY_SOURCE] = _SOURCE_MARK
        self.method = request.method
        self.origin = _origin(urlsplit(request.url))
        self._url = _with_blanks(request.url)
        self._wire = _with_blanks(_wire(request, headers, signer))
        self._canonical = _with_blanks(_canonical(request, headers))
        self._body = request.body

    def fill(self, values: tuple[str, ...], signer: Signer) -> bytes:
        """The whole request, signed for the present second."""
        stamp = signer.stamp()
        canonical = self._canonical % (*values, stamp.amz_date)
        signature = stamp.sign(canonical.encode())
        head = self._wire % (*values, stamp.amz_date, stamp.day, signature)
        return head.encode("latin-1") + self._body

    def url(self, values: tuple[str, ...]) -> str:
        """For a sentence about a request that was not answered."""
        return self._url % values[: self._url.count("%s")]


def quote_key(key: str) -> str:
    """As botocore writes it into a path."""
    return key if _LEFT_BY_QUOTE.fullmatch(key) else quote(key, safe="/~")


def quote_version(version_id: str) -> str:
    """As botocore writes it into a query."""
    return quote(version_id, safe="-._~")


def quote_source(bucket: str, key: str, version_id: str | None) -> str:
    """As botocore writes the header of a copy; it leaves the version as it is."""
    source = f"{bucket}/{key}"
    if not _LEFT_BY_QUOTE.fullmatch(source):
        source = quote(source, safe="-._~/")
    return source if version_id is None else f"{source}?versionId={version_id}"


def _wire(request: Unsigned, headers: Mapping[str, str], signer: Signer) -> str:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    scope = f"{_DAY_MARK}/{signer.region_code}/{signer.service}/aws4_request"
    # The order of the blanks: those of an object first, and the date after the source of a copy.
    fixed = {name: value for name, value in headers.items() if name not in (COPY_SOURCE, _DATE)}
    last = {name: headers[name] for name in (COPY_SOURCE, _DATE) if name in headers}
    lines = [
        f"{request.method} {target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in (fixed | last).items()),
        f"authorization: {ALGORITHM} Credential={signer.credentials.access_key_id}/{scope}, "
        f"SignedHeaders={';'.join(request.signed)}, Signature={_SIGNATURE_MARK}",
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


def _canonical(request: Unsigned, headers: Mapping[str, str]) -> str:
    parts = urlsplit(request.url)
    pairs = sorted(pair.partition("=")[::2] for pair in parts.query.split("&") if parts.query)
    lines = [
        request.method,
        parts.path,
        "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{' '.join(headers[name].split())}" for name in request.signed),
        "",
        ";".join(request.signed),
        request.body_sha256,
    ]
    return "\n".join(lines)


def _with_blanks(text: str) -> str:
    text = text.replace("%", "%%")
    for mark in _MARKS:
        text = text.replace(mark, "%s")
    return text


def _origin(parts: SplitResult) -> Origin:
    port = parts.port or _PORTS[parts.scheme]
    return Origin(parts.hostname or "", port, parts.scheme == "https")


def _host(parts: SplitResult) -> str:
    """As botocore signs it: without the port that is the scheme's own."""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return host if parts.port in (None, _PORTS[parts.scheme]) else f"{host}:{parts.port}"
