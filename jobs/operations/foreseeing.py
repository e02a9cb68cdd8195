"""What a task would do, found out by reads alone: what `Operation.foresee` returns.

Each object is of one kind (docs/batch-operations.md, Dry run). The kind stands in the report where
an error code would, the sentence where the message would.
"""

from collections.abc import Generator, Sequence
from typing import Any

from jobs.choices import Foreseen
from jobs.operations import tags
from jobs.operations.base import Outcome
from jobs.operations.looks import Facts, Seen
from jobs.operations.steps import Step
from jobs.s3.answers import Answer

Foresight = Generator[Step, Any, Outcome]
"""The steps of a task of a dry run: reads, to its Outcome."""

GONE = {"404", "NoSuchKey", "NoSuchVersion", "NoSuchBucket", "NotFound"}
KINDS = frozenset(Foreseen.values)
MOST_TEXT = 300
"""Letters of a before or an after: a row of a report is to be read."""


def would_change(sentence: str) -> Outcome:
    """ "Tags would change from team=red to team=blue."."""
    return Outcome(True, 200, Foreseen.WOULD_CHANGE, sentence)


def already_so(sentence: str) -> Outcome:
    """ "The object has exactly these tags."."""
    return Outcome(True, 200, Foreseen.ALREADY_SO, sentence)


def cannot_tell(why: str) -> Outcome:
    """ "GetObjectTagging was answered with 403 AccessDenied."."""
    return Outcome(True, 200, Foreseen.CANNOT_TELL, f"Cannot tell: {why}")


def would_fail(http_status: int, code: str, message: str) -> Outcome:
    """With the storage's own code where it has one: the failures of a dry run are those that the
    job would have.
    """
    return Outcome(False, http_status, code, f"Would fail: {message}")


def from_refusal(action: str, answer: Answer) -> Outcome:
    """What a read that was refused says about the job: an object that is not there fails, whatever
    else proves nothing. A role may write what it cannot read.
    """
    if answer.http_status == 404 or answer.code in GONE:
        code = answer.code if answer.code in GONE - {"404", "NotFound"} else "NoSuchKey"
        return would_fail(404, code, answer.message or "There is no such object.")
    said = f"{answer.http_status} {answer.code}" if answer.http_status else answer.code
    return cannot_tell(f"{action} was answered with {said.strip()}.")


def from_look(seen: Seen) -> Outcome:
    """As `from_refusal`, for a look at an object that has no facts."""
    if seen.is_gone:
        return would_fail(404, "NoSuchKey", "There is no such object.")
    if seen.answer.code:
        return from_refusal("HeadObject", seen.answer)
    return cannot_tell("the answer to HeadObject lacks the size or the ETag.")


def tags_before_and_after(before: tags.Tags, after: tags.Tags) -> Outcome:
    """Tags have no order."""
    was, will = [shortened(tags.to_text(some)) if some else "no tags" for some in (before, after)]
    if sorted(before) == sorted(after):
        return already_so(f"It has {will} already.")
    return would_change(f"Tags would change from {was} to {will}.")


def shortened(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}\u2026"


def described(facts: Facts) -> str:
    """ "12,345 bytes, last changed 2026-01-02 03:04:05 UTC"."""
    size = "1 byte" if facts.size_bytes == 1 else f"{facts.size_bytes:,} bytes"
    changed = facts.last_modified
    return f"{size}, last changed {changed:%Y-%m-%d %H:%M:%S} UTC" if changed else size


def kinds_of(outcomes: Sequence[Outcome | None]) -> dict[str, int]:
    """How many tasks of a dry run are of each kind; those that would fail are counted by their
    codes, with all that fail.
    """
    counts: dict[str, int] = {}
    for outcome in outcomes:
        if outcome is not None and outcome.succeeded and outcome.code in KINDS:
            counts[outcome.code] = counts.get(outcome.code, 0) + 1
    return counts
