"""Delete objects: ours, AWS has no such operation (user-needs.md 1)."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import Risk
from jobs.operations.base import BatchOperation, counted, named
from jobs.operations.checking import Checker
from jobs.s3.calls import Answer, Call
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target

MOST_BYTES = 384 * 1024
"""Of keys and versions in one request: its answer, which names them again, must fit into what is
read of an answer (jobs.s3.parsing.MAX_BODY_BYTES).
"""

_PLAIN = re.compile(r"[!-%'-;=?-~]+")
_PLAIN_LINES = re.compile(r"[!-%'-;=?-~]+(?:\n[!-%'-;=?-~]+)*+")
_ESCAPED_BYTES = 6
"""An ampersand or a letter beyond ASCII may come back as a reference of so many."""

_NOT_FOR_XML = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]|^\s|\s$")
"""What XML can not carry, and what some reader of XML may change on its way to another key."""

_STATUSES = {
    "AccessDenied": 403,
    "NoSuchKey": 404,
    "NoSuchVersion": 404,
    "MethodNotAllowed": 405,
    "OperationAborted": 409,
    "InternalError": 500,
    "NotImplemented": 501,
    "SlowDown": 503,
    "ServiceUnavailable": 503,
}
"""An error within the answer to many has no HTTP status; the one that it has alone."""

_UNSAID = Answer(502, "InvalidResponse", "The storage's answer does not say what became of it.")
_DELETED = Answer(200, "", "")


@dataclass(frozen=True, slots=True)
class DeleteObject(BatchOperation):
    """Without a version the newest is deleted: in a versioned bucket it gets a delete marker, and
    one more when a task whose result was lost runs again.

    Also a key that is not there is deleted with success, as S3 has it.
    """

    name = "S3DeleteObject"
    label = "Delete objects"
    risk = Risk.DESTRUCTIVE
    opt_in = True
    batch_size = 1000
    chunk_rows = 1000  # one request for a chunk: with fewer rows each, twice the requests

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, set())
        check.done()
        return cls()

    def to_wire(self) -> dict[str, Any]:
        return {}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return (
            f"Deletes {counted(total)} in {named(buckets)}."
            " Objects in buckets without versioning and versions named in the list can not be"
            " recovered."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("Deletes", "The version that the list names, otherwise the newest")]

    def start(self, target: Target, endpoint: Endpoint) -> Call:
        version = {"VersionId": target.version_id} if target.version_id else {}
        return Call("DeleteObject", target.bucket, {"Key": target.key, **version})

    def batches(self, targets: Sequence[Target]) -> list[list[int]]:
        if self._are_plain(targets):
            indices = range(len(targets))
            return [list(indices[n : n + self.batch_size]) for n in indices[:: self.batch_size]]
        alone: list[list[int]] = []
        by_bucket: dict[str, list[int]] = defaultdict(list)
        seen: set[Target] = set()
        for index, target in enumerate(targets):
            # One that is listed twice is asked for twice: the answer would be about both.
            if target in seen or not target.key or _NOT_FOR_XML.search(target.key):
                alone.append([index])
            else:
                seen.add(target)
                by_bucket[target.bucket].append(index)
        cut = [batch for indices in by_bucket.values() for batch in self._cut(indices, targets)]
        return cut + alone

    def _are_plain(self, targets: Sequence[Target]) -> bool:
        """Distinct keys of one bucket, as many as may be in each request: nearly always so."""
        keys = [target.key for target in targets if target.version_id is None]
        text = "\n".join(keys)
        return (
            0 < len(keys) == len(targets) == len(set(keys)) == text.count("\n") + 1
            and len({target.bucket for target in targets}) == 1
            and max(map(len, keys)) * self.batch_size <= MOST_BYTES
            and _PLAIN_LINES.fullmatch(text) is not None
        )

    def _cut(self, indices: Sequence[int], targets: Sequence[Target]) -> list[list[int]]:
        batches: list[list[int]] = []
        room_bytes = 0
        for index in indices:
            size_bytes = _most_bytes(targets[index])
            if room_bytes < size_bytes or len(batches[-1]) >= self.batch_size:
                batches.append([])
                room_bytes = MOST_BYTES
            batches[-1].append(index)
            room_bytes -= size_bytes
        return batches

    def batch_call(self, targets: Sequence[Target], endpoint: Endpoint) -> Call:
        objects = [
            {"Key": target.key, "VersionId": target.version_id}
            if target.version_id
            else {"Key": target.key}
            for target in targets
        ]
        return Call("DeleteObjects", targets[0].bucket, {"Delete": {"Objects": objects}})

    def answers(self, targets: Sequence[Target], answer: Answer) -> list[Answer]:
        # As they were asked for, each without a version: all went well.
        asked = [{"Key": target.key} for target in targets if target.version_id is None]
        if len(asked) == len(targets) and answer.data == {"Deleted": asked}:
            return [_DELETED] * len(targets)
        said: dict[tuple[str, str | None], Answer] = {}
        for item in answer.data.get("Deleted", ()):
            said[item.get("Key", ""), item.get("VersionId") or None] = _DELETED
        for item in answer.data.get("Errors", ()):
            said[item.get("Key", ""), item.get("VersionId") or None] = _error(item)
        # Some storage leaves the version out of its answer.
        shared = {target.key for target in targets if target.version_id is None}
        return [_said_of(target, said, in_doubt=target.key in shared) for target in targets]


def _said_of(
    target: Target, said: Mapping[tuple[str, str | None], Answer], *, in_doubt: bool
) -> Answer:
    answer = said.get((target.key, target.version_id))
    if answer is None and target.version_id and not in_doubt:
        answer = said.get((target.key, None))
    return answer or _UNSAID


def _error(item: Mapping[str, Any]) -> Answer:
    code = str(item.get("Code") or "InternalError")
    return Answer(_STATUSES.get(code, 400), code, str(item.get("Message") or ""))


def _most_bytes(target: Target) -> int:
    """What the target may take of an answer."""
    size_bytes = len(target.key) + len(target.version_id or "")
    return size_bytes if _PLAIN.fullmatch(target.key) else size_bytes * _ESCAPED_BYTES
