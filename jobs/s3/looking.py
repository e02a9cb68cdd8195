"""Reads about a bucket whose refusal is an answer, too."""

from jobs.errors import StorageUnavailableError
from jobs.s3.answers import Answer
from jobs.s3.calls import Call, perform
from jobs.s3.clients import S3Client
from jobs.s3.faults import Verdict, classify
from jobs.s3.translating import translated

NOT_FOR_US = frozenset({403, 405, 501})
"""Who is answered so may not ask, or the storage has no such call: that will not change soon."""


def look_at_bucket(client: S3Client, bucket: str, action: str) -> Answer:
    """What a read that takes nothing but the bucket is answered. Raises StorageUnavailableError for
    an answer that says to come back later, and StoppedError.
    """
    with translated():
        answer = perform(client, Call(action, bucket, {}))
    if answer.http_status not in NOT_FOR_US and classify(answer) is Verdict.RETRY:
        message = answer.message or answer.code
        raise StorageUnavailableError(answer.code, message, http_status=answer.http_status)
    return answer
