"""AWS Signature Version 4 of requests for service `s3`, verified. Pure.

What is hashed is what the console reads: the path and the query as they were decoded, encoded anew.
So no other spelling of a request passes with its signature and means something else.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from jobs.errors import BatchConsoleError
from jobs.s3.endpoints import Credentials
from jobs.s3.signing import ALGORITHM, Signer

MOST_SKEW = timedelta(minutes=15)
"""A request can be replayed for so long, as on AWS."""

SERVICE = "s3"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^, ]+) *, *SignedHeaders=([^, ]+) *, *Signature=([^, ]+) *"
)
_SCOPE = re.compile(r"([A-Za-z0-9]{16,128})/([0-9]{8})/([A-Za-z0-9._-]{1,80})/([^/]+)/([^/]+)")
_NAMES = re.compile(r"[a-z0-9-]+(;[a-z0-9-]+)*")
_AMZ_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BODY = "x-amz-content-sha256"


class SignatureError(BatchConsoleError):
    """The request is not signed as it must be."""

    def __init__(self, code: str, message: str, http_status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is decoded and `query` is not; names of `headers` are lower case. A header that came
    more than once has its values parted by commas, which is what is signed then.
    """

    method: str
    path: bytes
    query: bytes
    headers: Mapping[str, bytes]
    body: bytes

    @classmethod
    def of_meta(cls, meta: Mapping[str, Any], body: bytes) -> "Request":
        """From a WSGI environment. Of a target in absolute form its path counts, and the header
        Host, which is what clients sign.
        """
        named = {name[5:]: text for name, text in meta.items() if name.startswith("HTTP_")}
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if meta.get(name):
                named[name] = meta[name]
        return cls(
            method=meta["REQUEST_METHOD"],
            path=_bytes(meta.get("SCRIPT_NAME", "") + meta["PATH_INFO"]),
            query=_bytes(meta.get("QUERY_STRING", "")),
            headers={name.replace("_", "-").lower(): _bytes(text) for name, text in named.items()},
            body=body,
        )

    def header(self, name: str) -> str:
        return self.headers.get(name, b"").decode("latin-1").strip()


@dataclass(frozen=True, slots=True)
class Signature:
    """What the header Authorization says. `region` is the scope's, whatever that may be."""

    access_key_id: str
    day: str
    region: str
    headers: tuple[str, ...]
    hex: str


def verify(request: Request, secret_of: Callable[[Signature], str], now: datetime) -> Signature:
    """The signature of `request`, which holds. Raises SignatureError.

    `secret_of` gives the secret access key, or raises SignatureError itself. It is asked once all
    is right that can be told without it.
    """
    signature = _signature_of(request)
    signed_at = _signed_at(request, signature, now)
    body_hash = _body_hash(request)
    _check_headers(request, signature)
    credentials = Credentials(signature.access_key_id, secret_of(signature))
    signer = Signer(credentials, signature.region, SERVICE, now=signed_at.timestamp)
    right = signer.stamp().sign(_canonical(request, signature, body_hash))
    if not hmac.compare_digest(right, signature.hex):
        raise SignatureError(
            "SignatureDoesNotMatch",
            "The signature does not match. Check the secret access key, and that no proxy changes"
            " Host, path, query, body or the x-amz-* headers on the way.",
        )
    if not hmac.compare_digest(sha256(request.body).hexdigest(), body_hash):
        raise SignatureError(
            "XAmzContentSHA256Mismatch",
            f"The body is not the one that was signed: its SHA-256 is not that of {_BODY}.",
            400,
        )
    return signature


def _signature_of(request: Request) -> Signature:
    names = {unquote_to_bytes(name).lower() for name, _ in _pairs(request.query)}
    if any(name.startswith((b"x-amz-", b"awsaccesskeyid")) for name in names):
        raise SignatureError(
            "AccessDenied",
            "Presigned URLs are not accepted. Sign the request in its header Authorization.",
        )
    if "x-amz-security-token" in request.headers:
        raise SignatureError(
            "InvalidToken",
            "Session tokens are not accepted. Sign with an access key of this console, which has"
            " none, and take AWS_SESSION_TOKEN out of the environment.",
            400,
        )
    authorization = request.header("authorization")
    if not authorization:
        raise SignatureError("AccessDenied", "The request is not signed. Nothing works unsigned.")
    if authorization.split(maxsplit=1)[0] != ALGORITHM:
        raise SignatureError(
            "InvalidRequest",
            f"The authorization mechanism is not supported. Use {ALGORITHM}.",
            400,
        )
    said = _AUTHORIZATION.fullmatch(authorization)
    scope = said and _SCOPE.fullmatch(said[1])
    if not said or not scope or not _NAMES.fullmatch(said[2]) or not _SHA256.fullmatch(said[3]):
        raise _malformed(
            "it must be Credential=KEY/YYYYMMDD/REGION/s3/aws4_request, SignedHeaders=...,"
            " Signature=..."
        )
    key, day, region, service, ending = scope.groups()
    if (service, ending) != (SERVICE, "aws4_request"):
        raise _malformed(f'the scope must end in s3/aws4_request, not "{service}/{ending}"')
    return Signature(key, day, region, tuple(said[2].split(";")), said[3])


def _signed_at(request: Request, signature: Signature, now: datetime) -> datetime:
    text = request.header("x-amz-date")
    try:
        if not _AMZ_DATE.fullmatch(text):
            raise ValueError
        signed_at = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise SignatureError(
            "AccessDenied", "The header x-amz-date must be there, as 20260102T030405Z."
        ) from None
    if text[:8] != signature.day:
        raise _malformed(f"its date {signature.day} is not the day of x-amz-date, {text[:8]}")
    if abs(now - signed_at) > MOST_SKEW:
        raise SignatureError(
            "RequestTimeTooSkewed",
            "The request's time and the console's differ by more than 15 minutes:"
            f" {text} there, {now.astimezone(UTC):%Y%m%dT%H%M%SZ} here.",
        )
    return signed_at


def _body_hash(request: Request) -> str:
    text = request.header(_BODY)
    if _SHA256.fullmatch(text):
        return text
    if text == "UNSIGNED-PAYLOAD" or text.startswith("STREAMING-"):
        why = f"{text} is not accepted: the body must be signed."
    else:
        why = f"The header {_BODY} must be there, once." if not text else f"{_BODY} is not right."
    raise SignatureError(
        "InvalidRequest", f"{why} Send the SHA-256 of the body in {_BODY}, in lower-case hex.", 400
    )


def _check_headers(request: Request, signature: Signature) -> None:
    names = signature.headers
    if list(names) != sorted(set(names)):
        raise _malformed("SignedHeaders must be sorted, each once")
    must = {"host"} | {name for name in request.headers if name.startswith("x-amz-")}
    unsigned = sorted(must.difference(names))
    if unsigned:
        raise SignatureError(
            "AccessDenied", f"These headers must be signed and are not: {', '.join(unsigned)}."
        )
    absent = [name for name in names if name not in request.headers]
    if absent:
        raise SignatureError(
            "SignatureDoesNotMatch", f"These headers are signed and not there: {', '.join(absent)}."
        )


def _canonical(request: Request, signature: Signature, body_hash: str) -> bytes:
    """The canonical request, with single path encoding as S3 has it."""
    query = sorted((_encoded(name), _encoded(text)) for name, text in _pairs(request.query))
    headers = [
        name.encode() + b":" + b" ".join(request.headers[name].split()) + b"\n"
        for name in signature.headers
    ]
    return b"\n".join(
        (
            request.method.encode(),
            quote(request.path, safe="/-_.~").encode(),
            "&".join(f"{name}={text}" for name, text in query).encode(),
            b"".join(headers),
            ";".join(signature.headers).encode(),
            body_hash.encode(),
        )
    )


def _pairs(query: bytes) -> list[tuple[bytes, bytes]]:
    """Parted as Django does it: pieces of nothing do not count."""
    parted = (piece.partition(b"=") for piece in query.split(b"&") if piece)
    return [(name, text) for name, _, text in parted]


def _encoded(text: bytes) -> str:
    """A + is read as a space."""
    return quote(unquote_to_bytes(text.replace(b"+", b" ")), safe="-_.~")


def _malformed(why: str) -> SignatureError:
    return SignatureError(
        "AuthorizationHeaderMalformed", f"The header Authorization is malformed: {why}.", 400
    )


def _bytes(text: str) -> bytes:
    """WSGI has bytes as text in Latin-1."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()
