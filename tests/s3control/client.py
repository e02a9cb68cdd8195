"""boto3's own client of S3 Control, whose requests go to the console without a network."""

import io
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from django.test import Client

from jobs.access import access_keys
from jobs.models import AccessKey
from tests.access.signed import meta_of

ACCOUNT = "123456789012"


class _Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def bytes_of(sent: AWSPreparedRequest) -> bytes:
    body = sent.body or b""
    return body.encode() if isinstance(body, str) else bytes(body)


def deliver(sent: AWSPreparedRequest, body: bytes | None = None) -> Any:
    """The console's answer to a request that is signed already."""
    headers = {
        name: text if isinstance(text, str) else text.decode()
        for name, text in sent.headers.items()
    }
    content = bytes_of(sent) if body is None else body
    meta = meta_of(sent.method, sent.url, headers, content)
    for name in ("RAW_URI", "SCRIPT_NAME", "wsgi.url_scheme"):
        meta.pop(name, None)
    meta["CONTENT_LENGTH"] = str(len(content))
    path = meta.pop("PATH_INFO")
    return Client(raise_request_exception=False).generic(
        meta.pop("REQUEST_METHOD"), path, content, **meta
    )


def signed_in(
    key: AccessKey, region: str, *, endpoint: str = "http://console.test", checks: bool = True
) -> Any:
    """boto3's client that signs with `key`; without `checks` it sends whatever it is given."""
    client = boto3.client(
        "s3control",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key.pk,
        aws_secret_access_key=key.secret,
        config=Config(retries={"max_attempts": 1, "mode": "standard"}, parameter_validation=checks),
    )

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        answer = deliver(request)
        return AWSResponse(
            request.url, answer.status_code, dict(answer.headers), _Raw(answer.content)
        )

    client.meta.events.register("before-send.s3-control", send)
    return client


def key_of(user: Any, now: Any) -> AccessKey:
    return access_keys.create(user, by=None, now=now)
