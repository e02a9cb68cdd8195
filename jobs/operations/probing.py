"""Whether a storage knows a call that writes and that nothing reads: tried on a key that nobody has.

A storage that takes no notice of `?encryption` sees a PUT and gives the object another content. For a
key that is not there it makes an object, which is removed again; one that knows the call says that
there is no such key.
"""

import hashlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Outcome, outcome_of
from jobs.operations.context import Context
from jobs.operations.knowing import Ask, no_such_call
from jobs.operations.steps import Later, Step
from jobs.s3.answers import UNCLEAR, Answer
from jobs.s3.proof import Proof
from jobs.services.call import Call
from jobs.services.destination import Destination
from jobs.spec.target import Target

NAME = "batchconsole-probe-"
_LONGEST_KEY_BYTES = 1024
_GONE = ("NoSuchKey", "404")
_LOCKS = Outcome(
    False,
    400,
    "InvalidRequest",
    "Whether the storage knows this call is tried with a key that is not there, and this bucket locks"
    " by default what might be made of it. Nothing was changed.",
)


@dataclass(frozen=True, slots=True)
class Probing:
    """`lacks` is what a storage has not that takes the call for an upload; `instead` is a sentence
    about what people can do there.
    """

    action: str
    lacks: str
    instead: str

    def ask(self, target: Target, context: Context, params: Mapping[str, Any]) -> Ask:
        """Once for each bucket. A refusal (403) leaves it untold: a storage that would not let us
        write this key does not let us write its neighbour.
        """
        there = context.bucket(target.bucket)
        known = context.habits_of(there).known
        if self.action in known:
            return None
        if (yield from _locks_by_default(there)):
            return _LOCKS
        probe = Target(target.bucket, probe_key(target.key))
        answer = yield from self._try(probe, context, params)
        if not answer.code:
            return (yield from self._took_it_for_an_upload(probe, there, answer))
        if answer.code in _GONE or answer.http_status == 403:
            known.add(self.action)
            return None
        return outcome_of(answer)

    def _try(
        self, probe: Target, context: Context, params: Mapping[str, Any]
    ) -> Generator[Step, Any, Answer]:
        """Without a code where an object was made of it. An answer that nothing shows to come from
        the storage is asked for again, unless there is an object.
        """
        call = Call(context.bucket(probe.bucket), self.action, {**params, "Key": probe.key})
        while True:
            answer: Answer = yield call
            if answer.code or answer.proof is Proof.PROVEN:
                return answer
            if (yield from looks.see(probe, context, is_look=False)).facts:
                return answer
            if not (yield Later()):
                message = "Nothing shows that the storage itself answered."
                return Answer(502, UNCLEAR, message)

    def _took_it_for_an_upload(self, probe: Target, there: Destination, answer: Answer) -> Ask:
        version = answer.headers.get("x-amz-version-id")
        named = {"VersionId": version} if version else {}
        removed = yield Call(there, "DeleteObject", {"Key": probe.key, **named})
        message = f"This storage has no {self.lacks}: it takes one for an upload. {self.instead}"
        if removed.code:
            message += f" s3://{probe.bucket}/{probe.key} stays there ({removed.code})."
        return no_such_call(message)


def probe_key(key: str) -> str:
    """Beside the key, so that what is allowed there is allowed here; the same each time."""
    name = NAME + hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]
    folder, slash, _ = key.rpartition("/")
    beside = folder + slash + name
    return beside if len(beside.encode("utf-8", "replace")) <= _LONGEST_KEY_BYTES else name


def _locks_by_default(there: Destination) -> Generator[Step, Any, bool]:
    answer = yield Call(there, "GetObjectLockConfiguration", {}, is_look=True, is_aside=True)
    if answer.code:
        return False
    rule = answer.data.get("ObjectLockConfiguration", {}).get("Rule", {})
    return bool(rule.get("DefaultRetention"))
