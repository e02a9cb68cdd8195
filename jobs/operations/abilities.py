"""What a storage has to be able to do for an operation, as a probe finds it out."""

from collections.abc import Mapping

from jobs.choices import Capability
from jobs.operations.base import Operation

_OF_CALLS: Mapping[str, Capability] = {
    "GetObjectTagging": Capability.TAGS,
    "PutObjectTagging": Capability.TAGS,
    "DeleteObjectTagging": Capability.TAGS,
    "GetObjectAcl": Capability.ACL,
    "PutObjectAcl": Capability.ACL,
    "RestoreObject": Capability.RESTORE,
    "PutObjectRetention": Capability.OBJECT_LOCK,
    "PutObjectLegalHold": Capability.OBJECT_LOCK,
    "UpdateObjectEncryption": Capability.CHANGE_ENCRYPTION,
}

DISABLING = frozenset(_OF_CALLS.values())
"""Without one of these some operation cannot be chosen."""


def abilities_of(operation: type[Operation]) -> frozenset[Capability]:
    """From the calls without which no task can succeed."""
    return frozenset(_OF_CALLS[action] for action in operation.needs if action in _OF_CALLS)
