"""What the role of a job must be allowed, as IAM names it, and which call may ask for it.

A call asks about a key that nobody has: a storage that allows it says that there is no such key.
Only calls that then change nothing may ask so. One that copies, deletes, writes or locks never does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

_PROBE_TAGS = {"TagSet": [{"Key": "batchconsole", "Value": "probe"}]}

ASKING: Mapping[str, Mapping[str, Any]] = {
    "GetObject": {},
    "GetObjectAcl": {},
    "GetObjectTagging": {},
    "GetObjectAttributes": {"ObjectAttributes": ["ETag"]},
    "PutObjectTagging": {"Tagging": _PROBE_TAGS},
    "DeleteObjectTagging": {},
    "PutObjectAcl": {"ACL": "private"},
    "RestoreObject": {"RestoreRequest": {"Days": 1, "GlacierJobParameters": {"Tier": "Standard"}}},
}
"""Calls that are safe on a key that is not there, with the rest of their parameters."""


class Side(Enum):
    """Of which buckets."""

    LISTED = "the buckets of the list"
    TARGET = "the bucket that is written"
    NONE = "no bucket"


@dataclass(frozen=True, slots=True)
class Permission:
    """`action` is IAM's ("s3:PutObjectTagging"), `of_versions` the one that stands in its place for
    a list with version IDs, empty where that is the same one. `asked_by` is a call of ASKING, empty
    for what cannot be asked without a change to objects. `only` says when it is needed, as in
    "where objects have tags"; empty for always. With `is_look` it serves a look and no task fails
    without it. Raises ValueError for a call that is not safe on a key that is not there.
    """

    action: str
    of_versions: str = ""
    on: Side = Side.LISTED
    asked_by: str = ""
    only: str = ""
    is_look: bool = False

    def __post_init__(self) -> None:
        if self.asked_by and self.asked_by not in ASKING:
            raise ValueError(f"{self.asked_by} may change something where no object is.")

    def name(self, *, versions: bool) -> str:
        """The action, for a list with or without version IDs."""
        return self.of_versions if versions and self.of_versions else self.action

    def at_target(self) -> "Permission":
        """The same of the bucket that is written, where nobody names a version."""
        return replace(self, on=Side.TARGET, of_versions="")

    def when(self, only: str) -> "Permission":
        return replace(self, only=only)


GET_OBJECT = Permission("s3:GetObject", "s3:GetObjectVersion", asked_by="GetObject")
GET_TAGS = Permission(
    "s3:GetObjectTagging", "s3:GetObjectVersionTagging", asked_by="GetObjectTagging"
)
PUT_TAGS = Permission(
    "s3:PutObjectTagging", "s3:PutObjectVersionTagging", asked_by="PutObjectTagging"
)
DELETE_TAGS = Permission(
    "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging", asked_by="DeleteObjectTagging"
)
GET_ACL = Permission("s3:GetObjectAcl", "s3:GetObjectVersionAcl", asked_by="GetObjectAcl")
PUT_ACL = Permission("s3:PutObjectAcl", "s3:PutObjectVersionAcl", asked_by="PutObjectAcl")
GET_ATTRIBUTES = Permission(
    "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes", asked_by="GetObjectAttributes"
)
RESTORE = Permission("s3:RestoreObject", asked_by="RestoreObject")
PUT_OBJECT = Permission("s3:PutObject")
DELETE_OBJECT = Permission("s3:DeleteObject", "s3:DeleteObjectVersion")
DELETE_VERSION = Permission("s3:DeleteObjectVersion")
LIST_VERSIONS = Permission("s3:ListBucketVersions")
GET_RETENTION = Permission("s3:GetObjectRetention")
PUT_RETENTION = Permission("s3:PutObjectRetention")
GET_HOLD = Permission("s3:GetObjectLegalHold")
PUT_HOLD = Permission("s3:PutObjectLegalHold")
BYPASS_GOVERNANCE = Permission("s3:BypassGovernanceRetention")
GET_LOCK = Permission("s3:GetBucketObjectLockConfiguration")
GET_REPLICATION = Permission("s3:GetReplicationConfiguration")
PUT_ENCRYPTION = Permission("s3:UpdateObjectEncryption")

_OF_CALLS: Mapping[str, tuple[Permission, ...]] = {
    "GetObject": (GET_OBJECT,),
    "HeadObject": (GET_OBJECT,),
    "GetObjectTagging": (GET_TAGS,),
    "PutObjectTagging": (PUT_TAGS,),
    "DeleteObjectTagging": (DELETE_TAGS,),
    "GetObjectAcl": (GET_ACL,),
    "PutObjectAcl": (PUT_ACL,),
    "GetObjectAttributes": (GET_ATTRIBUTES,),
    "RestoreObject": (RESTORE,),
    "PutObject": (PUT_OBJECT,),
    "CopyObject": (GET_OBJECT, PUT_OBJECT.at_target()),
    "DeleteObject": (DELETE_OBJECT,),
    "DeleteObjects": (DELETE_OBJECT,),
    "PutObjectRetention": (PUT_RETENTION,),
    "PutObjectLegalHold": (PUT_HOLD,),
    "UpdateObjectEncryption": (PUT_ENCRYPTION,),
}


def of_calls(actions: Iterable[str]) -> tuple[Permission, ...]:
    """What calls of these names need, each once; nothing for those that are not known here."""
    found = [needed for action in sorted(actions) for needed in _OF_CALLS.get(action, ())]
    return tuple(dict.fromkeys(found))


def helping(*permissions: Permission) -> tuple[Permission, ...]:
    """The same as help for looks, without which no task fails."""
    return tuple(replace(needed, is_look=True) for needed in permissions)
