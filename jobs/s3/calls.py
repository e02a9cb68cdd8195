"""One call of an operation, and its answer, whoever carries them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from jobs.s3.clients import S3Client


@dataclass(frozen=True, slots=True)
class Call:
    """`action` is S3's API name, `bucket` decides where it is made, `params` are botocore's.

    `carried` is what an operation wants to know again when the answer comes; it is not sent.
    """

    action: str
    bucket: str
    params: Mapping[str, Any]
    carried: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`http_status` is 0 when there was no HTTP answer; `code` is empty when all is well."""

    http_status: int
    code: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


def perform(client: S3Client, call: Call) -> Answer:
    """Make a call, once. Never raises for trouble with the storage."""
    method = getattr(client, _method_name(call.action))
    try:
        data = method(Bucket=call.bucket, **call.params)
    except ClientError as error:
        return _refusal(error)
    except BotoCoreError as error:
        return Answer(0, type(error).__name__, str(error))
    return Answer(int(data["ResponseMetadata"]["HTTPStatusCode"]), "", "", data)


def _refusal(error: ClientError) -> Answer:
    detail = error.response.get("Error", {})
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = str(detail.get("Code") or status)
    return Answer(status, code, str(detail.get("Message", "")), error.response)


def _method_name(action: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
