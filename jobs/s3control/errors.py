"""What goes wrong, by the codes of AWS's model, so that SDKs raise the class of it."""

from jobs.access.sigv4 import SignatureError
from jobs.errors import (
    AccessDeniedError,
    BatchConsoleError,
    JobStatusError,
    NoSuchJobError,
    Problem,
    ValidationFailedError,
)
from jobs.lifecycle.creation import IdempotencyError

BAD_REQUEST, INVALID_REQUEST = "BadRequestException", "InvalidRequestException"
NOT_FOUND, INTERNAL = "NotFoundException", "InternalServiceException"
_MOST = 1024
"""So many characters may a message have."""


class CallError(BatchConsoleError):
    """A request that gets an error of this code."""

    def __init__(self, code: str, message: str, http_status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status


def call_error(error: BatchConsoleError, bad_input: str) -> CallError:
    """`bad_input` is the code that the call has for a request that is wrong in itself."""
    if isinstance(error, CallError):
        return error
    if isinstance(error, SignatureError):
        return CallError(error.code, error.message, error.http_status)
    if isinstance(error, AccessDeniedError):
        return CallError("AccessDenied", error.message, 403)
    if isinstance(error, NoSuchJobError):
        return CallError(NOT_FOUND, error.message, 404)
    if isinstance(error, IdempotencyError):
        return CallError("IdempotencyException", error.message)
    if isinstance(error, JobStatusError):
        return CallError("JobStatusException", error.message)
    if isinstance(error, ValidationFailedError):
        return CallError(bad_input, in_words(error.problems))
    return CallError(INTERNAL, error.message, 500)


def in_words(problems: list[Problem]) -> str:
    """Each with the path of its member, unless the sentence has it."""
    said = [
        problem.message
        if not problem.field or problem.field in problem.message
        else f"{problem.field}: {problem.message}"
        for problem in problems
    ]
    text = " ".join(dict.fromkeys(said))
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"
