"""HTTP answers read as boto3 reads them, though boto3 did not send the request."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.awsrequest import HeadersDict
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError, create_parser

from jobs.s3 import deletions
from jobs.s3.answers import Answer, answer_of
from jobs.s3.clients import S3Client
from jobs.s3.deletion_answers import read_result

Headers = Sequence[tuple[bytes, bytes]]

MAX_BODY_BYTES = 1024 * 1024
"""An answer that is longer is not read to its end."""

_TEXT = rb"(?:[ !#-%'-;=?-~\"]++|&(?:quot|apos|amp|lt|gt|#\d{1,6});)*+"
_PLAIN_RESULT = re.compile(
    rb"\s*+(?:<\?xml [^<>&?]*+\?>)?\s*+<(\w+Result)(?: xmlns=\"[^<>&\"]*+\")?>\s*+"
    rb"(?:<(\w++)>" + _TEXT + rb"</\2>\s*+)*+</\1>\s*+\Z"
)
"""A body that is well-formed, whole and no <Error>, as far as that shows without parsing it."""

NO_ANSWER = {
    "refused": EndpointConnectionError,
    "connect-timeout": ConnectTimeoutError,
    "timeout": ReadTimeoutError,
    "closed": ConnectionClosedError,
    "tls": SSLError,
}


def is_plain_success(status: int, body: bytes) -> bool:
    """Whether an answer says that all is well, as far as that shows without parsing it."""
    return 200 <= status < 300 and (not body or _PLAIN_RESULT.match(body) is not None)


def no_answer(cause: str, url: str, detail: object = "") -> Answer:
    """As boto3 reports a request without an HTTP answer; `cause` is one of NO_ANSWER."""
    return answer_of(NO_ANSWER[cause](endpoint_url=url, error=detail))


class Reader:
    """Reads the answers of one client's calls; the client sends nothing."""

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._parser = create_parser("rest-xml")
        self._models: dict[str, OperationModel] = {}

    def read(self, action: str, status: int, headers: Headers, body: bytes) -> Answer:
        """The answer to a call of `action`; `headers` as they were received."""
        if is_plain_success(status, body):
            return Answer(status, "", "", _Parsed(self, action, status, headers, body))
        if len(body) > MAX_BODY_BYTES:
            message = f"The storage's answer has more than {MAX_BODY_BYTES:,} bytes."
            return Answer(status, "AnswerTooLarge", message)
        if action == deletions.ACTION and status == 200:
            data = read_result(body)
            if data is not None:
                return Answer(status, "", "", data)
        try:
            return self._read(action, status, headers, body)
        except (ResponseParserError, ValueError, AttributeError) as error:
            return answer_of(ResponseParserError(str(error)))

    def _read(self, action: str, status: int, headers: Headers, body: bytes) -> Answer:
        data: Any = self.parse(action, status, headers, body)
        parsed_status = int(data["ResponseMetadata"]["HTTPStatusCode"])
        if parsed_status < 300:
            return Answer(parsed_status, "", "", data)
        return answer_of(ClientError(data, action))

    def parse(self, action: str, status: int, headers: Headers, body: bytes) -> dict[str, Any]:
        """What boto3 returns, or what stands in its ClientError."""
        model = self._model(action)
        response = {
            "headers": _headers_dict(headers),
            "status_code": status,
            "context": {"operation_name": action},
            "body": body,
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
        data.setdefault("ResponseMetadata", {})["RetryAttempts"] = 0
        return data

    def _model(self, action: str) -> OperationModel:
        if action not in self._models:
            self._models[action] = self._client.meta.service_model.operation_model(action)
        return self._models[action]


class _Parsed(Mapping[str, Any]):
    """A successful answer's data, parsed when something is asked of it, which is seldom."""

    __slots__ = ("_data", "_reader", "_received")

    def __init__(
        self, reader: Reader, action: str, status: int, headers: Headers, body: bytes
    ) -> None:
        self._reader = reader
        self._received = (action, status, headers, body)
        self._data: dict[str, Any] | None = None

    def _load(self) -> dict[str, Any]:
        if self._data is None:
            try:
                self._data = self._reader.parse(*self._received)
            except (ResponseParserError, ValueError):
                # A date that is none: the call succeeded, and the headers tell what matters.
                self._data = self._reader.parse(*self._received[:3], b"")
        return self._data

    def __getitem__(self, name: str) -> Any:
        return self._load()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())


def _headers_dict(headers: Headers) -> HeadersDict:
    """With values of the same name joined, as urllib3 does it."""
    merged: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        merged[name] = f"{merged[name]}, {value}" if name in merged else value
    return HeadersDict(merged)
