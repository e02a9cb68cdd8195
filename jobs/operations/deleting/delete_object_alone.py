"""Deleting one object by a call whose answer is about it alone.

Without a version the newest is deleted, so the same call made twice may delete what somebody wrote
in between, or add a second delete marker. It is made again only where a look shows an object that is
older than the first request, by the storage's own clock. One that was seen before is looked at before
each request, and left where it is another one now.
"""

from collections.abc import Generator
from enum import Enum
from typing import Any

from jobs.operations import looks
from jobs.operations.base import DONE, Finding, Outcome, Steps, outcome_of
from jobs.operations.context import Context
from jobs.operations.deleting import delete_object_guarded
from jobs.operations.deleting.delete_object_batches import are_for_xml
from jobs.operations.deleting.delete_object_form import BYPASS
from jobs.operations.deleting.delete_object_together import answers, call_for
from jobs.operations.looks import Look
from jobs.operations.steps import Later, Step
from jobs.operations.storage_clock import Age
from jobs.operations.targets import addressed
from jobs.s3.answers import UNCLEAR, Answer
from jobs.s3.deletions import ACTION
from jobs.s3.faults import is_never_cut_short, may_have_been_done, may_have_been_heard, says_gone
from jobs.services.call import Call
from jobs.spec.target import Target

NEWER = Outcome(
    True, 200, "", "Successful. A newer object that was written meanwhile was left as it is."
)


class Found(Enum):
    """What a look shows of an object that may have been deleted."""

    GONE = "gone"
    OLDER = "older"
    NEWER = "newer"


def run(target: Target, context: Context, *, bypass: bool = False) -> Steps:
    """With `bypass` also what governance retention protects."""
    since_s, etag = context.tried_since_s, ""
    while True:
        if delete_object_guarded.is_guarded(target):
            seen = yield from delete_object_guarded.look(target, context)
            if isinstance(seen, Outcome):
                return seen
            etag = seen
        elif since_s and not target.version_id:
            found = yield from _look(target, context, since_s)
            if isinstance(found, Outcome):
                return found
            if found is not Found.OLDER:
                return DONE if found is Found.GONE else NEWER
        sent_s, call = context.now_s(), _call(target, context, bypass, etag)
        answer = yield call
        if call.action == ACTION and not answer.code:
            told = answers([target], answer)[0]
            answer = told or Answer(502, UNCLEAR, "The answer does not name the key.")
        if not answer.code or says_gone(call.action, answer):
            return DONE
        if not may_have_been_done(answer) and answer.code != UNCLEAR:
            return delete_object_guarded.stale(answer) if etag else outcome_of(answer)
        since_s = since_s or sent_s
        if not (yield Later(few=not is_never_cut_short(answer))):
            if not target.version_id and (yield from _look(target, context, since_s)) is Found.GONE:
                return DONE
            is_answered = not may_have_been_heard(answer) and answer.code != UNCLEAR
            return outcome_of(answer) if is_answered else _unanswered(answer)


def _call(target: Target, context: Context, bypass: bool, etag: str) -> Call:
    """Where nothing shows that the empty answer to DeleteObject comes from the storage, that to
    DeleteObjects does. With `etag` it is done only where the object still has that.
    """
    there = context.bucket(target.bucket)
    habits, once = context.habits_of(there), not target.version_id
    is_for_many = "DeleteObject" in habits.unmarked and habits.has_deleted_many
    if is_for_many and not etag and are_for_xml([target.key], [target.version_id]):
        return call_for([target], there, bypass=bypass)
    params = addressed(target) | ({BYPASS: True} if bypass else {})
    if etag:
        params["IfMatch"] = etag
    return Call(there, "DeleteObject", params, once=once)


def _look(
    target: Target, context: Context, since_s: float
) -> Generator[Step, Any, Found | Outcome]:
    seen = yield from looks.see(target, context, is_look=False)
    if seen.is_gone:
        return Found.GONE
    if seen.facts is None:
        return _untold(f"a look is answered with {seen.said}")
    if context.seen_before.get((target.bucket, target.key)) == seen.facts.identity:
        return Found.OLDER
    found = seen.age(since_s)
    if found is Age.OLDER:
        return Found.OLDER
    if found is Age.NEWER:
        return Found.NEWER
    if found is Age.CLOSE:
        return _untold("an object is there that was written within seconds of the first request")
    return _untold("the storage's answers have no date")


def _untold(why: str) -> Outcome:
    message = (
        "An earlier request to delete this object was not answered, and whether it was done cannot"
        f" be told: {why}. It was not sent again, since it might delete a newer object."
    )
    return Outcome(False, 500, "DeletionUnclear", message)


def _unanswered(answer: Answer) -> Outcome:
    """Other calls are answered, so it is not the storage that is silent."""
    message = f"No request to delete this object is answered ({answer.message})."
    return Outcome(False, answer.http_status or 504, answer.code, message)


def check(target: Target, context: Context) -> Look:
    """That it is gone, or that what is there was written since."""
    seen = yield from looks.see(target, context)
    if seen.is_gone or (target.version_id and seen.answer.http_status == 405):
        return Finding()
    if seen.facts is None:
        return looks.unseen_by(seen)
    if target.version_id:
        return Finding(lost="deletion")
    found = seen.age(context.tried_since_s or context.began_s)
    if found is Age.OLDER:
        return Finding(lost="deletion")
    why = "" if found is Age.NEWER else "an object is there, and when it was written is not clear"
    return Finding(is_unsure=True, unseen=why, speaks_against=bool(why))
