"""Whether a storage knows a call: asked before the first such call, which could do something else.

A storage that takes no notice of `?tagging` sees a DELETE and deletes the object; one that takes none
of `?acl` sees a PUT and gives the object another content. What is read by the same name shows it
without harm: such a storage answers with the object itself.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from jobs.operations.base import NoSuchCall, Outcome, outcome_of
from jobs.operations.context import Context
from jobs.operations.steps import Step
from jobs.operations.targets import addressed
from jobs.s3.answers import INVALID, UNCLEAR, Answer
from jobs.s3.faults import Verdict
from jobs.s3.marks import name_a_storage
from jobs.services.call import Call
from jobs.spec.target import Target

Ask = Generator[Step, Any, Outcome | None]
"""Returns how the task ends where the call is not to be made, None where it may be."""

_NOTHING_SET = ("NoSuchTagSet", "NoSuchTagSetError")


@dataclass(frozen=True, slots=True)
class Reading:
    """`action` is known where `read` is. `lacks` is what a storage has not that knows neither, as in
    "object tags".
    """

    action: str
    read: str
    lacks: str

    def ask(self, target: Target, context: Context) -> Ask:
        """Once for each bucket. A role that may not read it leaves it untold, and then the call is
        made: the first tasks are looked at.
        """
        there = context.bucket(target.bucket)
        known = context.habits_of(there).known
        if self.action in known:
            return None
        answer = yield Call(there, self.read, addressed(target), is_aside=True)
        if _is_the_object(answer):
            return no_such_call(
                f"This storage has no {self.lacks}: asked for them, it answers with the object."
            )
        if answer.code and answer.http_status != 403 and answer.code not in _NOTHING_SET:
            return outcome_of(answer)
        known.add(self.action)
        return None

    def judge(self, call: Call, answer: Answer) -> Verdict | None:
        """For `Operation.judge`: the object itself is an answer that need not be asked for again."""
        return Verdict.FINAL if call.action == self.read and _is_the_object(answer) else None


def is_known(action: str, target: Target, context: Context) -> bool:
    return action in context.habits_of(context.bucket(target.bucket)).known


def no_such_call(message: str) -> NoSuchCall:
    return NoSuchCall(False, 501, "NotImplemented", message)


def _is_the_object(answer: Answer) -> bool:
    """What is read about an object has no ETag. An empty object looks like an empty answer."""
    if "etag" not in answer.headers or not name_a_storage(answer.headers):
        return False
    if answer.code in (UNCLEAR, INVALID, "AnswerTooLarge"):
        return True
    return not answer.code and not set(answer.data) - {"ResponseMetadata", "VersionId"}
