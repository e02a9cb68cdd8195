"""HTTP answers to S3 calls, whoever sent them, read with what botocore knows of S3."""

import xml.etree.ElementTree as ET  # noqa: S405 - what botocore reads the same answers with
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import HeadersDict
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError, create_parser

from jobs.s3 import answers, deletions
from jobs.s3.answers import UNCLEAR, UNPROVEN, Answer, answer_of
from jobs.s3.clients import READ_AGAIN, S3Client
from jobs.s3.deletion_answers import read_result
from jobs.s3.fields import Fields, Headers
from jobs.s3.foreign import describe
from jobs.s3.listing_answers import read_listing
from jobs.s3.marks import NO_MARKS
from jobs.s3.proof import (
    ANY_ROOT,
    EMPTY,
    HEAD,
    RAW,
    SUCCESSES,
    Kind,
    Proof,
    Success,
    names_a_copy,
    prove,
)
from jobs.s3.tag_answers import read_tags
from jobs.s3.xml_bodies import error_in, is_blank, root_of

__all__ = [
    "MAX_BODY_BYTES",
    "NO_ANSWER",
    "UNREADABLE",
    "Headers",
    "Reader",
    "no_answer",
]

MAX_BODY_BYTES = 1024 * 1024
"""An answer that is longer is not read to its end."""

UNREADABLE = (
    *(ResponseParserError, ValueError, TypeError, AttributeError),
    *(LookupError, ArithmeticError, RuntimeError),
)
"""What botocore's parser raises for values that it does not expect, such as a date that is none."""

NOTHING_READ: Mapping[str, Any] = {}

NO_ANSWER = {
    "refused": EndpointConnectionError,
    "connect-timeout": ConnectTimeoutError,
    "timeout": ReadTimeoutError,
    "closed": ConnectionClosedError,
    "tls": SSLError,
}


def no_answer(cause: str, url: str, detail: object = "") -> Answer:
    """As boto3 reports a request without an HTTP answer; `cause` is one of NO_ANSWER."""
    return answer_of(NO_ANSWER[cause](endpoint_url=url, error=detail))


@dataclass(frozen=True, slots=True)
class _Received:
    """An answer as it came over the wire."""

    action: str
    status: int
    headers: Headers
    fields: Fields
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_too_large(self) -> bool:
        return len(self.body) > MAX_BODY_BYTES


class Reader:
    """Reads the answers of one client's calls; the client sends nothing."""

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._parser = create_parser("rest-xml")
        self._models: dict[str, OperationModel] = {}

    def read(
        self,
        action: str,
        status: int,
        headers: Headers,
        body: bytes,
        marks: frozenset[bytes] = NO_MARKS,
    ) -> Answer:
        """The answer to a call of `action`; `headers` as they were received, `marks` what shows
        besides S3's own headers that this endpoint sent them. Never raises.
        """
        came = _Received(action, status, headers, Fields(headers), body)
        if status == 200 and names_a_copy(action, body):
            return self._success(came)
        if action == deletions.ACTION and status == 200 and not came.is_too_large:
            data = read_result(body)
            if data is not None:
                return Answer(status, "", "", data, headers=came.fields)
        return self._read(came, came.fields.are_marked(marks))

    def _read(self, came: _Received, marked: bool) -> Answer:
        success = self._success_of(came.action)
        is_left = not came.body or came.is_too_large or (success.kind is Kind.RAW and came.is_good)
        root = None if is_left else root_of(came.body)
        error = error_in(root)
        if error:
            return answers.refusal(came.status, error, came.fields)
        if came.is_good:
            return self._judged(came, success, root, marked)
        if marked or success.kind is Kind.HEAD:
            proof = Proof.PROVEN if marked else Proof.UNMARKED
            return answers.bare_status(came.status, came.fields, proof)
        return _foreign(came)

    def _judged(
        self, came: _Received, success: Success, root: ET.Element | None, marked: bool
    ) -> Answer:
        proof = prove(success, came.status, came.body, root, marked=marked)
        if proof is Proof.PROVEN:
            return self._success(came, _read_from(came.action, root))
        if proof is Proof.FOREIGN:
            return _foreign(came)
        data, code = self._data(came), UNPROVEN if proof is Proof.UNMARKED else UNCLEAR
        if came.is_too_large and success.kind is not Kind.RAW:
            code = "AnswerTooLarge"
            message = f"The storage's answer has more than {MAX_BODY_BYTES:,} bytes."
        elif proof is Proof.UNMARKED:
            message = f"Nothing in the answer ({came.status}) shows that a storage sent it."
        else:
            message = f"{came.action} is not answered so: {came.status}, {_described(came)}."
        return Answer(came.status, code, message, data, proof=proof, headers=came.fields)

    def _success(self, came: _Received, read: Mapping[str, Any] = NOTHING_READ) -> Answer:
        return Answer(came.status, "", "", _Parsed(self, came, read), headers=came.fields)

    def _data(self, came: _Received) -> "_Parsed":
        return _Parsed(self, came, NOTHING_READ)

    def _success_of(self, action: str) -> Success:
        known = SUCCESSES.get(action)
        return known or _by_shape(self._model(action))

    def readable(self, action: str, body: bytes) -> bytes:
        """Without what botocore stumbles over before the XML itself."""
        if self._success_of(action).kind is Kind.RAW:
            return body
        return b"" if is_blank(body) else body.lstrip()

    def parse(self, action: str, status: int, headers: Headers, body: bytes) -> dict[str, Any]:
        """What boto3 returns, or what stands in its ClientError."""
        model = self._model(action)
        # botocore takes it for text where it is no stream of its own.
        blob = _blob_of(model) if 200 <= status < 300 else ""
        response = {
            "headers": HeadersDict(Fields(headers)),
            "status_code": status,
            "context": {"operation_name": action, READ_AGAIN: True},
            "body": b"" if blob else body,
        }
        changes: dict[str, Any] = {}
        self._client.meta.events.emit(
            f"before-parse.s3.{action}",
            operation_model=model,
            response_dict=response,
            customized_response_dict=changes,
        )
        shape: Any = model.output_shape  # None where there is no output, which the stubs deny
        data: dict[str, Any] = self._parser.parse(response, shape)
        data |= changes
        if blob:
            data[blob] = body
        data.setdefault("ResponseMetadata", {})["RetryAttempts"] = 0
        return data

    def _model(self, action: str) -> OperationModel:
        if action not in self._models:
            self._models[action] = self._client.meta.service_model.operation_model(action)
        return self._models[action]


class _Parsed(Mapping[str, Any]):
    """An answer's data, parsed when something is asked of it, which is seldom. `read` are members
    that are known already.
    """

    __slots__ = ("_data", "_read", "_reader", "_received")

    def __init__(self, reader: Reader, received: _Received, read: Mapping[str, Any]) -> None:
        self._reader = reader
        self._received = received
        self._read = read
        self._data: dict[str, Any] | None = None

    def _load(self) -> dict[str, Any]:
        if self._data is None:
            # Of a body that cannot be read the headers tell what matters, if they can be read.
            body = self._reader.readable(self._received.action, self._received.body)
            self._data = self._parse(body) or self._parse(b"") or {}
        return self._data

    def _parse(self, body: bytes) -> dict[str, Any] | None:
        came = self._received
        try:
            return self._reader.parse(came.action, came.status, came.headers, body)
        except UNREADABLE:
            return None

    def __getitem__(self, name: str) -> Any:
        return self._read[name] if name in self._read else self._load()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())


def _read_from(action: str, root: ET.Element | None) -> Mapping[str, Any]:
    if action == "ListObjectsV2":
        return read_listing(root) or NOTHING_READ
    tags = read_tags(root) if action == "GetObjectTagging" else None
    return NOTHING_READ if tags is None else {"TagSet": tags}


def _blob_of(model: OperationModel) -> str:
    """The member of its answer that is the whole body, as it comes; empty where there is none."""
    shape: Any = model.output_shape  # None where there is no output, which the stubs deny
    payload: str = (shape.serialization.get("payload") or "") if shape else ""
    return payload if payload and shape.members[payload].type_name == "blob" else ""


def _by_shape(model: OperationModel) -> Success:
    """Of a call that is not among SUCCESSES, by what botocore makes of its answer."""
    if model.http.get("method") == "HEAD":
        return HEAD
    shape: Any = model.output_shape  # None where there is no output, which the stubs deny
    if shape is None:
        return EMPTY
    payload = shape.serialization.get("payload")
    if model.has_event_stream_output or (
        payload and shape.members[payload].type_name in ("blob", "string")
    ):
        return RAW
    is_in_headers = all("location" in member.serialization for member in shape.members.values())
    return EMPTY if is_in_headers else ANY_ROOT


def _described(came: _Received) -> str:
    content_type = came.fields.get("content-type", "")
    location = came.fields.get("location", "")
    return describe(came.status, came.body, content_type=content_type, location=location)


def _foreign(came: _Received) -> Answer:
    return answers.foreign(came.status, _described(came), came.fields)
