"""A request that botocore made once, with blanks for what differs from object to object. Pure.

botocore never sees the single objects: a call with marks in the places of the key, the version, the
source of a copy and of texts that an operation says are an object's own is serialised once, and its
method, path, query, headers and body stand for all calls that differ in those alone. What follows
from a body with blanks (its length, hash and checksums) is a blank too.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from jobs.s3.body_headers import BODY_SHA256, makers_of
from jobs.s3.signing import ALGORITHM, Signer

_SALT = secrets.token_hex(8)  # nothing that is sent contains a mark by accident, or on purpose
KEY_MARK = f"key{_SALT}"
VERSION_MARK = f"version{_SALT}"
SOURCE_MARK = f"source{_SALT}"
_DATE_MARK = f"date{_SALT}"
_DAY_MARK = f"day{_SALT}"
_SIGNATURE_MARK = f"signature{_SALT}"
_MARKS = (KEY_MARK, VERSION_MARK, SOURCE_MARK, _DATE_MARK, _DAY_MARK, _SIGNATURE_MARK)

COPY_SOURCE = "x-amz-copy-source"
_DATE = "x-amz-date"
USER_AGENT = "batchconsole"
_LEFT_BY_QUOTE = re.compile(r"[A-Za-z0-9_.~/-]+")
_PORTS = {"http": 80, "https": 443}


Values = tuple[str | bytes, ...]
"""Of the blanks of a head, as text, and after them of those of a body, as bytes."""


class PerObject(str):
    """A text in the parameters of a call that differs from object to object, in any place."""

    __slots__ = ()


def text_mark(number: int) -> str:
    """Of the PerObject of that number, counted as they stand in the parameters."""
    return f"text{number}{_SALT}"


class Origin(NamedTuple):
    """Where connections go. `name` is whose certificate is expected, where `host` is an address that
    was looked up before.
    """

    host: str
    port: int
    tls: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A request before its signature: the names of `headers` are in small letters, those in
    `signed` will be covered; `body_sha256` as the canonical request has it. With `adds_checksums`
    there are headers among them that nobody asked for (see jobs.s3.checksums).
    """

    method: str
    url: str
    headers: Mapping[str, str]
    signed: Sequence[str]
    body: bytes
    body_sha256: str
    adds_checksums: bool = False


class Template:
    """`fill` takes the values of the blanks that the request has, in this order: the quoted key,
    the quoted version, the copy source as `quote_source` makes it.
    """

    __slots__ = ("_body", "_canonical", "_url", "_wire", "adds_checksums", "method", "origin")

    def __init__(self, request: Unsigned, signer: Signer, *, blank_source: bool = False) -> None:
        self.method = request.method
        self.adds_checksums = request.adds_checksums
        self.origin = _origin(urlsplit(request.url))
        self._url = _with_blanks(request.url)
        headers = _headers(request, blank_source=blank_source)
        self._wire = _with_blanks(_wire(request, headers, signer))
        self._canonical = _with_blanks(_canonical(request, headers))
        self._body = request.body

    def fill(self, values: Values, signer: Signer) -> bytes:
        """The whole request, signed for the present second."""
        stamp = signer.stamp()
        # Adding to a tuple takes half the time of unpacking it into another.
        dated = values + (stamp.amz_date,)
        signature = stamp.sign((self._canonical % dated).encode())
        return (self._wire % (dated + (stamp.day, signature))).encode("latin-1") + self._body

    def url(self, values: Values) -> str:
        """For a sentence about a request that was not answered."""
        return self._url % values[: self._url.count("%s")]


class TextTemplate(Template):
    """With blanks in any place, as in a body: `marks` in the head and `body_marks` in the body, in
    the order of the values; with `has_content` the whole body is one. Raises ValueError where a header
    follows from the body in a way that we do not know.
    """

    __slots__ = ("_address", "_canonical_form", "_count", "_text", "_wire_form", "makers")

    def __init__(
        self,
        request: Unsigned,
        signer: Signer,
        *,
        marks: Sequence[str],
        body_marks: Sequence[str],
        blank_source: bool = False,
        has_content: bool = False,
    ) -> None:
        super().__init__(request, signer, blank_source=blank_source)
        has_makers = has_content or body_marks
        makers = makers_of(request.headers, request.body) if has_makers else {}
        if makers is None:
            raise ValueError("a header follows from the body in a way that is not known")
        made = {name: f"{name}{_SALT}" for name in makers}
        open_request = replace(
            request,
            headers={**request.headers, **made},
            body_sha256=made.get(BODY_SHA256, request.body_sha256),
        )
        headers = _headers(open_request, blank_source=blank_source)
        known = [*marks, *made.values(), _DATE_MARK]
        self._count = len(marks)
        self.makers = list(makers.values())
        self._address = _Form(request.url, marks)
        self._canonical_form = _Form(_canonical(open_request, headers), known)
        known += [_DAY_MARK, _SIGNATURE_MARK]
        self._wire_form = _Form(_wire(open_request, headers, signer), known)
        self._text = _Form(request.body.decode("latin-1"), body_marks)

    def fill(self, values: Values, signer: Signer) -> bytes:
        body = self._text.fill_bytes(values[self._count :])
        return self.fill_head(values, [make(body) for make in self.makers], signer) + body

    def fill_head(self, values: Values, made: Sequence[str], signer: Signer) -> bytes:
        """`made` is what `makers` make of the body, which follows."""
        known = (*values[: self._count], *made)
        stamp = signer.stamp()
        canonical = self._canonical_form.fill((*known, stamp.amz_date))
        signature = stamp.sign(canonical.encode())
        head = self._wire_form.fill((*known, stamp.amz_date, stamp.day, signature))
        return head.encode("latin-1")

    def url(self, values: Values) -> str:
        return self._address.fill(values)


class _Form:
    """A text with blanks, each of which takes that of the values whose mark stands there."""

    __slots__ = ("_bytes", "_order", "_text")

    def __init__(self, text: str, marks: Sequence[str]) -> None:
        found = re.compile("|".join(map(re.escape, marks)) or r"(?!)")
        self._order = [marks.index(mark) for mark in found.findall(text)]
        self._text = found.sub("%s", text.replace("%", "%%"))
        self._bytes = self._text.encode("latin-1", "replace")

    def fill(self, values: Values) -> str:
        return self._text % tuple([values[number] for number in self._order])

    def fill_bytes(self, values: Values) -> bytes:
        return self._bytes % tuple([values[number] for number in self._order])


is_left_by_quote = _LEFT_BY_QUOTE.fullmatch


def quote_key(key: str) -> str:
    """As botocore writes it into a path."""
    return key if is_left_by_quote(key) else quote(key, safe="/~")


def quote_version(version_id: str) -> str:
    """As botocore writes it into a query."""
    return quote(version_id, safe="-._~")


def quote_source(bucket: str, key: str, version_id: str | None) -> str:
    """As botocore writes the header of a copy; it leaves the version as it is."""
    source = f"{bucket}/{key}"
    if not _LEFT_BY_QUOTE.fullmatch(source):
        source = quote(source, safe="-._~/")
    return source if version_id is None else f"{source}?versionId={version_id}"


def _headers(request: Unsigned, *, blank_source: bool) -> dict[str, str]:
    """All that are sent and signed, with marks in the place of what differs."""
    own = {"host": _host(urlsplit(request.url)), _DATE: _DATE_MARK}
    return {**request.headers, **own, **({COPY_SOURCE: SOURCE_MARK} if blank_source else {})}


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
