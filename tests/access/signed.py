"""Requests as clients sign and send them: botocore signs, and nothing is sent."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from urllib.parse import unquote_to_bytes, urlsplit

import boto3
from botocore import auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials

from jobs.access.sigv4 import Request

ACCOUNT = "123456789012"
KEY = "BCAKEXAMPLE123456789"
SECRET = "a/secret+of=ours0123456789012345678901234"
REGION = "us-west-2"
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
"""No client sends them in Host."""

NOW = datetime(2026, 11, 27, 1, 23, 45, tzinfo=UTC)


class AsJavaScriptSigns(auth.S3SigV4Auth):
    """The JavaScript client signs whatever it sends."""

    def headers_to_sign(self, request: AWSRequest) -> Any:
        signed = super().headers_to_sign(request)
        for name, value in request.headers.items():
            if name.lower() not in signed:
                signed[name.lower()] = value
        return signed


def meta_of(
    method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, absolute: bool = False
) -> dict[str, str]:
    """The WSGI environment that gunicorn makes of a request."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    meta = {
        "REQUEST_METHOD": method,
        "RAW_URI": url if absolute else target,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
        "QUERY_STRING": parts.query,
        "HTTP_HOST": parts.netloc.removesuffix(DEFAULT_PORTS[parts.scheme]),
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.url_scheme": parts.scheme,
    }
    for name, text in headers.items():
        name = name.upper().replace("-", "_")
        meta[name if name.startswith("CONTENT_") else f"HTTP_{name}"] = text
    return meta


def sign(
    method: str = "GET",
    url: str = f"http://{ACCOUNT}.localhost:8000/v20180820/jobs",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    service: str = "s3",
    region: str = REGION,
    token: str | None = None,
    at: datetime = NOW,
    signer: type[auth.SigV4Auth] = auth.S3SigV4Auth,
) -> AWSPreparedRequest:
    sent = {"x-amz-account-id": ACCOUNT, **(headers or {})}
    request = AWSRequest(method=method, url=url, headers=sent, data=body)
    with mock.patch("botocore.auth.get_current_datetime", return_value=at.replace(tzinfo=None)):
        signer(Credentials(KEY, SECRET, token), service, region).add_auth(request)
    return request.prepare()


def as_received(sent: AWSPreparedRequest) -> Request:
    headers = {
        name: text if isinstance(text, str) else text.decode()
        for name, text in sent.headers.items()
    }
    body = sent.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    return Request.of_meta(meta_of(sent.method, sent.url, headers, body), body)


def sent_by_boto3(
    call: Callable[[Any], Any], endpoint: str = "http://localhost:8000"
) -> AWSPreparedRequest:
    """What boto3's client of S3 Control sends for `call(client)`, as does the AWS CLI."""
    client = boto3.client(
        "s3control",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(retries={"max_attempts": 1}),
    )
    sent: list[AWSPreparedRequest] = []

    def keep(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        sent.append(request)
        answer = mock.Mock(stream=lambda: iter([b"<R/>"]))
        return AWSResponse(request.url, 200, {}, answer)

    client.meta.events.register("before-send.s3-control", keep)
    call(client)
    (request,) = sent
    return request
