"""Every error this package raises on purpose.

A class's docstring is its message when none is given; `retryable` says whether trying the
same thing again may help.
"""

from dataclasses import dataclass


class BatchConsoleError(Exception):
    """Something went wrong."""

    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        return str(self.args[0])


class QueueUnavailableError(BatchConsoleError):
    """Redis does not answer, so workers are not reachable."""

    retryable = True


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what a person or a client sent: `field` names where, `message` what and what to do."""

    field: str
    message: str


class ValidationFailedError(BatchConsoleError):
    """Some values are not right."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


class UnknownPersonError(BatchConsoleError):
    """Nobody here is known by that."""


class LastAdministratorError(BatchConsoleError):
    """This is the last administrator. Make somebody else an administrator first."""


class AccessDeniedError(BatchConsoleError):
    """You are not allowed to do this.

    `action` is what was asked for, such as "s3:UpdateJobStatus", and `resource` the ARN of what for.
    """

    def __init__(self, message: str = "", *, action: str = "", resource: str = "*") -> None:
        super().__init__(message or "You are not allowed to do this.")
        self.action = action
        self.resource = resource


class JobStatusError(BatchConsoleError):
    """The job's status does not allow this."""


class NoSuchJobError(BatchConsoleError):
    """The specified job does not exist."""


class StoppedError(BatchConsoleError):
    """Whoever did this was told to stop."""


class LeaseLostError(BatchConsoleError):
    """Another worker took this piece of work over."""


class ManifestError(BatchConsoleError):
    """The manifest cannot be used.

    `code` becomes the job's FailureCode; `line` counts from 1 and is None where no line is to blame.
    `file` is the key of that file of the manifest, "" for the manifest itself.
    """

    def __init__(self, code: str, message: str, *, line: int | None = None, file: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.line = line
        self.file = file


class StorageError(BatchConsoleError):
    """The storage refused a control-plane call.

    `code` is the S3 error code ("NoSuchBucket", "AccessDenied"), `http_status` its status.
    `retry_after_s` is when the storage wants to be asked again, 0 where it did not say.
    """

    retry_after_s = 0.0

    def __init__(self, code: str, message: str, *, http_status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status


class StorageUnavailableError(StorageError):
    """The storage gave no HTTP answer, or one that says to come back later."""

    retryable = True


class WorkStoreError(BatchConsoleError):
    """The work storage cannot be read or written."""

    retryable = True


class WorkStoreFullError(WorkStoreError):
    """The disk of the work storage is full."""


class WorkStoreLostError(WorkStoreError):
    """What was put into the work storage is gone or damaged."""


AGAIN = "It is tried again every few seconds"


def unexpected(error: Exception, then: str = AGAIN) -> str:
    """What a job's page says about an error that nobody foresaw there, and what happens `then`; the
    log has the rest.
    """
    if isinstance(error, BatchConsoleError):
        what = error.message
    else:
        what = f"Something unexpected went wrong ({type(error).__name__})."
    return f"{what} {then}; the worker's log says more."
