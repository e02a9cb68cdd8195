"""One call of an operation, and how boto3 carries it."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from jobs.s3.answers import Answer, answer_of
from jobs.s3.clients import S3Client, hearing
from jobs.s3.marks import NO_MARKS
from jobs.s3.parsing import MAX_BODY_BYTES, UNREADABLE, Reader
from jobs.s3.patience import TooLarge

__all__ = ["Answer", "Call", "perform", "stream"]

PIECE_BYTES = 256 * 1024
"""Of a body that is handed on."""


@dataclass(frozen=True, slots=True)
class Call:
    """`action` is S3's API name, `params` are botocore's without the bucket."""

    action: str
    bucket: str
    params: Mapping[str, Any]


def perform(client: S3Client, call: Call, marks: frozenset[bytes] = NO_MARKS) -> Answer:
    """Make a call, once, and read its answer as if we had sent it ourselves. Never raises for
    trouble with the storage.
    """
    answer, data = _ask(client, call, marks)
    return replace(answer, data=_collected(data)) if data else answer


def stream(
    client: S3Client,
    call: Call,
    began: Callable[[Answer], object],
    into: Callable[[bytes | memoryview], object],
    marks: frozenset[bytes] = NO_MARKS,
) -> Answer:
    """As `perform`; the body of a success is handed on as it comes, after its head."""
    answer, data = _ask(client, call, marks)
    if not data:
        return answer
    began(answer)
    with contextlib.closing(data["Body"]) as body:
        pieces = body.iter_chunks(PIECE_BYTES)
        while True:
            try:
                piece = next(pieces, b"")
            except (BotoCoreError, HTTPError) as error:
                return answer_of(error)
            if not piece:
                return answer
            into(piece)


def _ask(
    client: S3Client, call: Call, marks: frozenset[bytes]
) -> tuple[Answer, Mapping[str, Any] | None]:
    """The answer, and where its body is left open as a stream what botocore made of it."""
    method = getattr(client, xform_name(call.action))
    data: Mapping[str, Any] | None = None
    with hearing() as heard:
        try:
            data = method(Bucket=call.bucket, **call.params)
        except (BotoCoreError, HTTPError) as error:
            return answer_of(error), None
        except TooLarge as error:
            return Answer(0, error.code, str(error)), None
        except (ClientError, *UNREADABLE) as error:
            if not heard.http_status:
                return _unsent(error), None
    answer = Reader(client).read(call.action, heard.http_status, heard.headers, heard.body, marks)
    return answer, data if heard.is_stream else None


def _collected(data: Mapping[str, Any]) -> dict[str, Any]:
    """With the beginning of the body in place of the stream, which holds a connection."""
    with contextlib.closing(data["Body"]) as body:
        return {**data, "Body": body.read(MAX_BODY_BYTES)}


def _unsent(error: Exception) -> Answer:
    if isinstance(error, ClientError):
        return answer_of(error)
    raise error
