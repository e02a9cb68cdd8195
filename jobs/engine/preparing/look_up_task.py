"""The task of looking at one listed object, until it is told whether it belongs to the list."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Never

from jobs.choices import Risk
from jobs.errors import ManifestError
from jobs.manifests.generated.looked_up import (
    CUSTOMER_KEY,
    HEAD,
    TAGS,
    UNSEEN,
    Judge,
    UnseenError,
)
from jobs.manifests.listing.listed import Listed
from jobs.operations.base import DONE, Operation, Outcome, Steps, outcome_of
from jobs.operations.context import Context
from jobs.operations.steps import Step
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.s3.faults import says_gone
from jobs.services.call import Call
from jobs.spec.target import Target

_PERMISSIONS = {HEAD: "s3:GetObject", TAGS: "s3:GetObjectTagging"}
_OF_VERSIONS = {HEAD: "s3:GetObjectVersion", TAGS: "s3:GetObjectVersionTagging"}
_GONE = frozenset({"NoSuchKey", "NoSuchVersion"})
_DELETED = 405
"""What a delete marker answers that is asked for by its version."""


class LookUp(Operation):
    """Nobody asks for it by name, so it is not in the registry. `told` has whether a row belongs to the
    list, by its index, for those that could be told.
    """

    name = label = "Look up"
    does = "Looks at each object. Nothing is changed."
    risk = Risk.SAFE
    lacks = "object tags"

    def __init__(self, bucket: str, rows: Sequence[Listed], judge: Judge) -> None:
        self.targets = [Target(bucket, one.key, one.version_id) for one in rows]
        self.told: dict[int, bool] = {}
        self._rows = rows
        self._judge = judge
        self._index = {id(target): n for n, target in enumerate(self.targets)}
        self._asked: dict[int, str] = {}

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Never:
        raise TypeError("it is made from a generator")

    def to_wire(self) -> dict[str, Any]:
        return {}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return self.does

    def summary(self) -> list[tuple[str, str]]:
        return []

    def run(self, target: Target, context: Context) -> Steps:
        n = self._index[id(target)]
        facts: dict[str, Mapping[str, Any]] = {}
        try:
            while isinstance(verdict := self._judge(self._rows[n], facts), str):
                self._asked[n] = verdict
                answer = yield _call(verdict, target, context)
                if verdict == HEAD and not _is_gone(HEAD, answer):
                    answer = yield from _explained(target, context, answer)
                if _is_gone(verdict, answer):
                    verdict = False
                    break
                if answer.code:
                    return outcome_of(answer)
                facts[verdict] = answer.data
        except UnseenError as error:
            return Outcome(False, 400, "InvalidRequest", str(error))
        self.told[n] = verdict
        return DONE

    def refusal(self, n: int, outcome: Outcome) -> ManifestError:
        """Of a row that cannot be told, as a sentence with the permission that it takes."""
        target, action = self.targets[n], self._asked.get(n, HEAD)
        names = _OF_VERSIONS if target.version_id else _PERMISSIONS
        place = f"s3://{target.bucket}/{target.key}"
        if target.version_id:
            place += f" (version {target.version_id})"
        said = outcome.message or outcome.code
        remedy = "Leave out the filter that needs it, or choose another prefix."
        if outcome.http_status in (401, 403):
            remedy = f"Allow the IAM role {names[action]}, or leave out the filter that needs it."
        return ManifestError(
            outcome.code,
            f"{place} cannot be looked at by {action} ({outcome.http_status} {outcome.code}: {said})."
            f" {remedy}",
        )


def _call(action: str, target: Target, context: Context) -> Call:
    return Call(context.bucket(target.bucket), action, addressed(target))


def _is_gone(action: str, answer: Answer) -> bool:
    if says_gone(action, answer) or answer.code in _GONE:
        return True
    return answer.http_status == _DELETED and "x-amz-delete-marker" in answer.headers


def _explained(target: Target, context: Context, head: Answer) -> Generator[Step, Any, Answer]:
    """HEAD has no words: whether it was refused since the object is under a customer's key, and whether
    it is the storage itself that says that there is none.
    """
    if head.http_status not in (400, 404):
        return head
    call = Call(
        context.bucket(target.bucket), "GetObject", {**addressed(target), "Range": "bytes=0-0"}
    )
    answer: Answer = yield call
    if answer.http_status == 400 and "server side encryption" in answer.message.lower():
        return Answer(200, "", "", {CUSTOMER_KEY: "AES256", UNSEEN: True})
    return answer if answer.code else head
