"""One call of an operation, and how boto3 carries it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore import xform_name

from jobs.s3.answers import TROUBLE, Answer, answer_of
from jobs.s3.clients import S3Client

__all__ = ["Answer", "Call", "perform"]


@dataclass(frozen=True, slots=True)
class Call:
    """`action` is S3's API name, `bucket` decides where it is made, `params` are botocore's.

    `carried` is what an operation wants to know again when the answer comes; it is not sent.
    """

    action: str
    bucket: str
    params: Mapping[str, Any]
    carried: Any = None


def perform(client: S3Client, call: Call) -> Answer:
    """Make a call, once. Never raises for trouble with the storage."""
    method = getattr(client, xform_name(call.action))
    try:
        data = method(Bucket=call.bucket, **call.params)
    except TROUBLE as error:
        return answer_of(error)
    return Answer(int(data["ResponseMetadata"]["HTTPStatusCode"]), "", "", data)
