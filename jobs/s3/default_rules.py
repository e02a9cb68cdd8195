"""What a bucket does by itself with every new object: rules under which nothing may be tried there."""

from collections.abc import Mapping
from typing import Any

from jobs.s3.scratch import Scratch, told

RETAINS = "GetObjectLockConfiguration"
REPLICATES = "GetBucketReplication"


def why_not_to_write(scratch: Scratch, *, unless_told: bool) -> str:
    """A sentence where new objects are retained by default or replicated, else an empty text. With
    `unless_told` also where the role may not ask (403). Raises SilentError.
    """
    for action, is_so, does in (
        (RETAINS, retains, "locked by default"),
        (REPLICATES, _replicates, "replicated"),
    ):
        answer = scratch.ask(action)
        if not answer.code and is_so(answer.data):
            return f"New objects in the bucket {scratch.bucket} are {does}, so nothing was tried."
        if unless_told and answer.http_status == 403:
            return (
                f"Whether new objects in the bucket {scratch.bucket} are {does} is not told"
                f" ({told(action, answer)}), so nothing was tried."
            )
    return ""


def retains(data: Mapping[str, Any]) -> bool:
    found = data.get("ObjectLockConfiguration", {})
    return bool(found.get("Rule", {}).get("DefaultRetention"))


def _replicates(data: Mapping[str, Any]) -> bool:
    found = data.get("ReplicationConfiguration", {})
    return bool(found.get("Rules"))
