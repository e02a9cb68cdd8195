"""What must be true of every bucket of a list before any of its objects is touched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.s3 import replication_rules
from jobs.s3.answers import Answer
from jobs.s3.proof import Proof

_READS = ("Get", "Head", "List")


@dataclass(frozen=True, slots=True)
class Precondition:
    """Asked once for each bucket while a job is prepared, by `action`, which may only read.

    `is_met` is asked about the data of a plain success; one of the error codes `says_no` is as
    clear. A storage that answers with something else takes no notice of such calls, and would take
    others of their kind for plain writes, so it does not meet it either. Every other answer does not
    tell, and lets the job go on: a role often may not ask, and a storage may say that it has no such
    call. Where the operation cannot do without the answer (`is_vital`) such a job fails as well.
    `unmet` is the sentence for {bucket}, `asks` what is asked, as "whether Object Lock is enabled".

    `keep` is what the operation is told of a bucket that meets it (`Operation.knowing`), fit for
    JSON; it raises ValueError with a sentence where the operation cannot go by it. Raises ValueError
    for an action that does not read.
    """

    action: str
    is_met: Callable[[Mapping[str, Any]], bool]
    says_no: frozenset[str]
    asks: str
    unmet: str
    is_vital: bool = False
    keep: Callable[[Mapping[str, Any]], Any] | None = None

    def __post_init__(self) -> None:
        if not self.action.startswith(_READS):
            raise ValueError(f"{self.action} does not only read.")

    def holds(self, answer: Answer) -> bool | None:
        """None where the answer does not tell."""
        if answer.proof is Proof.ODD and 200 <= answer.http_status < 300:
            return False
        if answer.proof is not Proof.PROVEN:
            return None
        if answer.code:
            return False if answer.code in self.says_no else None
        return self.is_met(answer.data)


def _is_lock_enabled(data: Mapping[str, Any]) -> bool:
    return bool(data.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")


def _keeps_versions(data: Mapping[str, Any]) -> bool:
    """Also where versioning is suspended there may be versions from before."""
    return data.get("Status") in ("Enabled", "Suspended")


VERSIONING = Precondition(
    action="GetBucketVersioning",
    is_met=_keeps_versions,
    # Who has no such call keeps no versions, and may take the deletion of one for that of the object.
    says_no=frozenset({"NotImplemented", "MethodNotAllowed"}),
    asks="whether versions are kept",
    unmet="Bucket {bucket} keeps no versions and has no delete markers",
)
OBJECT_LOCK = Precondition(
    action="GetObjectLockConfiguration",
    is_met=_is_lock_enabled,
    says_no=frozenset({"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"}),
    asks="whether Object Lock is enabled",
    unmet="Object Lock is not enabled on bucket {bucket}",
)

REPLICATION = Precondition(
    action="GetBucketReplication",
    is_met=lambda data: bool(replication_rules.enabled(data)),
    says_no=frozenset({"ReplicationConfigurationNotFoundError"}),
    asks="what the replication configuration is",
    unmet="Bucket {bucket} has no replication configuration with an enabled rule",
    is_vital=True,
    keep=replication_rules.kept,
)
