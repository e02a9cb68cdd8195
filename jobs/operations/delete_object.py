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
from jobs.s3.deletions import Listed
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target

MOST_BYTES = 384 * 1024
"""Of keys and versions in one request: its answer, which names them again, must fit into what is
read of an answer (jobs.s3.parsing.MAX_BODY_BYTES).
"""

_ESCAPED = "&<>\"'"
_ESCAPED_BYTES = 6
"""One of these or a letter beyond ASCII may come back as a reference of so many."""

_NOT_FOR_XML = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""What XML can not carry, and what some reader of XML may change on its way to another key; so may
white space at an end be changed.
"""

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

    def batches(self, targets: Sequence[Target]) -> Sequence[Sequence[int]]:
        keys = [target.key for target in targets]
        versions = [target.version_id for target in targets]
        are_for_xml = _are_for_xml(keys, versions)
        if are_for_xml and len({target.bucket for target in targets}) == 1:
            is_newest = versions.count(None) == len(keys)
            distinct = set(keys) if is_newest else set(zip(keys, versions, strict=True))
            if len(distinct) == len(keys):  # nearly always so
                return self._cut(range(len(keys)), keys, versions)
        alone: list[list[int]] = []
        by_bucket: dict[str, list[int]] = defaultdict(list)
        seen: set[tuple[str, str, str | None]] = set()
        for index, target in enumerate(targets):
            told = (target.bucket, target.key, target.version_id)
            # One that is listed twice is asked for twice: the answer would be about both.
            if told in seen or not (are_for_xml or _are_for_xml([target.key], [target.version_id])):
                alone.append([index])
            else:
                seen.add(told)
                by_bucket[target.bucket].append(index)
        cut = [
            part for indices in by_bucket.values() for part in self._cut(indices, keys, versions)
        ]
        return [*cut, *alone]

    def _cut(
        self, indices: Sequence[int], keys: Sequence[str], versions: Sequence[str | None]
    ) -> Sequence[Sequence[int]]:
        def size_bytes(*some: int) -> int:
            return _most_bytes([keys[n] for n in some], [versions[n] for n in some])

        starts = range(0, len(indices), self.batch_size)
        parts = [indices[start : start + self.batch_size] for start in starts]
        if all(size_bytes(*part) <= MOST_BYTES for part in parts):
            return parts
        batches: list[list[int]] = []
        room_bytes = 0
        for index in indices:
            if room_bytes < size_bytes(index) or len(batches[-1]) >= self.batch_size:
                batches.append([])
                room_bytes = MOST_BYTES
            batches[-1].append(index)
            room_bytes -= size_bytes(index)
        return batches

    def batch_call(self, targets: Sequence[Target], endpoint: Endpoint) -> Call:
        bucket = targets[0].bucket
        keys = [target.key for target in targets]
        versions = [target.version_id for target in targets if target.version_id]
        if not versions or len(versions) == len(keys):
            return Call("DeleteObjects", bucket, Listed(keys, versions or None))
        objects = [
            {"Key": target.key, "VersionId": target.version_id}
            if target.version_id
            else {"Key": target.key}
            for target in targets
        ]
        return Call("DeleteObjects", bucket, {"Delete": {"Objects": objects}})

    def all_done(self, call: Call, body: bytes) -> bool:
        return isinstance(call.params, Listed) and call.params.are_gone(body)

    def answers(self, targets: Sequence[Target], answer: Answer) -> list[Answer]:
        said: dict[tuple[str, str | None], Answer] = {}
        for item in answer.data.get("Deleted", ()):
            said[item.get("Key", ""), item.get("VersionId") or None] = _DELETED
        for item in answer.data.get("Errors", ()):
            said[item.get("Key", ""), item.get("VersionId") or None] = _error(item)
        found = [said.get((target.key, target.version_id)) for target in targets]
        answers = [single for single in found if single is not None]
        return answers if len(answers) == len(found) else _completed(targets, found, said)


def _completed(
    targets: Sequence[Target],
    found: Sequence[Answer | None],
    said: Mapping[tuple[str, str | None], Answer],
) -> list[Answer]:
    """Some storage leaves the version out of its answer, and some has one that nobody named (Garage
    does). Where both the newest and another version of a key were named, neither counts.
    """
    newest = {target.key for target in targets if target.version_id is None}
    versions = {target.key for target in targets if target.version_id is not None}
    by_key = {
        key: single
        for (key, version), single in said.items()
        if (version is None or key in newest) and not (key in newest and key in versions)
    }
    return [
        single or by_key.get(target.key, _UNSAID)
        for target, single in zip(targets, found, strict=True)
    ]


def _error(item: Mapping[str, Any]) -> Answer:
    code = str(item.get("Code") or "InternalError")
    return Answer(_STATUSES.get(code, 400), code, str(item.get("Message") or ""))


def _are_for_xml(keys: Sequence[str], versions: Sequence[str | None]) -> bool:
    """Whether a reader of XML is bound to find these again."""
    texts = [*keys, *filter(None, versions)]
    text = "".join(texts)
    is_printable = text.isprintable()
    if not all(keys) or not (is_printable or _NOT_FOR_XML.search(text) is None):
        return False
    return (is_printable and " " not in text) or list(map(str.strip, texts)) == texts


def _most_bytes(keys: Sequence[str], versions: Sequence[str | None]) -> int:
    """What these may take of an answer."""
    text = "".join(keys) + "".join(filter(None, versions))
    beyond_ascii = 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))
    escaped = beyond_ascii + sum(map(text.count, _ESCAPED))
    return len(text) + escaped * (_ESCAPED_BYTES - 1)
