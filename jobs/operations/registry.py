"""Every operation there is, listed by hand."""

from collections.abc import Mapping

from jobs.errors import Problem, ValidationFailedError
from jobs.operations.base import Operation
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.put_object_tagging import PutObjectTagging

OPERATIONS: tuple[type[Operation], ...] = (PutObjectCopy, PutObjectTagging)


def _by_name() -> Mapping[str, type[Operation]]:
    table = {operation.name: operation for operation in OPERATIONS}
    if len(table) != len(OPERATIONS):
        raise RuntimeError("two operations have the same name")
    return table


_TABLE = _by_name()


def get(name: str) -> type[Operation]:
    """Raises ValidationFailedError for a name that is none of ours."""
    try:
        return _TABLE[name]
    except KeyError as error:
        raise ValidationFailedError(
            [Problem("operation", f'There is no operation "{name}". Choose one of the list.')]
        ) from error
