"""Every operation there is, listed by hand."""

from collections.abc import Iterable, Mapping
from typing import Any

from jobs.errors import Problem, ValidationFailedError
from jobs.operations.base import Operation
from jobs.operations.batch import BatchOperation
from jobs.operations.compute_object_checksum import ComputeObjectChecksum
from jobs.operations.delete_object import DeleteObject
from jobs.operations.delete_object_tagging import DeleteObjectTagging
from jobs.operations.initiate_restore_object import InitiateRestoreObject
from jobs.operations.lambda_invoke import LambdaInvoke
from jobs.operations.merge_object_metadata import MergeObjectMetadata
from jobs.operations.merge_object_tagging import MergeObjectTagging
from jobs.operations.move_object import MoveObject
from jobs.operations.put_object_acl import PutObjectAcl
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.put_object_legal_hold import PutObjectLegalHold
from jobs.operations.put_object_retention import PutObjectRetention
from jobs.operations.put_object_storage_class import PutObjectStorageClass
from jobs.operations.put_object_tagging import PutObjectTagging
from jobs.operations.replicate_object import ReplicateObject
from jobs.operations.update_object_encryption import UpdateObjectEncryption
from jobs.operations.waiting import WaitingOperation
from jobs.operations.webhook_invoke import WebhookInvoke

OPERATIONS: tuple[type[Operation], ...] = (
    PutObjectCopy,
    MoveObject,
    PutObjectTagging,
    MergeObjectTagging,
    DeleteObjectTagging,
    MergeObjectMetadata,
    PutObjectStorageClass,
    PutObjectAcl,
    UpdateObjectEncryption,
    ReplicateObject,
    InitiateRestoreObject,
    PutObjectRetention,
    PutObjectLegalHold,
    ComputeObjectChecksum,
    LambdaInvoke,
    WebhookInvoke,
    DeleteObject,
)

BATCHED = frozenset(op.name for op in OPERATIONS if issubclass(op, BatchOperation))
"""Operations that do many objects with one request."""

WAITING = frozenset(op.name for op in OPERATIONS if issubclass(op, WaitingOperation))
"""Operations whose tasks may wait for hours for what they asked for."""

OPT_IN = tuple(op for op in OPERATIONS if op.opt_in)
"""Operations that have to be allowed for a Region first."""


def by_name(operations: Iterable[type[Operation]]) -> Mapping[str, type[Operation]]:
    """Raises ValueError when two have the same name."""
    table: dict[str, type[Operation]] = {}
    for operation in operations:
        if operation.name in table:
            raise ValueError(f"{operation.name} stands twice among the operations.")
        table[operation.name] = operation
    return table


_TABLE = by_name(OPERATIONS)


def find(name: str) -> type[Operation] | None:
    """None for a name that is none of ours, or not any more."""
    return _TABLE.get(name)


def get(name: str) -> type[Operation]:
    """Raises ValidationFailedError for a name that is none of ours."""
    try:
        return _TABLE[name]
    except KeyError as error:
        raise ValidationFailedError(
            [Problem("Operation", f'There is no operation "{name}".')]
        ) from error


def of_job(name: str, parameters: Mapping[str, Any], found: Mapping[str, Any]) -> Operation:
    """As a job has it that was prepared: `found` is what its preconditions found. Raises
    ValidationFailedError.
    """
    return get(name).parse(parameters).knowing(found)
