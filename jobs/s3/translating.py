"""What boto3 raises, as our errors."""

import contextlib
from collections.abc import Iterator

from jobs.errors import StorageError, StorageUnavailableError
from jobs.s3.answers import TROUBLE, Answer, answer_of
from jobs.s3.faults import Verdict, classify


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raises StorageError, and StorageUnavailableError where trying later may help."""
    try:
        yield
    except TROUBLE as error:
        raise _error_of(answer_of(error)) from error


def _error_of(answer: Answer) -> StorageError:
    retryable = classify(answer) is Verdict.RETRY
    kind = StorageUnavailableError if retryable else StorageError
    return kind(answer.code, answer.message or answer.code, http_status=answer.http_status)
