"""One call of an operation, and how boto3 carries it."""

import contextlib
from collections.abc import Mapping
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

__all__ = ["Answer", "Call", "perform"]


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
    method = getattr(client, xform_name(call.action))
    data: Mapping[str, Any] | None = None
    with hearing() as heard:
        try:
            data = method(Bucket=call.bucket, **call.params)
        except (BotoCoreError, HTTPError) as error:
            return answer_of(error)
        except TooLarge as error:
            return Answer(0, error.code, str(error))
        except (ClientError, *UNREADABLE) as error:
            if not heard.http_status:
                return _unsent(error)
    answer = Reader(client).read(call.action, heard.http_status, heard.headers, heard.body, marks)
    return replace(answer, data=_collected(data)) if heard.is_stream and data else answer


def _collected(data: Mapping[str, Any]) -> dict[str, Any]:
    """With the beginning of the body in place of the stream, which holds a connection."""
    with contextlib.closing(data["Body"]) as body:
        return {**data, "Body": body.read(MAX_BODY_BYTES)}


def _unsent(error: Exception) -> Answer:
    if isinstance(error, ClientError):
        return answer_of(error)
    raise error
