"""What boto3 raises, as our errors."""

import contextlib
from collections.abc import Iterator

from jobs.errors import StoppedError, StorageError, StorageUnavailableError
from jobs.s3.answers import TROUBLE, Answer, answer_of
from jobs.s3.faults import Verdict, classify
from jobs.s3.parsing import UNREADABLE
from jobs.s3.patience import Heard, TooLarge

ODD = "OddAnswer"


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raises StorageError, StorageUnavailableError where trying later may help, and StoppedError for
    who was told to stop meanwhile.
    """
    try:
        yield
    except Heard as heard:
        raise StoppedError from heard
    except TooLarge as error:
        raise StorageError(error.code, str(error)) from error
    except TROUBLE as error:
        raise error_of(answer_of(error)) from error
    except UNREADABLE as error:
        raise odd_answer() from error


def odd_answer() -> StorageError:
    """An answer lacks what it must have, or says it in a way that nobody knows."""
    return StorageError(ODD, "The storage's answer lacks what it must have, or cannot be read.")


def error_of(answer: Answer) -> StorageError:
    """Of one that is no success."""
    retryable = classify(answer) is Verdict.RETRY
    kind = StorageUnavailableError if retryable else StorageError
    return kind(answer.code, answer.message or answer.code, http_status=answer.http_status)
