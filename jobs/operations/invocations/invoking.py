"""One task as one invocation, of a function or a webhook: its repeats, and what its end is.

An invocation that was not answered may have run, so it is repeated twice at most, and the report
says so. Whether a worker that died had invoked it nobody knows: that counts as one, too.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from jobs.operations import looks
from jobs.operations.base import DONE, Outcome, Steps, outcome_of
from jobs.operations.context import Context
from jobs.operations.foreseeing import Foresight, cannot_tell
from jobs.operations.invocations.invocation_answer import Code, Result, result_of
from jobs.operations.invocations.invocation_event import Event, encoded, task_id_of
from jobs.operations.steps import Keep, Later
from jobs.s3.answers import Answer
from jobs.s3.faults import is_unreachable, may_have_been_done, may_have_been_heard
from jobs.services.call import Call
from jobs.services.lambda_answers import FUNCTION_ERROR, MOST_BYTES, PAYLOAD
from jobs.spec.target import Target

MOST_REPEATS = 2
"""Of an invocation that was not answered."""

LOST = "InvocationLost"
_GATEWAY_TIMEOUTS = frozenset({504, 524})
"""A proxy did not wait for the answer of what it had passed on."""


TOO_LARGE = Outcome(False, 413, "RequestTooLarge", "What would be sent has more than 6 MB.")


@dataclass(frozen=True, slots=True)
class Invoked:
    """Whom a task asks: `call` makes the call from what is sent and the message's ID, `who` stands in
    sentences ("The function"), `no_json` is what is said of an answer that is none.
    """

    call: Callable[[bytes, str], Call]
    event: Event
    who: str
    no_json: str


def run(invoked: Invoked, target: Target, context: Context) -> Steps:
    task_id, lost = task_id_of(context.job_id, context.row), _lost_before(context)
    is_kept = bool(context.kept)
    outcome = _given_up(invoked) if lost > MOST_REPEATS else None
    while outcome is None:
        payload = invoked.event.about([(task_id, target)], job_id=context.job_id)
        if len(payload) > MOST_BYTES:
            return TOO_LARGE
        answer: Answer = yield invoked.call(payload, task_id)
        if is_lost(answer):
            lost += 1
            if lost > MOST_REPEATS:
                outcome = _given_up(invoked, answer)
            else:
                yield Keep(str(lost).encode())
                is_kept = True
                yield Later()
            continue
        result = None if answer.code else result_of(answer.data[PAYLOAD], task_id)
        again = again_after(answer, result)
        if again is None or not (yield again):
            outcome = outcome_for(invoked, answer, result)
    if is_kept:
        yield Keep(b"")
    return _with_note(outcome, lost)


def _lost_before(context: Context) -> int:
    """How many invocations of the task may have run unanswered."""
    kept = int(context.kept) if context.kept.isdigit() else 0
    return kept + (1 if context.tried_since_s else 0)


def is_lost(answer: Answer) -> bool:
    if is_unreachable(answer):
        return may_have_been_heard(answer)
    return answer.http_status in _GATEWAY_TIMEOUTS


def again_after(answer: Answer, result: Result | None) -> Later | None:
    """When to invoke once more; None where what came is the end."""
    if may_have_been_done(answer):
        return Later(few=True)
    is_temporary = result is not None and result.code is Code.TEMPORARY
    return Later() if is_temporary else None


def outcome_for(invoked: Invoked, answer: Answer, result: Result | None) -> Outcome:
    if answer.code == FUNCTION_ERROR:
        said = f"Lambda returned function error: {answer.message}"
        return Outcome(False, 200, Code.PERMANENT, said)
    if answer.code:
        return outcome_of(answer)
    if result is None:
        return Outcome(False, 200, Code.PERMANENT, invoked.no_json)
    if result.code is Code.SUCCEEDED:
        return Outcome(True, 200, "", result.text) if result.text else DONE
    text = result.text or f"{invoked.who} answered {result.code} and said no more."
    return Outcome(False, 200, result.code, text)


def _given_up(invoked: Invoked, answer: Answer | None = None) -> Outcome:
    """`answer` is what the last invocation came to; None where a worker died with it."""
    said = f"{invoked.who} did not answer, and may have run each time. It is not invoked again."
    if answer is None:
        return Outcome(False, 504, LOST, said)
    return Outcome(False, answer.http_status or 504, LOST, f"{said} ({answer.message})")


def _with_note(outcome: Outcome, lost: int) -> Outcome:
    """What a report has to say of a task that may have been done more than once."""
    if not lost or outcome.code == LOST:
        return outcome
    which = "an earlier invocation was" if lost == 1 else f"{lost} earlier invocations were"
    return replace(outcome, message=f"{outcome.message} (invoked again: {which} not answered)")


def foresee(event: Event, whom: str, target: Target, context: Context) -> Foresight:
    """Nothing is invoked. Whether the object is there decides nothing: keys may be any text."""
    seen = yield from looks.see(target, context)
    if seen.facts is not None:
        there = "The object is there."
    elif seen.is_gone:
        there = "There is no such object."
    else:
        there = f"Whether the object is there is not said ({seen.said})."
    sent = f"{encoded(target.key)} as s3Key, by schema {event.version}"
    return cannot_tell(f"{whom} decides what happens. It would be sent {sent}. {there}")
