"""What boto3 would send for a call, without sending it."""

import re
from typing import Any, NoReturn

from botocore import xform_name
from botocore.exceptions import ParamValidationError

from jobs.s3.calls import Call
from jobs.s3.checksums import are_added
from jobs.s3.clients import S3Client, leave_out_checksums
from jobs.s3.template import USER_AGENT, Unsigned

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^,]+/\d{8}/([^/,]+)/s3/aws4_request,"
    r" SignedHeaders=([^,]+), Signature=[0-9a-f]{64}\Z"
)
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*\Z")
_LEFT_OUT = {"authorization", "x-amz-date", "expect", "amz-sdk-invocation-id", "amz-sdk-request"}


class NotForUsError(Exception):
    """A request that only boto3 itself can send; the text says why."""


class _Caught(Exception):
    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


def _catch(request: Any, **_: object) -> NoReturn:
    raise _Caught(request)


class Rehearsal:
    """botocore up to the moment of sending: serialised, completed by all its handlers, signed.

    The client belongs to the rehearsal: none of its calls is ever sent.
    """

    def __init__(self, client: S3Client, region_code: str) -> None:
        self._client = client
        self._region_code = region_code
        client.meta.events.register_first("before-send.s3", _catch)

    def leave_out_checksums(self) -> None:
        """Those that botocore adds by itself, from now on."""
        leave_out_checksums(self._client)

    def request_of(self, call: Call) -> Unsigned:
        """Raises one of jobs.s3.answers.TROUBLE where boto3 refuses the call itself, and
        NotForUsError.
        """
        self._check(call)
        try:
            getattr(self._client, xform_name(call.action))(Bucket=call.bucket, **call.params)
        except _Caught as caught:
            # Its frames know who asked, and what for: all that would wait for a collection.
            caught.__traceback__ = None
            return self._unsigned(caught.request, call)
        raise AssertionError("a rehearsed call was sent")

    def _check(self, call: Call) -> None:
        model = self._client.meta.service_model.operation_model(call.action)
        if model.has_event_stream_output:
            raise NotForUsError("its answer is a stream of events")
        # Where an encoding is asked for, botocore leaves it to the caller, too.
        if call.action.startswith("List") and "EncodingType" not in call.params:
            raise NotForUsError("botocore reads its answer by what it sent")

    def _unsigned(self, request: Any, call: Call) -> Unsigned:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        found = _AUTHORIZATION.match(headers.get("authorization", ""))
        if not found or found[1] != self._region_code:
            raise NotForUsError("it is signed in another way than with the Region's key pair")
        if "transfer-encoding" in headers:
            raise NotForUsError("its body is sent as a stream")
        kept = {name: value for name, value in headers.items() if name not in _LEFT_OUT}
        for name, value in kept.items():
            if not _HEADER_VALUE.match(value):
                report = f"The header {name} cannot hold this value."
                raise ParamValidationError(report=report)
        return Unsigned(
            method=request.method,
            url=request.url,
            headers=kept | {"user-agent": USER_AGENT, "accept-encoding": "identity"},
            signed=found[2].split(";"),
            body=_bytes(request.body),
            body_sha256=headers["x-amz-content-sha256"],
            adds_checksums=are_added(kept, call.params),
        )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    if body is None or isinstance(body, bytes | bytearray):
        return bytes(body or b"")
    if isinstance(body, str):
        return body.encode()
    return bytes(body.read())
